"""Own words: whether every message that a policy's own journeys say has words, in every language and channel.

    say = "bill/due_soon"  ──>  <templates>/en/bill.toml   [stage.due_soon]  title, body, sms, push

`templates` is the policy's directory of own templates; what a stage may speak of are the fields of its event
(`events.py`). A stage that comes with Forewarn has its words. Invariant: a journey that passes says nothing that fails.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateError

from forewarn.alerts.contexts import CONTEXTS, JourneyContext
from forewarn.alerts.journeys.builtin import journeys_of
from forewarn.alerts.journeys.events import COMMON, EVENTS, Field, Value
from forewarn.alerts.journeys.journey import Step
from forewarn.alerts.policy import CHANNELS, AlertPolicy
from forewarn.alerts.render import Renderer, renderer_of
from forewarn.alerts.samples import HOSTILE, START
from forewarn.alerts.template_lint import checked

#: What a field is in a sample, by its type; the second time empty, as far as it may be.
_SAMPLES: dict[str, Value] = {"number": 3, "instant": START, "flag": True}


def missing(policy: AlertPolicy) -> list[str]:
    """What is missing or wrong, one line each: place, what, and what to do. Nothing for stages that come along."""
    said = _own(policy)
    if not said:
        return []
    renderer = renderer_of(policy)
    languages = policy.languages or tuple(renderer.languages())
    return [
        f"{place}: {problem}"
        for place, event, step in said
        for problem in _step(policy, renderer, languages, event, step)
    ]


def own_samples(policy: AlertPolicy) -> dict[tuple[str, str], JourneyContext]:
    """An ordinary sample of every message of the policy's own, by kind and stage."""
    return {(step.kind, step.stage): samples(event)[0] for _, event, step in _own(policy)}


def _own(policy: AlertPolicy) -> list[tuple[str, str, Step]]:
    """Place, event and step of every message that does not come with Forewarn."""
    return [
        (f"alerts.journeys.{name}.steps.{step.name}.say", journey.trigger.event, step)
        for name, journey in journeys_of(policy.journeys).items()
        for step in journey.steps
        if step.say and (step.kind, step.stage) not in CONTEXTS
    ]


def _step(policy: AlertPolicy, renderer: Renderer, languages: tuple[str, ...], event: str, step: Step) -> Iterator[str]:
    channels = tuple(policy.channels or CHANNELS)
    for language in languages:
        lacking = [c for c in channels if not _supported(renderer, step, c, language)]
        if lacking:
            where = f"{policy.templates or '<templates>'}/{language}/{step.kind}.toml"
            yield (
                f"there are no words for {step.say} in {language} by {', '.join(lacking)}; "
                f"write [stage.{step.stage}] in {where}, with title, body, sms and push"
                + ("" if policy.templates else " (alerts.templates names the directory)")
            )
            continue
        for channel in channels:
            found = checked(renderer, language, (step.kind, step.stage), channel, samples(event))
            yield from (f"in {language} by {channel}: {problem}; correct it in its sheet" for problem in found)


def samples(event: str) -> tuple[JourneyContext, ...]:
    """Contexts by which the words for an event are tried: an ordinary one, a bare and a hostile one."""
    fields = {**EVENTS[event].fields, **COMMON}
    hostile = {name: HOSTILE for name, field in fields.items() if field.type == "text" and not field.words}
    ordinary = {name: _sample(name, field) for name, field in fields.items()}
    return (
        JourneyContext(fields=ordinary),
        JourneyContext(fields={"time": START}),
        JourneyContext(fields={**ordinary, **hostile, "currency": "???"}),
    )


def _sample(name: str, field: Field) -> Value:
    if name == "currency":
        return "EUR"
    return _SAMPLES[field.type] if field.type != "text" else field.words[0] if field.words else name.replace("_", " ")


def _supported(renderer: Renderer, step: Step, channel: str, language: str) -> bool:
    try:
        return renderer.supports(step.kind, step.stage, channel, language)
    except TemplateError:  # there is a sheet, and it is wrong: said when it is tried
        return True
