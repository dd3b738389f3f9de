"""A linter of templates: what an operator runs, and the tests run, before words reach customers.

Every message of `contexts.CONTEXTS` must exist in every language on every channel, say something for every sample below
without an unresolved name, fit its channel, and, as HTML, be well formed, declare its language and load nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser

import msgspec
from jinja2 import TemplateError

from forewarn.alerts.contexts import CHANNELS, CONTEXTS, Context, OutageContext, UsageContext
from forewarn.alerts.render import Rendered, Renderer
from forewarn.alerts.sms_text import GSM, parts
from forewarn.alerts.wording import Words

HOUR = 3_600_000
START = 1_795_379_400_000  # 2026-11-22 20:30 UTC

#: Contexts between the barest and the fullest, with text that only an escaping template survives.
SAMPLES: dict[type[OutageContext | UsageContext], tuple[Context, ...]] = {
    OutageContext: (
        OutageContext(started=START),
        OutageContext(started=START, place="Linden", cause="fibre", etr=START + HOUR, restored=START + HOUR),
        OutageContext(started=START, place="Linden", cause="unknown", etr=START + 9 * HOUR, restored=START + 50 * HOUR),
        OutageContext(started=START, place="Linden", cause="fibre", etr=START + 9 * HOUR, promised=START + 8 * HOUR),
        OutageContext(started=START, place="<i>&", cause="a {{ crew }}'s <b>words</b>", text="Some <u>words</u>."),
    ),
    UsageContext: (
        UsageContext(bucket="data", percent=80, used=Decimal("8.1"), allowance=10, unit="GB", cycle_end=START),
        UsageContext(bucket="voice", percent=100, used=100, allowance=100, unit="min", cycle_end=START),
        UsageContext(bucket="<b>", percent=99.5, used=0, allowance=0, unit="<i>", cycle_end=START),
    ),
}

VOID = frozenset({"meta", "br", "hr"})
FORBIDDEN = frozenset({"img", "script", "link", "style", "iframe", "object", "i", "b", "u"})


def lint(renderer: Renderer) -> list[str]:
    """All problems of a deployment's templates, one line each."""
    languages = sorted({path.parent.name for root in renderer.roots for path in root.glob("*/words.toml")})
    found = [(*_vocabulary(renderer, language), *_messages(renderer, language)) for language in languages]
    return [problem for some in found for problem in some]


def _vocabulary(renderer: Renderer, language: str) -> Iterator[str]:
    try:
        words, reference = renderer.vocabulary(language), renderer.vocabulary(renderer.default_locale)
    except (msgspec.ValidationError, LookupError) as error:
        yield f"{language}/words.toml: {error}"
        return
    for section in ("cause", "bucket"):
        missing = getattr(reference, section).keys() - getattr(words, section).keys()
        if missing:
            yield f"{language}/words.toml: [{section}] lacks {', '.join(sorted(missing))}"
    yield from _patterns(language, words)


def _patterns(language: str, words: Words) -> Iterator[str]:
    for name, wanted in (("time", ("{clock}",)), ("moment", ("{clock}", "{day}"))):
        if not all(part in getattr(words, name) for part in wanted):
            yield f"{language}/words.toml: {name} needs {' and '.join(wanted)}"


def _messages(renderer: Renderer, language: str) -> Iterator[str]:
    for kind, stage in CONTEXTS:
        for channel in CHANNELS:
            try:
                found = list(_message(renderer, language, kind, stage, channel))
            except TemplateError as error:
                found = [str(error)]
            yield from (f"{language}/{kind}/{stage} by {channel}: {problem}" for problem in found)


def _message(renderer: Renderer, language: str, kind: str, stage: str, channel: str) -> Iterator[str]:
    if not renderer.supports(kind, stage, channel, language):
        yield "there is no template"
        return
    for context in SAMPLES[CONTEXTS[kind, stage]]:
        rendered = renderer.render(
            kind=kind, stage=stage, channel=channel, locale=language, time_zone="Europe/Berlin", context=context
        )
        yield from problems(rendered, channel, language)


def problems(rendered: Rendered, channel: str, language: str) -> Iterator[str]:
    """What is wrong with one finished message."""
    said = (rendered.subject or "", rendered.text, rendered.html or "")
    if any("{%" in part or "{#" in part for part in said):
        yield "template code is left in it"
    if not rendered.text:
        yield "it says nothing"
    if channel == "email":
        if not rendered.subject or len(rendered.subject) > 120:
            yield "the subject is missing or longer than 120 characters"
        yield from html_problems(rendered.html or "", language)
    elif channel == "sms" and (cut := parts(rendered.text)).count > 1:
        alphabet = "GSM 03.38" if cut.coding == GSM else "UCS-2"
        yield f"its {len(rendered.text)} characters take {cut.count} parts in {alphabet}, more than one SMS"


def html_problems(html: str, language: str) -> Iterator[str]:
    """What is wrong with an HTML message: tags, language, title, anything that would be loaded."""
    page = _Page()
    page.feed(html)
    page.close()
    if page.open:
        page.found.append(f"<{page.open[-1]}> is not closed")
    if page.language != language.replace("_", "-"):
        page.found.append(f"it declares the language {page.language!r}")
    if not page.title.strip():
        page.found.append("it has no title")
    yield from page.found


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []
        self.language: str | None = None
        self.title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in FORBIDDEN or {"src", "background"} & values.keys() or "url(" in (values.get("style") or ""):
            self.found.append(f"<{tag}> has no place in it")
        if tag == "html":
            self.language = values.get("lang")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.found.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.title += data
