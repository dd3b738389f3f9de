"""Rendering: a kind, a stage, a channel and a context become the words one reader sees.

    context ──> facts (texts in the reader's locale and zone) ──> templates ──> Rendered

The words live in `templates/<language>/<kind>.toml` (`sheets.py`); an operator's own may also be single templates,
`<language>/<kind>/<stage>.<part>`. The lookup goes from the exact locale to its language to the default. A webhook is
told the e-mail's subject and text. Templates are compiled once, in Jinja2's sandbox, and are given
finished texts only, so no user text is ever a template and HTML is escaped by default; what they say around the facts
is rendered once (`frame.py`). Invariant: the same arguments give the same bytes; no clock is read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import msgspec
from babel import Locale
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment
from msgspec import Struct

from forewarn.alerts.contexts import Context
from forewarn.alerts.facts import CONTROLS, facts
from forewarn.alerts.frame import Frame
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.sheets import SheetLoader
from forewarn.alerts.sms_fit import fit
from forewarn.alerts.wording import Speech, Words, parse_locale, parse_zone

BLANK_LINES = re.compile(r"\n{3,}")
TEMPLATES = Path(__file__).resolve().parent / "templates"

#: Rendered messages kept for reuse; one entry serves all customers of an outage in one locale and zone.
CACHED = 4096


#: Subject, text and HTML of each channel's messages, by the last part of their templates' names.
PARTS: dict[str, tuple[str | None, str, str | None]] = {
    "email": ("subject.txt", "email.txt", "email.html"),
    "webhook": ("subject.txt", "email.txt", None),
    "sms": (None, "sms.txt", None),
    "push": ("title.txt", "push.txt", None),
    "inapp": ("title.txt", "push.txt", None),
}


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
            loader=ChoiceLoader([FileSystemLoader(self.roots), SheetLoader(self.roots)]),
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

    def language(self, kind: str, stage: str, channel: str, locale: str) -> str:
        """The folder whose words a reader of that locale gets; raises LookupError as `render`."""
        return self._parts(kind, stage, channel, locale)[1]

    def languages(self) -> list[str]:
        """The languages that there are words for, by their folders' names."""
        return sorted({path.parent.name for root in self.roots for path in root.glob("*/words.toml")})

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
                frames = [Frame(self.environment, f"{stem}.{name}") if name else None for name in PARTS[channel]]
            except (TemplateNotFound, KeyError):
                continue
            subject, text, html = frames
            assert text is not None
            return _Parts(subject, text, html), language
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


def renderer_of(policy: AlertPolicy) -> Renderer:
    """The renderer of a deployment with that policy."""
    return Renderer(
        default_locale=policy.default_locale,
        default_time_zone=policy.default_time_zone,
        brand=policy.brand,
        directory=Path(policy.templates) if policy.templates else None,
    )


def header_safe(text: str) -> str:
    """One line fit for a mail header: controls become a space and `=?` is parted.

    An encoded word inside the text can inject a header line in Python 3.11 (CVE-2024-6923).
    """
    return CONTROLS.sub(" ", text).replace("=?", "= ?").strip()


def plain(text: str, channel: str) -> str:
    """Plain text without outer blanks and piled-up blank lines; an SMS in as few segments as its words allow."""
    text = BLANK_LINES.sub("\n\n", text).strip()
    return fit(text) if channel == "sms" else text
