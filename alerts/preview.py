"""Previews: a message as a customer would get it, made of a sample, for whoever writes or approves the words."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from forewarn.alerts.contexts import CHANNELS, CONTEXTS, Context
from forewarn.alerts.render import Rendered, Renderer
from forewarn.alerts.samples import samples
from forewarn.alerts.sms_fit import segments
from forewarn.alerts.template_lint import problems


class Preview(Struct, frozen=True):
    """A message and what the linter says of it. `segments` is of an SMS, else None."""

    kind: str
    stage: str
    channel: str
    message: Rendered
    segments: int | None
    problems: tuple[str, ...]


def preview(
    renderer: Renderer,
    kind: str,
    stage: str,
    *,
    channel: str,
    locale: str,
    time_zone: str,
    text: str | None = None,
    own: Mapping[tuple[str, str], Context] | None = None,
) -> Preview:
    """The sample message; `text` are an operator's own words for an outage or planned work.

    `own`: samples of the messages that a policy's own journeys say, by kind and stage.

    Raises LookupError, with what there is, when there is no such message or nothing to say it with.
    """
    own = own or {}
    if (kind, stage) not in CONTEXTS and (kind, stage) not in own:
        stages = sorted(known for of, known in (*CONTEXTS, *own) if of == kind)
        kinds = sorted({of for of, _ in CONTEXTS})
        raise LookupError(f"{kind} has {', '.join(stages)}" if stages else f"kinds are {', '.join(kinds)}")
    if channel not in CHANNELS:
        raise LookupError(f"channels are {', '.join(CHANNELS)}")
    sample = own[kind, stage] if (kind, stage) in own else samples(kind, stage)[0]
    context = _with_words(sample, text)
    language = renderer.language(kind, stage, channel, locale)
    message = renderer.render(
        kind=kind, stage=stage, channel=channel, locale=locale, time_zone=time_zone, context=context
    )
    found = tuple(dict.fromkeys(problems(message, channel, language)))
    return Preview(kind, stage, channel, message, segments(message.text) if channel == "sms" else None, found)


def _with_words(context: Context, text: str | None) -> Context:
    if text is None or "text" not in context.__struct_fields__:
        return context
    return msgspec.structs.replace(context, text=text)
