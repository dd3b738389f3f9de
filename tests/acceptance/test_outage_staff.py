"""Timelines of what network staff do: declare, confirm, dismiss, resolve, and say more about an outage."""

from __future__ import annotations

import pytest

from forewarn.topics.instants import to_rfc3339
from tests.acceptance.outage_world import EPOCH, World


def states(world: World) -> list[str]:
    return [state for state, _ in world.states()]


def inventory(world: World) -> None:
    """olt-1 with two elements that never beat."""
    world.send("network.inventory", "olt-1", {"element": "olt-1", "region": "north", "kind": "olt"})
    for name in ("onu-1", "onu-2"):
        world.send("network.inventory", name, {"element": name, "region": "north", "kind": "onu", "parent": "olt-1"})


def test_a_declared_outage_is_confirmed_at_once_and_back_dated() -> None:
    world = World()
    inventory(world)
    world.run(until=100)
    world.act("declare", element="olt-1", started=EPOCH + 40_000, cause="digger", customers=2, text="cable cut")
    row = world.one()
    assert (row["state"], row["element"], row["region"], row["author"]) == ("confirmed", "olt-1", "north", "ana")
    assert row["started"] == to_rfc3339(EPOCH + 40_000)
    assert (row["cause"], row["customers"], row["comment"]) == ("digger", 2, "cable cut")
    assert world.impact()[row["outage_id"]] == ("confirmed", {"olt-1", "onu-1", "onu-2"})


def test_a_declared_element_that_nobody_knew_is_learned_with_its_region() -> None:
    world = World()
    world.act("declare", element="cab-9", region="west")
    assert (world.one()["region"], world.one()["elements_total"]) == ("west", 1)
    (learned,) = world.of("network.topology")
    assert (learned.json["element"], learned.json["source"]) == ("cab-9", "learned")


def test_declaring_twice_is_one_outage() -> None:
    world = World()
    inventory(world)
    world.act("declare", element="olt-1", id="a")
    world.run(until=5)
    world.act("declare", element="olt-1", id="b")
    world.act("declare", element="onu-1", id="c")
    assert len(world.outages()) == 1


def test_a_repeated_action_changes_nothing() -> None:
    world = World()
    inventory(world)
    world.act("declare", element="olt-1", id="a")
    revision = world.one()["revision"]
    world.act("declare", element="olt-1", id="a")
    assert world.one()["revision"] == revision


def test_staff_confirm_a_suspicion() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.run(until=560)
    assert states(world) == ["suspected"]
    world.act("confirm", outage_id=world.one()["outage_id"])
    world.run(until=900)
    assert states(world) == ["suspected", "confirmed"]


def test_a_dismissed_outage_stays_dismissed_while_its_devices_are_down_and_may_be_confirmed_after_all() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.run(until=560)
    outage = world.one()["outage_id"]
    world.act("dismiss", outage_id=outage, text="test line")
    world.run(until=1500)
    assert states(world) == ["suspected", "dismissed"]
    world.act("confirm", outage_id=outage)
    assert world.one()["state"] == "confirmed"


def test_a_resolved_outage_is_restored_at_its_time_without_hysteresis_and_closed_later() -> None:
    world = World()
    inventory(world)
    world.act("declare", element="olt-1")
    world.run(until=600)
    world.act("resolve", element="olt-1", time=EPOCH + 550_000)
    row = world.one()
    assert (row["state"], row["restored"]) == ("restored", to_rfc3339(EPOCH + 550_000))
    world.run(until=2700, step=5)
    assert world.one()["state"] == "closed"


def test_etr_cause_comment_mute_text_and_approve_are_revisions_of_the_same_state() -> None:
    world = World()
    inventory(world)
    world.act("declare", element="olt-1")
    first = world.one()
    outage = first["outage_id"]
    world.act("etr", outage_id=outage, etr=EPOCH + 7_200_000)
    world.act("cause", outage_id=outage, cause="fibre")
    world.act("comment", outage_id=outage, text="crew on site")
    world.act("mute", outage_id=outage)
    world.act("text", outage_id=outage, text="We are on it.")
    world.act("approve", outage_id=outage)
    row = world.one()
    assert (row["state"], row["revision"]) == ("confirmed", first["revision"] + 6)
    assert row["etr"]["likely"] == to_rfc3339(EPOCH + 7_200_000)
    assert (row["etr"]["source"], row["cause"], row["comment"], row["hold"]) == (
        "field",
        "fibre",
        "crew on site",
        False,
    )
    header = world.of("outages.impact")[-1].json
    assert (header["muted"], header["text"], "elements" in header) == (True, "We are on it.", False)


def test_a_merged_outage_points_to_the_one_it_went_into() -> None:
    world = World()
    inventory(world)
    world.act("declare", element="onu-1")
    world.act("declare", element="onu-2")
    one, two = world.outages()
    world.act("merge", outage_id=one, into=two)
    assert (world.outages()[one]["state"], world.outages()[one]["merged_into"]) == ("merged", two)
    world.act("merge", outage_id=two, into="nowhere")
    assert world.outages()[two]["state"] == "confirmed"


def test_an_action_on_an_unknown_outage_is_a_dead_letter() -> None:
    world = World()
    world.act("confirm", outage_id="nowhere")
    world.act("resolve", element="olt-1")
    world.act("declare")
    letters = world.of("dead.letters")
    assert [dict(letter.output.headers)["dlq.reason"] for letter in letters] == [b"unknown_outage"] * 3


def test_a_declared_outage_whose_devices_were_silent_ends_when_they_beat_again() -> None:
    world = World()
    world.tree(4, 10)
    world.at(400, world.cut, "olt-1")
    world.run(until=420)
    world.act("declare", element="olt-1")
    world.at(900, world.mend, "olt-1")
    world.run(until=1600)
    assert states(world) == ["confirmed", "monitoring", "restored"]


def test_customers_are_summed_over_partitions_and_published() -> None:
    world = World()
    inventory(world)
    world.act("declare", element="olt-1")
    outage = world.one()["outage_id"]
    for partition, customers in ((0, 3), (1, 4)):
        count = {
            "type": "affected",
            "outage_id": outage,
            "revision": 1,
            "partition": partition,
            "time": world.now,
            "customers": customers,
        }
        world.send("outages.affected", outage, count)
    world.restart_correlate()
    world.run(until=6)
    assert world.one()["customers"] == 7
    world.send("outages.affected", outage, {**count, "revision": 0, "customers": 9})
    world.run(until=12)
    assert world.one()["customers"] == 7
    revision = world.one()["revision"]
    world.send("outages.affected", "gone", {**count, "outage_id": "gone"})
    world.run(until=20)
    assert world.one()["revision"] == revision


def test_an_outage_long_over_leaves_the_table_and_the_compacted_topic() -> None:
    world = World()
    inventory(world)
    world.act("declare", element="olt-1")
    outage = world.one()["outage_id"]
    world.send(
        "outages.affected",
        outage,
        {"type": "affected", "outage_id": outage, "revision": 1, "partition": 0, "time": world.now, "customers": 1},
    )
    world.act("dismiss", element="olt-1")
    world.run(until=8 * 86_400, step=3600)
    assert world.outages() == {}
    assert not [key for key in world.correlate.table if key[:2] in (b"o/", b"n/", b"j/")]


@pytest.mark.parametrize("action", ["declare", "confirm"])
def test_what_staff_say_is_still_out_after_its_restoration_is_opened_again(action: str) -> None:
    world = World()
    inventory(world)
    world.act("declare", element="olt-1")
    outage = world.one()["outage_id"]
    world.act("resolve", outage_id=outage)
    world.run(until=60)
    world.act(action, outage_id=outage, text="still dark")
    row = world.one()
    assert (row["state"], "restored" in row, row["comment"]) == ("confirmed", False, "still dark")
    assert world.of("outages.impact")[-1].json["reopened"] == 1


def test_a_declaration_below_an_outage_that_has_it_up_is_one_of_its_own_and_a_child() -> None:
    world = World()
    world.tree(1, 10)
    world.run(until=300)
    for j in range(9):
        world.cut(f"onu-0-{j}")
    world.run(until=700)
    (above,) = [row for row in world.outages().values() if row["element"] == "olt-0"]
    world.act("declare", element="onu-0-9", customers=1)
    (own,) = [row for row in world.outages().values() if row["element"] == "onu-0-9"]
    assert (own["state"], own["parent"], own["elements_total"]) == ("confirmed", above["outage_id"], 1)
    world.run(until=800)
    assert world.outages()[own["outage_id"]]["state"] == "confirmed"


def test_what_is_merged_by_staff_keeps_its_suspicions_and_its_elements_in_the_whole() -> None:
    world = World()
    world.tree(8, 10)
    world.at(400, world.cut, "olt-1")
    world.at(400, world.cut, "olt-5")
    world.run(until=800)
    by_element = {row["element"]: outage for outage, row in world.outages().items()}
    one, two = by_element["olt-1"], by_element["olt-5"]
    world.act("merge", outage_id=one, into=two)
    world.run(until=830)
    assert world.impact()[two][1] >= {"olt-1", "olt-5", "onu-1-0", "onu-5-0"}
    world.mend("olt-5")
    world.run(until=1100)
    assert world.outages()[two]["state"] == "confirmed"
    world.mend("olt-1")
    world.run(until=1700)
    assert world.outages()[two]["state"] == "restored"
    world.cut("olt-1")
    world.run(until=2300)
    assert world.outages()[two]["state"] == "confirmed"


def test_every_action_on_a_closed_outage_leaves_it_closed_and_says_who_spoke() -> None:
    world = World()
    inventory(world)
    world.act("declare", element="olt-1")
    outage = world.one()["outage_id"]
    world.act("resolve", outage_id=outage)
    world.run(until=1900, step=5)
    for action in ("confirm", "dismiss", "resolve", "comment", "mute", "text", "approve", "cause", "etr"):
        world.act(action, outage_id=outage, text="late", author="eve", id=f"late-{action}")
        assert (world.one()["state"], world.one()["author"]) == ("closed", "eve")
