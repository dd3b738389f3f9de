"""Timelines of outages through detect and correlate together. Seconds of event time; beats every 60 s unless said."""

from __future__ import annotations

from forewarn.stream.outages.policy import OutagePolicy
from tests.acceptance.outage_world import EPOCH, World


def expect(change: tuple[str, float], state: str, low: float, high: float) -> float:
    """Asserts a change of state within a span of seconds; gives its second."""
    assert change[0] == state
    assert low <= change[1] <= high
    return change[1]


def test_a_line_terminal_fails_and_comes_back() -> None:
    #  beats  | | | | | | |                          | | | | | |
    #  second 0     400 cut          ~523 silent      1000 mended
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(1000, world.mend, "olt-1")
    world.run(until=3600)

    changes = world.states()
    suspected = expect(changes[0], "suspected", 520, 580)
    expect(changes[1], "confirmed", suspected + 90, 400 + 180 + 180)
    monitoring = expect(changes[2], "monitoring", 1040, 1070)
    restored = expect(changes[3], "restored", monitoring + 300, monitoring + 310)
    expect(changes[4], "closed", restored + 1800, restored + 1810)
    assert len(changes) == 5
    row = world.one()
    assert (row["element"], row["region"]) == ("olt-1", "north")
    assert row["started"].startswith("2027-01-15T08:06:4")
    assert row["evidence"][0]["detector"] == "liveness"


def test_the_customers_partitions_learn_every_down_element_and_the_failed_one() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.run(until=700)
    for partition in (0, 1):
        ((state, elements),) = world.impact(partition).values()
        assert state == "confirmed"
        assert elements == {"olt-1", *(f"onu-1-{j}" for j in range(25))}
    row = world.one()
    assert (row["devices_down"], row["devices_expected"], row["elements_total"]) == (25, 25, 26)
    assert len(world.of("outages.revisions")[-1].json["elements"]) == 26
    assert "elements" not in row


def test_the_fast_policy_of_the_demo_finds_and_ends_an_outage_within_a_minute() -> None:
    policy = OutagePolicy(
        tick_s=1,
        lateness_s=2,
        interval_s=1,
        longest_silence_s=5,
        window_s=15,
        level_windows_s=(60,),
        confirm_s=10,
        hysteresis_s=10,
        reopen_s=60,
        blind_s=5,
        impact_s=2,
    )
    world = World(policy)
    world.tree(4, 10, interval=1)
    world.at(30, world.cut, "olt-1")
    world.at(60, world.mend, "olt-1")
    world.run(until=100)
    changes = world.states()
    expect(changes[0], "suspected", 33, 36)
    expect(changes[1], "confirmed", 43, 47)
    expect(changes[2], "monitoring", 60, 63)
    expect(changes[3], "restored", 70, 74)
    second, event_time = world.marks()[-1]
    assert second - event_time <= 3


def test_a_network_at_rest_has_no_outage_though_single_devices_come_and_go() -> None:
    world = World()
    world.tree(4, 25)
    for i in range(12):
        world.at(200 + i * 300, world.cut, f"onu-{i % 4}-{i}")
        world.at(1200 + i * 300, world.mend, f"onu-{i % 4}-{i}")
    world.run(until=6000, step=5)
    assert world.outages() == {}


def test_when_most_siblings_fail_their_parent_is_named_once() -> None:
    world = World()
    world.tree(5, 12)
    for i in range(5):
        world.add(f"olt-{i}", parent="agg-1")
        world.at(400, world.cut, f"olt-{i}")
    world.tree(6, 12, region="south", prefix="s-")
    world.run(until=900)
    told = {row["element"]: row["state"] for row in world.outages().values()}
    assert told["agg-1"] == "confirmed"
    assert {state for element, state in told.items() if element != "agg-1"} <= {"merged"}
    (outage,) = [row["outage_id"] for row in world.outages().values() if row["element"] == "agg-1"]
    assert all(row.get("merged_into", outage) == outage for row in world.outages().values())
    assert len(world.impact()[outage][1]) == 1 + 5 + 60


def test_two_of_many_siblings_are_two_outages() -> None:
    world = World()
    world.tree(10, 10)
    world.at(400, world.cut, "olt-2")
    world.at(400, world.cut, "olt-7")
    world.run(until=900)
    assert sorted((row["element"], row["state"]) for row in world.outages().values()) == [
        ("olt-2", "confirmed"),
        ("olt-7", "confirmed"),
    ]


def test_devices_without_parents_are_an_outage_of_their_region() -> None:
    world = World()
    for j in range(20):
        world.add(f"cpe-{j}")
    for j in range(8):
        world.at(400, world.cut, f"cpe-{j}")
    world.run(until=900)
    row = world.one()
    assert (row["element"], row["state"], row["elements_total"]) == ("north", "confirmed", 8)


def test_an_infrastructure_element_alone_is_suspected_and_what_hangs_on_it_is_out() -> None:
    world = World()
    world.send("network.inventory", "olt-1", {"element": "olt-1", "region": "north", "kind": "olt"})
    for j in range(3):
        name = f"onu-{j}"
        world.send("network.inventory", name, {"element": name, "region": "north", "kind": "onu", "parent": "olt-1"})
    world.add("olt-1")
    world.at(300, world.cut, "olt-1")
    world.run(until=800)
    row = world.one()
    assert (row["element"], row["state"], row["devices_down"]) == ("olt-1", "confirmed", 1)
    assert world.impact()[row["outage_id"]][1] == {"olt-1", "onu-0", "onu-1", "onu-2"}


def test_a_dual_homed_element_is_out_only_when_all_its_parents_are() -> None:
    world = World()
    for olt in ("olt-1", "olt-2"):
        world.send("network.inventory", olt, {"element": olt, "region": "north", "kind": "olt"})
        world.add(olt)
    for name, parents in (("onu-1", ["olt-1"]), ("onu-12", ["olt-1", "olt-2"])):
        world.send("network.inventory", name, {"element": name, "region": "north", "kind": "onu", "parents": parents})
    world.at(300, world.cut, "olt-1")
    world.at(900, world.cut, "olt-2")
    world.run(until=800)
    ((_, elements),) = world.impact().values()
    assert elements == {"olt-1", "onu-1"}
    world.run(until=1400)
    assert set().union(*(elements for _, elements in world.impact().values())) == {"olt-1", "olt-2", "onu-1", "onu-12"}


def test_dying_gasps_are_suspected_within_a_tick() -> None:
    world = World()
    world.tree(4, 10)
    world.run(until=300)
    for j in range(10):
        world.beat(f"onu-1-{j}", 300, status="dying_gasp", parent="olt-1", interval_s=60)
    world.cut("olt-1")
    world.run(until=500)
    changes = world.states("olt-1")
    expect(changes[0], "suspected", 300, 306)
    expect(changes[1], "confirmed", 390, 400)


def test_a_suspicion_whose_devices_return_is_dismissed_and_no_customer_is_told() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(560, world.mend, "olt-1")
    world.run(until=1500)
    changes = world.states()
    assert [state for state, _ in changes] == ["suspected", "dismissed"]


def test_a_parents_alarm_confirms_at_once() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(440, world.alarm, "olt-1", "a-1", "critical")
    world.run(until=700)
    changes = world.states("olt-1")
    expect(changes[0], "suspected", 440, 446)
    expect(changes[1], "confirmed", 520, 560)


def test_an_alarm_alone_suspects_and_its_clear_dismisses() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.alarm, "olt-1", "a-1", "critical")
    world.at(900, world.alarm, "olt-1", "a-1", "cleared")
    world.run(until=1000)
    changes = world.states("olt-1")
    expect(changes[0], "suspected", 400, 406)
    expect(changes[1], "dismissed", 900, 906)


def test_a_relapse_within_the_hysteresis_is_the_same_outage_and_never_restored_between() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(900, world.mend, "olt-1")
    world.at(1030, world.cut, "olt-1")
    world.at(2000, world.mend, "olt-1")
    world.run(until=3000)
    states = [state for state, _ in world.states()]
    assert states == ["suspected", "confirmed", "monitoring", "confirmed", "monitoring", "restored"]
    assert len(world.outages()) == 1


def test_a_relapse_within_half_an_hour_reopens_the_same_outage() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(900, world.mend, "olt-1")
    world.at(2000, world.cut, "olt-1")
    world.at(3000, world.mend, "olt-1")
    world.run(until=4000)
    states = [state for state, _ in world.states()]
    assert states == ["suspected", "confirmed", "monitoring", "restored"] * 2
    assert len(world.outages()) == 1


def test_devices_left_over_do_not_keep_an_outage_open_nor_raise_another() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(900, world.mend, "olt-1")
    for j in range(4):
        world.at(900, world.cut, f"onu-1-{j}")
    world.run(until=5000, step=5)
    assert [state for state, _ in world.states()] == ["suspected", "confirmed", "monitoring", "restored", "closed"]


def test_what_is_down_behind_a_silent_collector_is_unknown_and_becomes_an_outage_only_when_seen() -> None:
    world = World()
    world.tree(2, 10, collector="c-1")
    world.tree(2, 10, region="south", prefix="s-", collector="c-2")
    world.at(400, world.held.add, "c-2")
    world.at(1500, world.held.discard, "c-2")
    world.run(until=2500)
    states = {state for state, _ in world.states()}
    assert "confirmed" not in states
    assert "unknown" in states
    assert {row["state"] for row in world.outages().values()} <= {"dismissed", "merged"}


def test_an_outage_behind_a_live_collector_is_confirmed_though_another_collector_is_silent() -> None:
    world = World()
    world.tree(4, 10, collector="c-1")
    world.tree(4, 10, region="south", prefix="s-", collector="c-2")
    world.at(390, world.held.add, "c-2")
    world.at(400, world.cut, "olt-1")
    world.run(until=900)
    assert "confirmed" in [state for state, _ in world.states("olt-1")]


def test_replayed_old_heartbeats_restore_nothing() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")

    def replay() -> None:
        for j in range(25):
            for second in (410, 470, 530):
                world.beat(f"onu-1-{j}", second, parent="olt-1", interval_s=60)

    world.at(900, replay)
    world.run(until=1500)
    assert world.one()["state"] == "confirmed"
    assert world.one()["devices_down"] == 25


def test_planned_work_is_tracked_and_confirms_nothing() -> None:
    world = World()
    world.tree(4, 25)
    plan = {"elements": ["olt-1"], "start": EPOCH + 300_000, "end": EPOCH + 2_000_000, "status": "planned"}
    world.send("network.maintenance", "m-1", plan)
    world.at(400, world.cut, "olt-1")
    world.at(1000, world.mend, "olt-1")
    world.run(until=1500)
    assert [state for state, _ in world.states()] == ["planned", "closed"]
    assert world.one()["maintenance_id"] == "m-1"


def test_the_progress_mark_follows_time_also_without_traffic_and_never_goes_back() -> None:
    world = World(partitions=3)
    world.run(until=300)
    marks = world.marks()
    assert marks == sorted(marks)
    assert len({second for second, _ in marks}) >= 59
    assert all(second - 70 <= event_time <= second - 59 for second, event_time in marks[2:])


def test_the_progress_mark_waits_for_a_region_partition_that_is_not_running() -> None:
    world = World(partitions=3)
    world.run(until=300)
    world.dead.add(2)
    world.run(until=600)
    assert 230 <= world.marks()[-1][1] <= 245


def test_a_source_that_is_behind_holds_the_clock_at_what_was_read() -> None:
    world = World()
    world.tree(2, 10)
    world.run(until=300)
    world.lagging.add("network.heartbeats")
    world.cut("olt-0")
    world.cut("olt-1")
    world.run(until=1500)
    assert world.outages() == {}
    assert world.marks()[-1][1] <= 300
