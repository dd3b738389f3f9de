"""A text as SMS parts: alphabet, size, and how it is cut (3GPP TS 23.038 and 23.040). Pure.

    text ──> in GSM 03.38? ──> 160 septets in one part, 153 in each of several      (£ counts one, € counts two)
                 └─ no ──────> UCS-2: 70 units in one part, 67 in each of several   (an emoji counts two)

Invariant: the parts together are the text; none ends within a character, be it an escape sequence or a surrogate pair.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from gsm0338 import Codec
from msgspec import Struct

#: Values of SMPP's data_coding (SMPP 3.4 §5.2.19): the SMSC's default alphabet, which is GSM 03.38, and UCS-2.
GSM, UCS2 = 0, 8
#: Octets of one part alone, and of one of several, which has a header of 6 octets = 7 septets.
GSM_ALONE, GSM_PART = 160, 153
UCS2_ALONE, UCS2_PART = 140, 134
#: A concatenated message has no more parts than this (8-bit reference, TS 23.040 §9.2.3.24.1).
MOST_PARTS = 255

#: Typography that has no place in GSM 03.38, and what people take for the same.
PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f", " "),
        "\u2026": "...",
        "\u2022": "-",
        "\t": " ",
    }
)
_encode = Codec().encode


class Parts(Struct, frozen=True):
    """The user data of each part, without headers, in `coding`; GSM septets stand one in an octet, as SMPP has them."""

    coding: int
    data: tuple[bytes, ...]

    @property
    def count(self) -> int:
        return len(self.data)


@lru_cache(2048)  # one outage's text goes to all its customers
def parts(text: str) -> Parts:
    """Cuts a text. An empty one is one empty part."""
    text = unicodedata.normalize("NFC", text)
    for candidate in (text, text.translate(PLAIN)):
        try:
            return Parts(GSM, _cut([_encode(c)[0] for c in candidate], GSM_ALONE, GSM_PART))
        except UnicodeEncodeError:
            continue  # a character that the alphabet lacks
    return Parts(UCS2, _cut([c.encode("utf-16-be", "replace") for c in text], UCS2_ALONE, UCS2_PART))


def _cut(characters: list[bytes], alone: int, part: int) -> tuple[bytes, ...]:
    whole = b"".join(characters)
    if len(whole) <= alone:
        return (whole,)
    cut, current = [], b""
    for character in characters:
        if len(current) + len(character) > part:
            cut.append(current)
            current = b""
        current += character
    return (*cut, current)


def header(reference: int, count: int, number: int) -> bytes:
    """The user data header of part `number` (from 1) of `count`, by an 8-bit reference (TS 23.040 §9.2.3.24.1)."""
    return bytes((5, 0, 3, reference & 0xFF, count, number))


def decode(data: bytes, coding: int) -> str:
    """The text of a part; what its alphabet does not have reads as U+FFFD."""
    if coding == UCS2:
        return data.decode("utf-16-be", "replace")
    if coding == 3:
        return data.decode("latin-1")
    return str(Codec().decode(data, "replace")[0])
