"""How many segments a text takes, and what it gives up to take fewer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.sms_fit import fit, segments


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("\u20ac" * 80, 1),  # a euro sign takes two septets
        ("\u20ac" * 81, 2),
        ("\u0416" * 70, 1),
        ("\u0416" * 71, 2),
        ("\U0001f600" * 35, 1),  # beyond the first plane a character takes two units
        ("\U0001f600" * 36, 2),
    ],
)
def test_segments_are_those_of_the_standard(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Störung, à, é, ñ, ß, Ø", "Störung, à, é, ñ, ß, Ø"),
        ("\u201equoted\u201c \u2013 and so on\u2026", '"quoted" - and so on...'),
        ("21:30\u00a0h, 40\u202f%", "21:30 h, 40 %"),
        ("ê", "ê"),  # one segment either way: nothing is given up
        ("Avería " * 11, "Averia " * 11),
        ("Être à l'œuvre, ça va " * 5, "Etre à l'oeuvre, ca va " * 5),
        ("Łódź " * 20, "Łódź " * 20),
    ],
)
def test_marks_are_given_up_only_where_that_saves_a_segment(text: str, sent: str) -> None:
    assert fit(text) == sent


@given(st.text(max_size=400))
def test_fitting_never_takes_more_segments_and_fitting_again_changes_nothing(text: str) -> None:
    once = fit(text)
    assert segments(once) <= segments(text.translate(dict.fromkeys((0x2026, 0x153, 0x152), "xxx")))
    assert fit(once) == once
