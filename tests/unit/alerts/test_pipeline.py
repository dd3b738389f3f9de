"""Carrying out verdicts: notifications, rows, and what is remembered of them."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from forewarn.alerts.ledger import Ledger
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.proposal import Mode, Proposal
from forewarn.alerts.told import Entry, Status, Told
from forewarn.stream.engine.unit import Unit
from tests.unit.alerts.test_stages import OUTAGE, proposal, rules, told


class Desk:
    """A pipeline and what it wrote."""

    def __init__(self, mode: Mode = "live") -> None:
        self.told = Told()
        self.pipeline = Pipeline(rules(mode), self.told, Ledger(3, "abc"))
        self.unit = Unit({}, {}, 1)

    def consider(self, given: Proposal) -> str:
        """Proposes with what is remembered by now."""
        known = self.told.entries(self.unit, "ada")
        entry = next((entry for entry in known if entry.incident == given.incident), given.entry)
        return self.pipeline.consider(self.unit, msgspec.structs.replace(given, entry=entry))

    def rows(self, topic: str) -> list[Any]:
        return [orjson.loads(output.value or b"") for output in self.unit.outputs if output.topic == topic]

    def reasons(self) -> list[str]:
        return [row["reason"] for row in self.rows("decisions")]


def test_a_message_that_is_proposed_again_and_again_is_sent_once_and_noted_as_duplicate_once() -> None:
    desk = Desk()
    assert [desk.consider(proposal()) for _ in range(4)] == ["sent", "dropped", "dropped", "dropped"]
    assert len(desk.rows("notifications")) == 1
    assert desk.reasons() == ["passed", "duplicate"]


def test_a_refusal_is_written_once_and_again_when_its_reason_changes() -> None:
    desk = Desk()
    muted = proposal(outage=msgspec.structs.replace(OUTAGE, muted=True))
    for given in (muted, muted, proposal(broken=()), muted):
        desk.consider(given)
    assert desk.reasons() == ["muted", "not_affected", "muted"]


def test_a_failed_message_keeps_its_status_when_no_other_channel_is_left() -> None:
    desk = Desk()
    messages = told("confirmed", Status.FAILED), told("confirmed", Status.FAILED, channel="sms")
    for _ in range(3):
        desk.consider(proposal("confirmed", *messages))
    assert desk.reasons() == ["no_contact"]
    (entry,) = desk.told.entries(desk.unit, "ada")
    assert entry.failed_channels("confirmed") == {"email", "sms"}


def test_what_shadow_would_have_sent_is_remembered_so_that_its_second_half_is_decided_too() -> None:
    desk = Desk("shadow")
    desk.consider(proposal())
    desk.consider(proposal("restored"))
    assert desk.reasons() == ["shadow", "shadow"]
    assert desk.rows("notifications") == []


def test_everything_goes_to_the_partition_of_the_customer() -> None:
    desk = Desk()
    desk.consider(proposal())
    assert {output.partitions for output in desk.unit.outputs} == {(3,)}
    assert {output.key for output in desk.unit.outputs} == {b"ada"}


def test_an_empty_entry_is_not_confused_with_another_incident() -> None:
    desk = Desk()
    desk.consider(proposal())
    desk.consider(proposal(incident="o2", entry=Entry("outage", "o2")))
    assert [row["incident"] for row in desk.rows("notifications")] == ["o1", "o2"]
