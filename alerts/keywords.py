"""Keywords: what a customer's short reply asks for, in any of the languages of `keywords.toml`. Pure.

A reply is a keyword only when it holds nothing else but blanks and punctuation: "stop" ends messages, "please stop by
on Monday" is for people to read. Whatever the language, STOP, START and HELP are understood (CTIA, GSMA practice).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

SOURCE = Path(__file__).with_name("keywords.toml")
Wish = Literal["stop", "start", "help"]


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """One language's keywords, and what is answered to each."""

    stop: tuple[str, ...]
    start: tuple[str, ...]
    help: tuple[str, ...]
    stopped: str
    started: str
    helped: str


class Keyword(Struct, frozen=True):
    """What is asked for, and the answer in the language of the word."""

    wish: Wish
    answer: str


def keyword(text: str) -> Keyword | None:
    """The keyword that a reply is, or None."""
    return _all().get(re.sub(r"[\W_]+", "", text).upper())


@cache
def _all() -> dict[str, Keyword]:
    found: dict[str, Keyword] = {}
    for words in msgspec.toml.decode(SOURCE.read_bytes(), type=dict[str, Words]).values():
        wishes: tuple[tuple[Wish, tuple[str, ...], str], ...] = (
            ("stop", words.stop, words.stopped),
            ("start", words.start, words.started),
            ("help", words.help, words.helped),
        )
        for wish, spellings, answer in wishes:
            for spelling in spellings:
                found.setdefault(spelling.upper(), Keyword(wish, answer))
    return found
