"""What a reply says, in four languages."""

from __future__ import annotations

import pytest

from forewarn.alerts.journeys.answers import Answer, answer
from forewarn.alerts.keywords import keyword


@pytest.mark.parametrize(
    "text", ["YES", "yes please!", "Ok.", "Ja", "ja, passt", "Gerne", "Sí", "si", "De acuerdo", "Oui", "D'accord"]
)
def test_a_yes_is_one_whatever_follows(text: str) -> None:
    assert answer(text) == Answer("yes")


@pytest.mark.parametrize(
    "text", ["NO", "no, sorry", "Nein", "Leider nicht möglich", "passt nicht", "No puedo ese día", "Non merci", "n"]
)
def test_a_no_is_one_whatever_follows(text: str) -> None:
    assert answer(text) == Answer("no")


@pytest.mark.parametrize(("text", "number"), [("10", 10), (" 7 ", 7), ("0", 0), ("9/10", 9), ("8!", 8)])
def test_a_number_from_0_to_10_is_a_score(text: str, number: int) -> None:
    assert answer(text) == Answer("number", number)


@pytest.mark.parametrize("text", ["", "11", "10 times I called", "What time?", "nonsense", "yesterday", "2026", "STOP"])
def test_everything_else_is_for_people_to_read(text: str) -> None:
    assert answer(text) is None


@pytest.mark.parametrize("text", ["yes", "no", "ja", "nein", "sí", "oui", "non", "s", "n", "o"])
def test_no_answer_is_a_keyword(text: str) -> None:
    assert keyword(text) is None
