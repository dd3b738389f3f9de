"""How an SMS is fitted into segments: its alphabet, and what is given up to need fewer (3GPP TS 23.038). Pure.

    as written ──> in GSM 03.38? ──> done
                        └─ no ──> typography plain, then letters without the marks that GSM lacks ("à" has a place, "ê"
                                  has none) ──> fewer segments? ──> that;  else as written, in UCS-2

One letter outside the alphabet more than halves what a segment holds (160 to 70), so texts in French or Spanish are
customarily sent without their circumflexes and acutes. Names in other scripts stay what they are.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from forewarn.alerts.sms_text import GSM, PLAIN, parts

#: Ligatures and ordinals, and what people take for the same.
LETTERS = str.maketrans({"\u0153": "oe", "\u0152": "OE", "\u00aa": "a", "\u00ba": "o"})


def segments(text: str) -> int:
    """How many segments the text takes; an empty one takes one."""
    return parts(text).count


@lru_cache(2048)
def fit(text: str) -> str:
    """The text in the form that takes the fewest segments, at a tie the one closer to what is said."""
    written = unicodedata.normalize("NFC", text)
    typed = written.translate(PLAIN)
    return min((typed, "".join(map(_plain, typed.translate(LETTERS)))), key=segments)


@lru_cache(4096)
def _plain(character: str) -> str:
    """The character, or its letter without marks when only that is in the alphabet."""
    if _in_alphabet(character):
        return character
    bare = "".join(part for part in unicodedata.normalize("NFD", character) if not unicodedata.combining(part))
    return bare if bare and all(map(_in_alphabet, bare)) else character


def _in_alphabet(character: str) -> bool:
    return parts(character).coding == GSM
