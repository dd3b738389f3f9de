"""Rendering: a kind, a stage, a channel and a context become the words one reader sees.

    context ──> facts (texts in the reader's locale and zone) ──> templates ──> Rendered

Templates live in `templates/<language>/<kind>/<stage>.<part>`; the lookup goes from the exact locale to its language to
the default. A webhook is told the e-mail's subject and text. They are compiled once, in Jinja2's sandbox, and are given
finished texts only, so no user text is ever a template and HTML is escaped by default; what they say around the facts
is rendered once (`frame.py`). Invariant: the same arguments give the same bytes; no clock is read.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import msgspec
from babel import Locale
from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment
from msgspec import Struct

from forewarn.alerts.contexts import BillContext, Context, OutageContext, UsageContext
from forewarn.alerts.frame import Frame
from forewarn.alerts.wording import Speech, Words, parse_locale, parse_zone

TEMPLATES = Path(__file__).resolve().parent / "templates"

#: Rendered messages kept for reuse; one entry serves all customers of an outage in one locale and zone.
CACHED = 4096

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Rendered(Struct, frozen=True):
    """A finished message. `locale` is a BCP 47 tag; `subject` and `html` are None on channels that have none."""

    locale: str
    subject: str | None
    text: str
    html: str | None


class _Parts(Struct, frozen=True):
    """The compiled templates of one message."""

    subject: Frame | None
    text: Frame
    html: Frame | None


class Renderer:
    """Renders every message of a deployment.

    `default_locale` is used where a customer's has no templates, `default_time_zone` where a customer has none; if
    that is UTC, times say so. `brand` is the operator's name in the footer. `directory` holds an operator's own
    templates, looked up before the built-in ones, laid out the same way.
    """

    def __init__(
        self,
        *,
        default_locale: str = "en",
        default_time_zone: str = "UTC",
        brand: str = "",
        directory: Path | None = None,
    ) -> None:
        self.roots = [directory, TEMPLATES] if directory else [TEMPLATES]
        self.default_locale = default_locale
        self.default_time_zone = default_time_zone
        self.brand = brand
        self.environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.roots),
            autoescape=lambda name: bool(name and name.endswith(".html")),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._supported = lru_cache(CACHED)(self._has_parts)
        self._parts = lru_cache(CACHED)(self._find_parts)
        self._speech = lru_cache(CACHED)(self._find_speech)
        self._shared = lru_cache(CACHED)(self._render)
        self._words: dict[str, Words] = {}

    def render(
        self,
        *,
        kind: str,
        stage: str,
        channel: str,
        locale: str | None,
        time_zone: str | None,
        context: Context,
    ) -> Rendered:
        """Puts a context into words for one reader.

        `locale` is BCP 47 or POSIX, `time_zone` an IANA name; unknown or None means the deployment's default. Raises
        LookupError when the kind, stage and channel have no template in the default locale either (see `supports`).
        """
        render = self._shared if context.shared else self._render
        return render(kind, stage, channel, locale or "", time_zone or "", context)

    def supports(self, kind: str, stage: str, channel: str, language: str | None = None) -> bool:
        """Whether there are words for this message on this channel: in that very language, or by default in any."""
        return self._supported(kind, stage, channel, language)

    def _has_parts(self, kind: str, stage: str, channel: str, language: str | None) -> bool:
        try:
            _, found = self._find_parts(kind, stage, channel, language or self.default_locale)
        except LookupError:
            return False
        return language is None or found == language

    def _render(
        self,
        kind: str,
        stage: str,
        channel: str,
        locale: str,
        time_zone: str,
        context: Context,
    ) -> Rendered:
        parts, language = self._parts(kind, stage, channel, locale)
        speech = self._speech(language, locale, time_zone)
        said = {
            **facts(context, speech),
            "brand": self.brand,
            "lang": language.replace("_", "-"),
        }
        return Rendered(
            locale=speech.tag,
            subject=header_safe(parts.subject.render(said)) if parts.subject else None,
            text=plain(parts.text.render(said), channel),
            html=parts.html.render(said) if parts.html else None,
        )

    def _find_parts(self, kind: str, stage: str, channel: str, locale: str) -> tuple[_Parts, str]:
        for language in self._languages(locale):
            stem = f"{language}/{kind}/{stage}"
            try:
                if channel in ("email", "webhook"):
                    names = ("subject.txt", "email.txt", *(("email.html",) if channel == "email" else ()))
                    subject, text, *html = (Frame(self.environment, f"{stem}.{name}") for name in names)
                    return _Parts(subject, text, html[0] if html else None), language
                return _Parts(None, Frame(self.environment, f"{stem}.{channel}.txt"), None), language
            except TemplateNotFound:
                continue
        raise LookupError(f"no template for {kind} {stage} by {channel}")

    def _languages(self, locale: str) -> list[str]:
        """Template folders to look in: the exact locale, its language, the default and its language."""
        wanted = [parsed for name in (locale, self.default_locale) if name and (parsed := parse_locale(name))]
        folders = [folder for parsed in wanted for folder in (str(parsed), parsed.language)]
        return list(dict.fromkeys(folders))

    def _find_speech(self, language: str, locale: str, time_zone: str) -> Speech:
        wanted = parse_locale(locale) if locale else None
        fitting = wanted if wanted and wanted.language == language.split("_")[0] else Locale.parse(language)
        zone = parse_zone(time_zone) if time_zone else None
        default = parse_zone(self.default_time_zone) or parse_zone("UTC")
        assert default is not None
        return Speech(
            self.vocabulary(language), fitting, zone or default, name_zone=zone is None and default.key == "UTC"
        )

    def vocabulary(self, language: str) -> Words:
        """A template folder's own words. Raises LookupError without any, ValidationError when they are malformed."""
        if language not in self._words:
            found = [path for root in self.roots if (path := root / language / "words.toml").exists()]
            if not found:
                raise LookupError(f"templates/{language} has no words.toml")
            self._words[language] = msgspec.toml.decode(found[0].read_bytes(), type=Words)
        return self._words[language]


def header_safe(text: str) -> str:
    """One line fit for a mail header: controls become a space and `=?` is parted.

    An encoded word inside the text can inject a header line in Python 3.11 (CVE-2024-6923).
    """
    return CONTROLS.sub(" ", text).replace("=?", "= ?").strip()


def plain(text: str, channel: str) -> str:
    """Plain text without outer blanks; an SMS without no-break spaces, which are not in its alphabet."""
    if channel == "sms":
        text = text.replace("\u00a0", " ").replace("\u202f", " ")
    return text.strip()


def facts(context: Context, speech: Speech) -> dict[str, str]:
    """The context as finished texts: all that a template can see. What is not known is an empty text."""
    if isinstance(context, OutageContext):
        return outage_facts(context, speech)
    if isinstance(context, BillContext):
        return bill_facts(context, speech)
    return usage_facts(context, speech)


def outage_facts(context: OutageContext, speech: Speech) -> dict[str, str]:
    """`place`, `started`, `restored`, `duration`, `cause`, `etr`, `promised`, `words` (an operator's).

    Of `etr` and `promised` there is the time, as in "by 4:30 pm".
    """
    place = speech.listing((context.place, *context.also)) if context.also and context.place else context.place
    started, restored, etr, promised = context.started, context.restored, context.etr, context.promised
    return {
        "place": one_line(place),
        "started": speech.moment(started),
        "restored": speech.time(restored, same_day_as=started) if restored is not None else "",
        "duration": speech.duration(restored - started) if restored is not None else "",
        "cause": one_line(speech.cause(context.cause)),
        "etr": speech.time(etr, same_day_as=started) if etr is not None else "",
        "promised": speech.time(promised, same_day_as=started) if promised is not None else "",
        "words": (context.text or "").strip(),
    }


def usage_facts(context: UsageContext, speech: Speech) -> dict[str, str]:
    """`bucket`, `percent`, `used`, `allowance`, `left`, `renews` (a date), `over` (non-empty when nothing is left)."""
    left = context.allowance - context.used
    return {
        "bucket": one_line(speech.bucket(context.bucket)),
        "percent": speech.percent(context.percent),
        "used": speech.amount(context.used, context.unit),
        "allowance": speech.amount(context.allowance, context.unit),
        "left": speech.amount(max(left, left - left), context.unit),
        "renews": speech.day(context.cycle_end),
        "over": "over" if left <= 0 else "",
    }


def bill_facts(context: BillContext, speech: Speech) -> dict[str, str]:
    """`amount`, `usual`, `due` (a date)."""
    return {
        "amount": speech.amount(Decimal(str(context.amount)), context.currency),
        "usual": speech.amount(Decimal(str(context.usual)), context.currency),
        "due": speech.day(context.due) if context.due is not None else "",
    }


def one_line(text: str) -> str:
    """The text with controls and line breaks as spaces, so that a name cannot break a line of its own."""
    return CONTROLS.sub(" ", text).strip()
