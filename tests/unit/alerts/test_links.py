"""Links that end messages: who was sent one can use it, and can make no other of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.channels.links import Claim, Links
from forewarn.alerts.channels.protocol import Message

OLD, NEW = b"o" * 32, b"n" * 32
LINKS = Links("https://alerts.example/u/", (NEW, OLD))
ADA = Claim("ada", "outage", "email")


def message(**changes: str) -> Message:
    fields = {"customer": "ada", "kind": "outage", "channel": "email"} | changes
    return Message(
        notification_id="n1", time=0, stage="confirmed", to="a@b.c", locale="en", subject="S", text="T", html=None,
        valid_until=1, **fields,
    )  # fmt: skip


def test_a_message_has_a_link_that_says_whose_and_what_it_is() -> None:
    link = LINKS.unsubscribe(message())
    assert link.startswith("https://alerts.example/u/")
    assert LINKS.claim(link.rsplit("/", 1)[1]) == ADA


@given(st.text(), st.text(), st.text())
def test_any_claim_comes_back_as_it_was_and_fits_a_path(customer: str, kind: str, channel: str) -> None:
    claim = Claim(*(part.encode(errors="ignore").decode() for part in (customer, kind, channel)))
    token = LINKS.token(claim)
    assert LINKS.claim(token) == claim
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in token)


def test_links_signed_by_an_older_secret_still_count_and_those_of_nobody_do_not() -> None:
    assert LINKS.claim(Links("https://x", (OLD,)).token(ADA)) == ADA
    assert LINKS.claim(Links("https://x", (b"?" * 32,)).token(ADA)) is None


def test_another_customers_claim_under_ones_own_signature_is_refused() -> None:
    mine, bobs = LINKS.token(ADA), LINKS.token(Claim("bob", "outage", "email"))
    assert LINKS.claim(f"{bobs.split('.')[0]}.{mine.split('.')[1]}") is None


@pytest.mark.parametrize("token", ["", ".", "a", "a.b.c", "ä.ö", "W10.AAAA", "====.====", "x" * 5000])
def test_what_is_no_token_claims_nothing(token: str) -> None:
    assert LINKS.claim(token) is None
