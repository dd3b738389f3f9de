"""What one policy would tell and another not, with the reason of the one that would not."""

from __future__ import annotations

from typing import Any

import orjson

from forewarn.stream.replay.compare import Count, Heard, difference
from forewarn.stream.replay.lines import Produced


def produced(topic: str, customer: str, **value: Any) -> Produced:
    return Produced(topic, 0, 0, 0, customer.encode(), orjson.dumps(value))


def notified(customer: str, channel: str = "email", stage: str = "confirmed", **more: Any) -> Produced:
    return produced(
        "notifications",
        customer,
        notification_id=f"{customer}/{stage}/{channel}",
        kind="outage",
        stage=stage,
        incident="o1",
        channel=channel,
        time="2026-01-05T00:00:00Z",
        **more,
    )


def decided(customer: str, outcome: str, reason: str, stage: str = "confirmed") -> Produced:
    return produced(
        "decisions",
        customer,
        subject="notification",
        subject_id=f"{customer}/{stage}",
        kind="outage",
        stage=stage,
        incident="o1",
        outcome=outcome,
        reason=reason,
    )


def campaign(customer: str) -> Produced:
    return produced(
        "marketing.approved",
        customer,
        request_id="m1",
        campaign="spring",
        channel="email",
        decided="2026-01-05T00:00:00Z",
    )


def held(customer: str, reason: str) -> Produced:
    return produced(
        "decisions",
        customer,
        subject="marketing",
        subject_id="m1",
        kind="marketing",
        channel="email",
        outcome="held",
        reason=reason,
    )


def heard(*records: Produced) -> Heard:
    made = Heard()
    for record in records:
        made.take(record)
    return made


def test_what_only_one_policy_tells_bears_the_last_reason_of_the_other() -> None:
    first = heard(decided("ada", "deferred", "quiet_hours"), decided("ada", "dropped", "expired"))
    found = difference(("A", "B"), first, heard(notified("ada"), decided("ada", "sent", "passed")))
    assert [(told.customer, told.otherwise) for told in found.only_second] == [("ada", "expired")]
    assert found.counts_second == (Count("outage", "confirmed", "expired", 1, 1),)
    assert (found.only_first, found.counts_first) == ((), ())


def test_a_duplicate_is_no_reason_for_not_telling() -> None:
    first = heard(decided("ada", "dropped", "opted_out"), decided("ada", "dropped", "duplicate"))
    assert difference(("A", "B"), first, heard(notified("ada"))).only_second[0].otherwise == "opted_out"


def test_what_is_told_by_another_channel_is_in_both_lists_and_says_so() -> None:
    found = difference(("A", "B"), heard(notified("ada", "sms")), heard(notified("ada", "email")))
    assert [told.otherwise for told in (*found.only_first, *found.only_second)] == ["other_channel"] * 2


def test_what_is_told_under_both_is_in_neither_list() -> None:
    found = difference(("A", "B"), heard(notified("ada")), heard(notified("ada"), notified("bob")))
    assert (found.both, len(found.only_first), len(found.only_second)) == (1, 0, 1)
    assert found.only_second[0].otherwise == "not_considered"


def test_an_approved_campaign_counts_as_told_and_a_held_one_has_its_reason() -> None:
    found = difference(("A", "B"), heard(held("ada", "lease")), heard(campaign("ada")))
    (told,) = found.only_second
    assert (told.kind, told.stage, told.incident, told.otherwise) == ("marketing", "approved", "spring", "lease")


def test_counts_are_by_kind_stage_and_reason_the_most_frequent_first() -> None:
    first = heard(decided("a", "dropped", "muted"), decided("b", "dropped", "muted"))
    second = heard(notified("c"), notified("a"), notified("b"), notified("b", stage="restored"))
    assert difference(("A", "B"), first, second).counts_second == (
        Count("outage", "confirmed", "muted", 2, 2),
        Count("outage", "confirmed", "not_considered", 1, 1),
        Count("outage", "restored", "not_considered", 1, 1),
    )
