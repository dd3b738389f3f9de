"""Timelines of fan-outs: waiting, growing, interrupted, held, muted, paused, in shadow."""

from __future__ import annotations

from collections import Counter
from typing import Any

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.engine.mailbox import Batch, Mailbox
from forewarn.stream.engine.partition import Partition
from forewarn.stream.policy import Policy
from forewarn.stream.roles.decide import DecideRole
from tests.decide_desk import START, DecideDesk, agreed, impact, marketing, profile
from tests.unit.engine.test_partition import Lines


def test_an_outage_that_grows_tells_the_new_customers_after_a_group_wait_and_the_old_ones_nothing() -> None:
    desk = DecideDesk()
    desk.push("customers.profiles", "ada", profile("onu-1")).push("customers.profiles", "bob", profile("onu-2"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "confirmed", ["onu-1", "onu-2"]))
    desk.at(129)
    assert desk.stages("bob") == []
    desk.at(131)
    assert (desk.stages("ada"), desk.stages("bob")) == (["confirmed"], ["confirmed"])
    assert desk.decisions("ada") == [("confirmed", "sent", "passed")]


def test_a_set_in_chunks_is_told_when_it_is_whole_and_holds_marketing_from_its_first_chunk() -> None:
    desk = (
        DecideDesk().push("customers.profiles", "ada", profile("onu-1")).push("customers.preferences", "ada", agreed())
    )
    first = impact("o1", 1, "confirmed", ["onu-1"], chunks=2)
    desk.push("outages.impact", "o1/0", first)
    desk.at(60).push("marketing.requests", "ada", marketing("m1", 60))
    assert desk.out("marketing.held")[0].value["reason"] == "outage"
    assert desk.stages("ada") == []
    desk.push("outages.impact", "o1/1", impact("o1", 1, "confirmed", ["onu-2"], chunk=1, chunks=2))
    desk.at(91)
    assert desk.stages("ada") == ["confirmed"]


def test_paused_notices_are_decided_again_when_sending_resumes() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    pause = {"kind": "*", "paused": True, "time": START, "author": "noc"}
    desk.push("control", "*", pause)
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60)
    assert desk.stages("ada") == []
    desk.push("control", "*", {**pause, "paused": False})
    assert desk.stages("ada") == ["confirmed"]
    assert desk.decisions("ada") == [("confirmed", "deferred", "paused"), ("confirmed", "sent", "passed")]


def test_an_outage_that_ended_while_sending_was_paused_is_told_to_nobody() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.push("control", "outage", {"kind": "outage", "paused": True, "time": START, "author": "noc"})
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    desk.at(70).push("control", "outage", None)
    assert desk.stages("ada") == []
    assert desk.decisions("ada")[-1] == ("restored", "dropped", "not_told")


def test_shadow_decides_both_halves_and_sends_neither() -> None:
    desk = DecideDesk(Policy(mode="shadow")).push("customers.profiles", "ada", profile("onu-1"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    assert desk.stages("ada") == []
    assert desk.decisions("ada") == [("confirmed", "dropped", "shadow"), ("restored", "dropped", "shadow")]


def crowd(size: int, **more: Any) -> DecideDesk:
    """Customers c000, c001, ... behind one element, ten of which are judged in a unit."""
    desk = DecideDesk(Policy(alerts=AlertPolicy(fan_out_customers=10, group_wait_s=0)))
    for number in range(size):
        desk.push("customers.profiles", f"c{number:03d}", profile("onu-1", **more))
    return desk


def test_a_fan_out_goes_on_after_a_restart_where_it_was() -> None:
    desk = crowd(35)
    unit = desk.core.begin(START)
    desk.core.take(unit, "outages.impact", [desk.line("o1/0", impact("o1", 1, "confirmed", ["onu-1"]))])
    desk.commit(unit)
    unit = desk.core.begin(START + 1)
    desk.core.tick(unit, frozenset())
    desk.commit(unit)
    assert desk.work(units=2) == 2
    assert len(desk.out("notifications")) == 20
    desk.restart().work()
    told = [row.key for row in desk.out("notifications")]
    assert told == [f"c{number:03d}" for number in range(35)]
    assert len(desk.out("customers.standing")) == 35 * 2


def test_an_end_that_comes_during_the_fan_out_stops_it_and_goes_to_those_told() -> None:
    desk = crowd(35)
    desk.at(1)
    unit = desk.core.begin(desk.core.now)
    desk.core.take(unit, "outages.impact", [desk.line("o1/0", impact("o1", 1, "confirmed", ["onu-1"]))])
    desk.core.tick(unit, frozenset())
    desk.commit(unit)
    unit = desk.core.begin(desk.core.now + 1)
    desk.core.tick(unit, frozenset())
    desk.commit(unit)
    desk.work(units=2)
    desk.push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    stages = [(row.key, row.value["stage"]) for row in desk.out("notifications")]
    assert stages == [(f"c{n:03d}", stage) for stage in ("confirmed", "restored") for n in range(20)]


def test_a_held_outage_is_told_when_the_hold_is_lifted() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"], hold=True))
    desk.at(600)
    assert desk.stages("ada") == []
    desk.push("outages.impact", "o1/0", impact("o1", 2, "confirmed", elements_revision=1))
    desk.at(631)
    assert desk.stages("ada") == ["confirmed"]


def test_a_muted_outage_is_told_when_it_is_no_longer_muted() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"], muted=True))
    desk.at(60).push("outages.impact", "o1/0", impact("o1", 2, "confirmed", elements_revision=1))
    assert desk.decisions("ada") == [("confirmed", "dropped", "muted"), ("confirmed", "sent", "passed")]


async def test_usage_alerts_wait_for_no_more_than_one_bounded_piece_of_a_fan_out() -> None:
    bucket = {"bucket": "data", "allowance": 10, "unit": "GB"}
    plan = {"plan_id": "p", "name": "M", "price": 20, "currency": "EUR", "cycle_day": 1, "buckets": [bucket]}
    desk = crowd(95, plan=plan)
    unit = desk.core.begin(START)
    desk.core.take(unit, "outages.impact", [desk.line("o1/0", impact("o1", 1, "confirmed", ["onu-1"]))])
    desk.commit(unit)
    mailbox = Mailbox(DecideRole.sources, {source.topic: 0 for source in DecideRole.sources})
    partition = Partition(Lines(), desk.core, mailbox, owner="me", end=0)  # the engine's own order of a unit
    partition.set_time(START + 1)
    told = 0
    for number in range(100):
        used = {"record_id": f"r{number}", "bucket": "data", "amount": 9, "start": START}
        mailbox.put("usage.records", [Batch([desk.line(f"c{number % 95:03d}", used)], desk.offset + 1)])
        piece, records = await partition._fold()
        assert piece is not None
        written = Counter((output.topic, b'"kind":"outage"' in (output.value or b"")) for output in piece.outputs)
        assert (records, written["usage.alerts", False]) == (1, 1)
        assert written["notifications", True] <= 10
        told += written["notifications", True]
        desk.core.install(piece)
        if not desk.core.fold.desk.fan_out.walks:  # type: ignore[attr-defined]
            break
    assert told == 95
    assert 9 < number < 30
