"""Answers: what a customer's reply says to a question, yes, no, or a number, in any language of `answers.toml`. Pure.

The first word, or first two, count, without case and accents: "Yes please", "Nein, leider nicht", "d'accord". A number
is one from 0 to 10 that stands alone, or before `/10`. Everything else is for people to read.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from forewarn.alerts.replies import plain

SOURCE = Path(__file__).with_name("answers.toml")
Word = Literal["yes", "no", "number"]
#: What a step's `replies` may name.
WORDS: tuple[Word, ...] = ("yes", "no", "number")
#: The highest number that is an answer.
MOST = 10

_NUMBER = re.compile(r"\s*(\d{1,2})(?:\s*/\s*10)?\s*[.!]?\s*")


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """One language's words."""

    yes: tuple[str, ...]
    no: tuple[str, ...]


class Answer(Struct, frozen=True):
    """What was answered; `number` with the word of that name."""

    word: Word
    number: int | None = None


def answer(text: str) -> Answer | None:
    """The answer that a reply gives, or None."""
    if found := _NUMBER.fullmatch(text):
        number = int(found[1])
        return Answer("number", number) if number <= MOST else None
    said = plain(text)
    words = said.split()
    for beginning in (said, " ".join(words[:2]), *words[:1]):
        if (word := _words().get(beginning)) is not None:
            return Answer(word)
    return None


@cache
def _words() -> dict[str, Word]:
    found: dict[str, Word] = {}
    for words in msgspec.toml.decode(SOURCE.read_bytes(), type=dict[str, Words]).values():
        found |= {plain(word): "no" for word in words.no}
        found |= {plain(word): "yes" for word in words.yes}
    return found
