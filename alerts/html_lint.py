"""What keeps an HTML message from being read by everyone: broken markup, no language, faint colours, loaded things.

After WCAG 2.2: a language (3.1.1), a title (2.4.2), one heading of the first level and none skipped (1.3.1), tables
that are laid out or have headers (1.3.1), text of 4.5:1 against its ground (1.4.3), by day and, where the style
element says otherwise, in the dark. Nothing may be loaded: it would tell who reads, and mail programs do not show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "hr"})
FORBIDDEN = frozenset({"img", "script", "link", "iframe", "object", "form", "i", "b", "u"})
LOADING = re.compile(r"url\(|@import|expression\(", re.I)
#: Smallest ratio of contrast for text (WCAG 2.2, success criterion 1.4.3).
CONTRAST = 4.5
DARK = re.compile(r"@media \(prefers-color-scheme: dark\)\s*\{(?P<rules>(?:[^{}]*\{[^{}]*\})*)\s*\}")
RULE = re.compile(r"\.(?P<name>[\w-]+)\s*\{(?P<style>[^{}]*)\}")

#: Text and ground colour, `#rrggbb`.
Colours = tuple[str, str]


def html_problems(html: str, language: str) -> Iterator[str]:
    """What is wrong with an HTML message in that language (a template folder's name)."""
    page = _Page()
    page.feed(html)
    page.close()
    if page.open:
        page.found.append(f"<{page.open[-1]}> is not closed")
    if page.language != language.replace("_", "-"):
        page.found.append(f"it declares the language {page.language!r}")
    if not page.title.strip():
        page.found.append("it has no title")
    if page.headings[:1] != [1] or page.headings.count(1) != 1:
        page.found.append("it does not begin with its one heading of the first level")
    if any(after > before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False)):
        page.found.append("it skips a level of headings")
    yield from dict.fromkeys(page.found)


def contrast(one: str, other: str) -> float:
    """The ratio of contrast of two colours, `#rrggbb` (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, "relative luminance")."""
    shares = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _colours(style: str, inherited: Colours) -> Colours:
    """The colours in force inside an element of that style."""
    said = dict(re.findall(r"(?:^|;)\s*(color|background)\s*:\s*(#[0-9a-fA-F]{6})", style))
    return said.get("color", inherited[0]), said.get("background", inherited[1])


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []
        self.headings: list[int] = []
        self.language: str | None = None
        self.title = ""
        self._tables: list[bool] = []
        self._day: list[Colours] = [("#000000", "#ffffff")]
        self._night: list[Colours] = [("#000000", "#ffffff")]
        self._dark: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        style = values.get("style") or ""
        if tag in FORBIDDEN or {"src", "background"} & values.keys() or LOADING.search(style):
            self.found.append(f"<{tag}> has no place in it")
        if tag == "html":
            self.language = values.get("lang")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self._table(tag, values)
        if tag not in VOID:
            self.open.append(tag)
            night = "".join(f";{self._dark.get(name, '')}" for name in (values.get("class") or "").split())
            self._day.append(_colours(style, self._day[-1]))
            self._night.append(_colours(night, _colours(style, self._night[-1])))

    def _table(self, tag: str, values: dict[str, str | None]) -> None:
        """Notes a table of data, and that it has headers."""
        if tag == "table":
            self._tables.append(values.get("role") == "presentation")
        elif tag == "th" and self._tables and values.get("scope"):
            self._tables[-1] = True

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.found.append(f"</{tag}> closes nothing")
            return
        self._day.pop()
        self._night.pop()
        if tag == "table" and not self._tables.pop():
            self.found.append("a table has no headers")

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "title":
            self.title += data
        elif inside == "style":
            self._styles(data)
        elif data.strip():
            for (ink, ground), when in ((self._day[-1], "by day"), (self._night[-1], "in the dark")):
                ratio = contrast(ink, ground)
                if ratio < CONTRAST:
                    self.found.append(f"{ink} on {ground} is too faint {when}: {ratio:.1f}")

    def _styles(self, sheet: str) -> None:
        if LOADING.search(sheet):
            self.found.append("<style> loads something")
        dark = DARK.search(sheet)
        self._dark = {rule["name"]: rule["style"] for rule in RULE.finditer(dark["rules"])} if dark else {}
