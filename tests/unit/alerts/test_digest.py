"""Stage `digest`: what another message says is not said again, and what outlasts it is said later."""

from __future__ import annotations

from typing import Any

import pytest

from forewarn.alerts.contexts import OutageContext
from forewarn.alerts.digest import digest
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.proposal import Defer, Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.alerts.render import Renderer
from forewarn.alerts.told import Entry, Message, Status

NOW = 1_000_000
RULES = Rules(AlertPolicy(group_wait_s=30), "abc", "live", Renderer())


def message(
    stage: str, class_: str | None = None, status: Status = Status.TOLD, reason: str = "passed", due: int = 0
) -> Message:
    return Message(stage, class_, "email", f"{stage}-{class_}", status, NOW - 5000, reason, due=due)


def proposal(kind: str, stage: str, class_: str | None, *messages: Message, **more: Any) -> Proposal:
    return Proposal(
        kind=kind,
        stage=stage,
        incident="o2",
        customer="ada",
        now=NOW,
        class_=class_,
        context=OutageContext(started=NOW),
        valid_until=NOW + 1,
        evidence={},
        entry=Entry(kind, "o2", messages),
        **more,
    )


@pytest.mark.parametrize(
    ("stage", "class_", "known", "dropped"),
    [
        ("threshold", "80", (), False),
        ("threshold", "80", (message("threshold", "90"),), True),
        ("threshold", "80", (message("threshold", "90", Status.PENDING),), True),
        ("threshold", "80", (message("threshold", "90", Status.DEFERRED),), True),
        ("threshold", "80", (message("threshold", "90", Status.FAILED),), False),
        ("threshold", "80", (message("threshold", "90", Status.DROPPED),), False),
        ("threshold", "80", (message("threshold", "50"),), False),
        ("threshold", "100", (message("threshold", "90"),), False),
        ("threshold", "62.5", (message("threshold", "80"),), True),
        ("forecast", None, (message("threshold", "90"),), True),
        ("forecast", None, (message("threshold", "80", Status.DEFERRED),), True),
        ("forecast", None, (message("threshold", "50"),), False),
        ("threshold", "80", (message("forecast", None),), False),
    ],
)
def test_of_thresholds_the_highest_is_told(
    stage: str, class_: str | None, known: tuple[Message, ...], dropped: bool
) -> None:
    one = proposal("usage", stage, class_, *known)
    answer = digest(RULES, one)
    assert isinstance(answer, Drop) if dropped else answer is one
    if isinstance(answer, Drop):
        assert answer.reason == Reason.DIGESTED


SAID = message("confirmed", None, Status.DROPPED, "digested")
WAITING = message("confirmed", None, Status.DEFERRED, "digested", NOW + 1)
WAITED = message("confirmed", None, Status.DEFERRED, "digested", NOW)
ON = Entry("outage", "o1", (message("confirmed"),))
ENDED = Entry("outage", "o1", (message("confirmed"), message("restored")))


@pytest.mark.parametrize(
    ("known", "entries", "lead", "answer"),
    [
        ((), (), "", None),
        ((), (ON,), "", None),
        ((), (ON,), "o1", Drop(Reason.DIGESTED, {"with": "o1"})),
        ((SAID,), (ON,), "", Drop(Reason.DIGESTED, {"with": "o1"})),
        ((SAID,), (ENDED,), "", Defer(Reason.DIGESTED, NOW + 30_000)),
        ((SAID,), (), "", Defer(Reason.DIGESTED, NOW + 30_000)),
        ((WAITING,), (ENDED,), "", Defer(Reason.DIGESTED, NOW + 1)),
        ((WAITED,), (ENDED,), "", None),
        ((WAITED,), (ON,), "", Drop(Reason.DIGESTED, {"with": "o1"})),
        ((message("confirmed", None, Status.DROPPED, "opted_out"),), (ON,), "", None),
    ],
)
def test_an_outage_that_another_message_told_of_is_told_when_it_outlasts_that_one(
    known: tuple[Message, ...], entries: tuple[Entry, ...], lead: str, answer: Drop | Defer | None
) -> None:
    one = proposal("outage", "confirmed", None, *known, entries=entries, lead=lead)
    assert digest(RULES, one) == (answer if answer is not None else one)


def test_an_end_is_never_digested() -> None:
    one = proposal("outage", "restored", None, SAID, entries=(ON,))
    assert digest(RULES, one) is one
