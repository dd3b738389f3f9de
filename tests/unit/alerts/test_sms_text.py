"""SMS parts: sizes by 3GPP TS 23.038 and 23.040, and that the parts together are the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.sms_text import GSM, PLAIN, UCS2, decode, header, parts


@pytest.mark.parametrize(
    ("text", "coding", "count"),
    [
        ("", GSM, 1),
        ("a" * 160, GSM, 1),
        ("a" * 161, GSM, 2),
        ("a" * 306, GSM, 2),
        ("a" * 307, GSM, 3),
        ("€" * 80, GSM, 1),  # an escape sequence counts two
        ("€" * 81, GSM, 2),
        ("é" * 160, GSM, 1),
        ("Störung: außer Betrieb, £5 {x}", GSM, 1),
        ("e\u0301" * 160, GSM, 1),  # one character when composed
        ("we\u2019re late\u2026", GSM, 1),  # typography has plain equivalents
        ("ж" * 70, UCS2, 1),
        ("ж" * 71, UCS2, 2),
        ("ж" * 135, UCS2, 3),
        ("😀" * 35, UCS2, 1),
        ("😀" * 36, UCS2, 2),
    ],
)
def test_how_many_parts_a_text_takes(text: str, coding: int, count: int) -> None:
    cut = parts(text)
    assert (cut.coding, cut.count) == (coding, count)
    limit = {GSM: (160, 153), UCS2: (140, 134)}[coding][count > 1]
    assert all(len(data) <= limit for data in cut.data)


@given(st.text(st.sampled_from("aZ é€{^ж😀\u2019\n"), max_size=700))
def test_the_parts_together_are_the_text(text: str) -> None:
    cut = parts(text)
    together = "".join(decode(data, cut.coding) for data in cut.data)
    assert together in (text, text.translate(PLAIN))


def test_a_header_says_which_part_it_is() -> None:
    assert header(0x1FF, 3, 2) == b"\x05\x00\x03\xff\x03\x02"
