"""Stage `channel`: a table of who is reached how, and what holds for every customer, wish and breakdown.

mobile out ─────> e-mail, push over the fixed line        fixed out ─────> SMS, push over the air
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.channel import channel, works
from forewarn.alerts.choices import EMPTY
from forewarn.alerts.contexts import OutageContext
from forewarn.alerts.customers import Customer
from forewarn.alerts.policy import CHANNELS, AlertPolicy
from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.alerts.render import Renderer
from forewarn.alerts.told import Entry, Message, Status
from forewarn.topics.events.customers import Contacts, Profile, Service

NOW = 1_795_348_800_000
RULES = Rules(AlertPolicy(), "abc", "live", Renderer())
FIXED, MOBILE, TV = (Service(kind, kind, f"{kind}-1", "north") for kind in ("fixed", "mobile", "tv"))
ALL = Contacts(email="ada@example.com", phone="+4915112345678", push={"token": "t"}, webhook="https://a.example/h")


def proposal(*wanted: str, services: tuple[Service, ...] = (FIXED, MOBILE), **more: Any) -> Proposal:
    """A confirmed outage for Ada, who wants these channels."""
    fields: dict[str, Any] = {
        "kind": "outage",
        "stage": "confirmed",
        "incident": "o1",
        "customer": "ada",
        "now": NOW,
        "context": OutageContext(started=NOW),
        "valid_until": NOW + 1000,
        "evidence": {"state": "confirmed"},
        "entry": Entry("outage", "o1"),
        "person": Customer("ada", Profile("Ada", services, contacts=ALL), EMPTY, EMPTY),
        "channels": wanted,
    }
    return Proposal(**{**fields, **more})


def failed(*channels: str) -> Entry:
    return Entry("outage", "o1", tuple(Message("confirmed", None, c, c, Status.FAILED, NOW) for c in channels))


#: (services, kinds that are out, wanted, chosen)
BROKEN: list[tuple[tuple[Service, ...], tuple[str, ...], tuple[str, ...], str]] = [
    ((FIXED,), (), ("email", "sms"), "email"),
    ((FIXED,), ("fixed",), ("email", "sms"), "sms"),
    ((MOBILE,), ("mobile",), ("sms", "email"), "email"),
    ((FIXED, MOBILE), ("mobile",), ("sms", "email"), "email"),
    ((FIXED, MOBILE), ("fixed",), ("email", "sms"), "sms"),
    ((FIXED, MOBILE), ("fixed", "mobile"), ("sms", "email"), "sms"),  # nothing works: as the customer wishes
    ((FIXED, MOBILE), ("fixed", "mobile"), ("email", "webhook"), "webhook"),
    ((FIXED, TV), ("tv",), ("email", "sms"), "email"),  # a television carries no message
    ((FIXED,), ("fixed",), ("email",), "email"),  # nothing else is wanted: it waits in the mailbox
]


@pytest.mark.parametrize(("services", "out", "wanted", "expected"), BROKEN)
def test_a_message_is_not_sent_over_the_line_that_is_broken(
    services: tuple[Service, ...], out: tuple[str, ...], wanted: tuple[str, ...], expected: str
) -> None:
    answer = channel(RULES, proposal(*wanted, services=services, out=frozenset(out)))
    assert isinstance(answer, Proposal)
    assert answer.channel == expected


@pytest.mark.parametrize(
    ("kinds", "out", "through"),
    [
        (("fixed", "mobile"), ("mobile",), True),  # over the fixed line
        (("fixed", "mobile"), ("fixed",), True),  # over the air
        (("fixed", "mobile"), ("fixed", "mobile"), False),
        (("mobile",), ("mobile",), False),
        (("fixed",), ("fixed",), True),  # the phone is somebody else's customer
    ],
)
def test_push_needs_any_line_that_works(kinds: tuple[str, ...], out: tuple[str, ...], through: bool) -> None:
    assert works("push", frozenset(kinds), frozenset(out)) is through


def test_what_failed_for_this_message_is_not_tried_again_and_the_ledger_says_so() -> None:
    answer = channel(RULES, proposal("email", "sms", entry=failed("email")))
    assert isinstance(answer, Proposal)
    assert answer.channel == "sms"
    assert answer.evidence == {"state": "confirmed", "passed_over": {"email": "failed"}}
    assert channel(RULES, proposal("email", "sms", entry=failed("email", "sms"))) == Drop(Reason.NO_CONTACT)


def test_a_bad_contact_is_left_out_and_is_the_last_resort_of_what_is_critical() -> None:
    bad = frozenset({"email"})
    answer = channel(RULES, proposal("email", "sms", bad_contacts=bad))
    assert isinstance(answer, Proposal)
    assert answer.channel == "sms"
    assert channel(RULES, proposal("email", bad_contacts=bad)) == Drop(Reason.BAD_CONTACT)
    critical = channel(RULES, proposal("email", bad_contacts=bad, critical=True))
    assert isinstance(critical, Proposal)
    assert critical.channel == "email"


wishes = st.lists(st.sampled_from(CHANNELS), unique=True)
some = st.frozensets(st.sampled_from(CHANNELS))
kinds = st.sets(st.sampled_from(["fixed", "mobile", "tv"]), min_size=1)


@given(wanted=wishes, refused=some, bad=some, has=kinds, lost=kinds, critical=st.booleans())
def test_the_choice_is_wanted_usable_and_the_best_there_is(
    wanted: list[str], refused: frozenset[str], bad: frozenset[str], has: set[str], lost: set[str], critical: bool
) -> None:
    services = tuple(service for service in (FIXED, MOBILE, TV) if service.kind in has)
    out = frozenset(has & lost)
    asked = proposal(
        *wanted, services=services, out=out, bad_contacts=bad, entry=failed(*sorted(refused)), critical=critical
    )
    answer = channel(RULES, asked)
    usable = [c for c in wanted if c not in refused and c not in bad]
    through = [c for c in usable if works(c, frozenset(has), out)]
    if isinstance(answer, Drop):
        assert not usable
        return
    assert answer.channel in wanted
    assert answer.channel not in refused
    assert answer.to
    assert answer.channel == [*through, *usable, *wanted][0] or (critical and not usable and answer.channel in bad)
    assert channel(RULES, msgspec.structs.replace(asked, out=frozenset(), bad_contacts=frozenset())) != Drop(
        Reason.BAD_CONTACT
    )
