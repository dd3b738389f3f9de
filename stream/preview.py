"""`forewarn preview`: sample messages on standard output, and the HTML of one in a file.

    policy (words, brand, zone) + kind, stage, locale ──> one preview a channel ──> text or JSON lines; HTML ──> file

Exit codes: 0, or 1 when the linter has something to say of a message.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from forewarn.alerts.contexts import CHANNELS
from forewarn.alerts.journeys.own_words import own_samples
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.preview import Preview, preview
from forewarn.alerts.render import renderer_of
from forewarn.alerts.template_lint import lint


class Wanted(Struct, frozen=True):
    """What is to be shown. Without a channel: all; empty locale and time zone: the policy's."""

    kind: str
    stage: str
    channel: str | None = None
    locale: str = ""
    time_zone: str = ""
    text: str | None = None


def run(policy: AlertPolicy, wanted: Wanted, *, html: Path | None = None, as_json: bool = False) -> int:
    """Prints the previews and writes the HTML. Raises LookupError when there is no such message."""
    renderer, own = renderer_of(policy), own_samples(policy)
    shown = [
        preview(
            renderer,
            wanted.kind,
            wanted.stage,
            channel=channel,
            locale=wanted.locale or policy.default_locale,
            time_zone=wanted.time_zone or policy.default_time_zone,
            text=wanted.text,
            own=own,
        )
        for channel in (CHANNELS if wanted.channel is None else (wanted.channel,))
    ]
    if html is not None:
        html.write_text(_html(shown), encoding="utf-8")
    lines = map(_json, shown) if as_json else (line for one in shown for line in tell(one))
    sys.stdout.writelines(line + "\n" for line in lines)
    return 1 if any(one.problems for one in shown) else 0


def run_check(policy: AlertPolicy) -> int:
    """Prints every problem of the deployment's words, or how many languages are whole."""
    renderer = renderer_of(policy)
    problems = lint(renderer)
    sys.stdout.writelines(problem + "\n" for problem in problems)
    if not problems:
        sys.stdout.write(f"whole in {', '.join(renderer.languages())}\n")
    return 1 if problems else 0


def tell(shown: Preview) -> Iterator[str]:
    """The lines a person reads."""
    size = "" if shown.segments is None else f", {shown.segments} segment{'s' if shown.segments > 1 else ''}"
    yield f"── {shown.channel} ({shown.message.locale}{size})"
    if shown.message.subject:
        yield shown.message.subject
        yield ""
    yield from shown.message.text.splitlines()
    yield from (f"!! {problem}" for problem in shown.problems)
    yield ""


def _json(shown: Preview) -> str:
    return msgspec.json.encode(shown).decode()


def _html(shown: Sequence[Preview]) -> str:
    """The HTML of the e-mail among the previews; raises LookupError when there is none."""
    found = next((one.message.html for one in shown if one.message.html), None)
    if found is None:
        raise LookupError("only email has HTML")
    return found
