"""A linter of templates: what an operator runs, and the tests run, before words reach customers.

Every message of `contexts.CONTEXTS` must exist in every language on every channel, say something for every sample
(`samples.py`) without an unresolved name, fit its channel, and, as HTML, be readable by everyone (`html_lint.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from jinja2 import TemplateError

from forewarn.alerts.contexts import CHANNELS, CONTEXTS, Context
from forewarn.alerts.html_lint import html_problems
from forewarn.alerts.render import Rendered, Renderer
from forewarn.alerts.samples import samples
from forewarn.alerts.sms_text import GSM, parts
from forewarn.alerts.wording import Words

#: Placeholders that a language's patterns must have.
PATTERNS = {
    "time": ("{clock}",),
    "moment": ("{clock}", "{day}"),
    "weekday": ("{weekday}", "{day}"),
    "window": ("{day}", "{start}", "{end}"),
    "span": ("{start}", "{end}"),
}
#: Characters that a subject, a push notification's title and its text may have: beyond, phones and mail programs cut.
SUBJECT, TITLE, PUSH = 120, 90, 240


def lint(renderer: Renderer, languages: Sequence[str] | None = None, kinds: Sequence[str] | None = None) -> list[str]:
    """All problems of a deployment's templates, or of these languages and kinds only, one line each."""
    messages = [message for message in CONTEXTS if kinds is None or message[0] in kinds]
    found = [
        (*_vocabulary(renderer, language), *_messages(renderer, language, messages))
        for language in (renderer.languages() if languages is None else languages)
    ]
    return [problem for some in found for problem in some]


def _vocabulary(renderer: Renderer, language: str) -> Iterator[str]:
    try:
        words, reference = renderer.vocabulary(language), renderer.vocabulary(renderer.default_locale)
    except (msgspec.ValidationError, LookupError) as error:
        yield f"{language}/words.toml: {error}"
        return
    for section in ("cause", "bucket", "visit"):
        missing = getattr(reference, section).keys() - getattr(words, section).keys()
        if missing:
            yield f"{language}/words.toml: [{section}] lacks {', '.join(sorted(missing))}"
    yield from _patterns(language, words)


def _patterns(language: str, words: Words) -> Iterator[str]:
    for name, wanted in PATTERNS.items():
        if not all(part in getattr(words, name) for part in wanted):
            yield f"{language}/words.toml: {name} needs {' and '.join(wanted)}"


def _messages(renderer: Renderer, language: str, messages: Sequence[tuple[str, str]]) -> Iterator[str]:
    for kind, stage in messages:
        for channel in CHANNELS:
            found = checked(renderer, language, (kind, stage), channel, samples(kind, stage))
            yield from (f"{language}/{kind}/{stage} by {channel}: {problem}" for problem in found)


def checked(
    renderer: Renderer, language: str, message: tuple[str, str], channel: str, contexts: Sequence[Context]
) -> list[str]:
    """What is wrong with the words of a message (kind, stage) by one channel; the first context is the ordinary one."""
    try:
        return list(dict.fromkeys(_message(renderer, language, message, channel, contexts)))
    except TemplateError as error:
        return [str(error)]


def _message(
    renderer: Renderer, language: str, message: tuple[str, str], channel: str, contexts: Sequence[Context]
) -> Iterator[str]:
    kind, stage = message
    if not renderer.supports(kind, stage, channel, language):
        yield "there is no template"
        return
    for number, context in enumerate(contexts):
        rendered = renderer.render(
            kind=kind, stage=stage, channel=channel, locale=language, time_zone="Europe/Berlin", context=context
        )
        yield from problems(rendered, channel, language, ordinary=number == 0)


def problems(rendered: Rendered, channel: str, language: str, *, ordinary: bool = True) -> Iterator[str]:
    """What is wrong with one finished message; an `ordinary` one must also be of a length that fits its channel."""
    said = (rendered.subject or "", rendered.text, rendered.html or "")
    if any("{%" in part or "{#" in part for part in said):
        yield "template code is left in it"
    if not rendered.text:
        yield "it says nothing"
    if channel == "email":
        yield from html_problems(rendered.html or "", language)
    if ordinary:
        yield from _length(rendered, channel)


def _length(rendered: Rendered, channel: str) -> Iterator[str]:
    subject = rendered.subject or ""
    if channel == "sms":
        if (cut := parts(rendered.text)).count > 1:
            alphabet = "GSM 03.38" if cut.coding == GSM else "UCS-2"
            yield f"its {len(rendered.text)} characters take {cut.count} parts in {alphabet}, more than one SMS"
    elif not 0 < len(subject) <= (SUBJECT if channel in ("email", "webhook") else TITLE):
        yield f"the subject is missing or too long, {len(subject)} characters"
    elif channel in ("push", "inapp") and len(rendered.text) > PUSH:
        yield f"it is {len(rendered.text)} characters long, more than {PUSH}"
