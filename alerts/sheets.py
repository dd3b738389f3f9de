"""Sheets: all words of one kind of message in one language, from which each channel's template is put together.

    templates/<language>/<kind>.toml ──> [stage.confirmed] title, body, facts, sms, push
                                              │
          confirmed.subject.txt  .title.txt  .email.txt  .email.html  .sms.txt  .push.txt    (names that Jinja asks for)

A writer says everything once; that an e-mail's text and HTML say the same is by construction. A paragraph may have a
condition (`when`), and may be one that the kind's stages share (`part`). Texts are Jinja templates. A file of such a
name in a template directory stands before what a sheet would give.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from jinja2 import BaseLoader, Environment, TemplateNotFound, TemplateSyntaxError
from msgspec import Struct

NAME = re.compile(r"(?P<language>\w+)/(?P<kind>\w+)/(?P<stage>\w+)\.(?P<part>subject|title|email|sms|push)\.(txt|html)")

#: The colour above a message by its tone (WCAG 2.2: 3:1 against both grounds that it stands on).
TONES = {"trouble": "#c2372e", "good": "#2a8a48", "warning": "#b26a00", "calm": "#2f6fb5"}

#: A line's end inside a template: Jinja drops those that follow a tag.
END = '{{ "\\n" }}'

Source = tuple[str, str | None, Callable[[], bool] | None]


class Paragraph(Struct, frozen=True, forbid_unknown_fields=True):
    """A paragraph's `text`, or the name of a shared one (`part`), and the condition under which it is said."""

    text: str = ""
    part: str = ""
    when: str = ""


class Sheet(Struct, frozen=True, forbid_unknown_fields=True):
    """One message. `facts` are pairs of a label and the name of a fact; those that are empty are left out.

    A label that begins with `=` is itself the name of a fact.
    `subject` is an e-mail's where it says more than the title. `tone` is one of `TONES`.
    """

    title: str
    sms: str = ""
    push: str = ""
    subject: str = ""
    tone: str = "calm"
    body: tuple[str | Paragraph, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    facts_when: str = ""
    after: tuple[str | Paragraph, ...] = ()


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    """All messages of one kind in one language. `footer` says why the customer gets them.

    `colon` stands between a label and its fact in plain text.
    """

    stage: dict[str, Sheet]
    footer: str = ""
    colon: str = ": "
    part: dict[str, str] = {}


class SheetLoader(BaseLoader):
    """Gives Jinja the templates that the sheets of these directories stand for, the first directory's first."""

    def __init__(self, roots: list[Path]) -> None:
        self.roots = roots
        self._books: dict[Path, Book] = {}

    def get_source(self, environment: Environment, template: str) -> Source:
        """The template's source; raises TemplateNotFound, and TemplateSyntaxError for a sheet that is none."""
        found = NAME.fullmatch(template)
        if found is None:
            raise TemplateNotFound(template)
        for root in self.roots:
            path = root / found["language"] / f"{found['kind']}.toml"
            book = self._book(path)
            sheet = book.stage.get(found["stage"]) if book is not None else None
            if book is not None and sheet is not None:
                source = _part(book, sheet, found["part"], html=template.endswith(".html"), path=path)
                if source:
                    return source, None, lambda: True
        raise TemplateNotFound(template)

    def _book(self, path: Path) -> Book | None:
        if path not in self._books:
            if not path.exists():
                return None
            try:
                self._books[path] = msgspec.toml.decode(path.read_bytes(), type=Book)
            except msgspec.DecodeError as error:
                raise TemplateSyntaxError(str(error), 1, path.name, str(path)) from error
        return self._books[path]


def _part(book: Book, sheet: Sheet, part: str, *, html: bool, path: Path) -> str:
    if part == "email":
        try:
            return _html(book, sheet) if html else _text(book, sheet)
        except KeyError as error:
            raise TemplateSyntaxError(f"there is no {error} to refer to", 1, path.name, str(path)) from None
    return {"subject": sheet.subject or sheet.title, "title": sheet.title, "sms": sheet.sms, "push": sheet.push}[part]


def _text(book: Book, sheet: Sheet) -> str:
    labels = ((f"{{{{ {label[1:]} }}}}" if label.startswith("=") else label, name) for label, name in sheet.facts)
    facts = "".join(_when(name, f"{label}{book.colon}{{{{ {name} }}}}{END}") for label, name in labels)
    when = _any_fact(sheet)
    whole = [
        *(_when(when, f"{text}{END}{END}") for text, when in _said(book, sheet.body)),
        _when(when, f"{facts}{END}") if facts else "",
        *(_when(when, f"{text}{END}{END}") for text, when in _said(book, sheet.after)),
        f"--{END}{book.footer}" if book.footer else "",
    ]
    return "".join(whole)


def _html(book: Book, sheet: Sheet) -> str:
    labels = ((label[1:] if label.startswith("=") else f'"{label}"', name) for label, name in sheet.facts)
    rows = "".join(f"({label}, {name})," for label, name in labels)
    facts = f"{{{{ parts.facts([{rows}]) }}}}" if rows else ""
    blocks = {
        "title": sheet.title,
        "accent": TONES[sheet.tone],
        "body": "".join((*_paragraphs(book, sheet.body), _when(_any_fact(sheet), facts))),
        "after": "".join(_paragraphs(book, sheet.after)),
        "footer": book.footer,
    }
    made = (f"{{% block {name} %}}{text}{{% endblock %}}" for name, text in blocks.items())
    return '{% extends "base.html" %}{% import "parts.html" as parts %}' + "".join(made)


def _any_fact(sheet: Sheet) -> str:
    """The condition under which there is a fact to be listed."""
    known = " or ".join(name for _, name in sheet.facts)
    return f"({sheet.facts_when}) and ({known})" if sheet.facts_when else known


def _paragraphs(book: Book, said: tuple[str | Paragraph, ...]) -> Iterator[str]:
    for text, when in _said(book, said):
        yield _when(when, f"{{% call parts.paragraph() %}}{text}{{% endcall %}}")


def _said(book: Book, said: tuple[str | Paragraph, ...]) -> Iterator[tuple[str, str]]:
    """Texts with their conditions."""
    for one in said:
        if isinstance(one, str):
            yield one, ""
        else:
            yield book.part[one.part] if one.part else one.text, one.when


def _when(condition: str, text: str) -> str:
    return f"{{% if {condition} %}}{text}{{% endif %}}" if condition and text else text
