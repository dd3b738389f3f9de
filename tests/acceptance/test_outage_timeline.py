"""Timelines of outages through detect and correlate together. Seconds of event time; beats every 60 s unless said."""

from __future__ import annotations

from tests.acceptance.outage_world import World


def between(second: float, low: float, high: float) -> bool:
    return low <= second <= high


def test_a_line_terminal_fails_and_comes_back() -> None:
    #  beats  | | | | | | |                          | | | | | |
    #  second 0     400 cut          ~523 silent      1000 mended
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(1000, world.mend, "olt-1")
    world.run(until=3600)

    (suspected, confirmed, monitoring, restored, closed) = world.states()
    assert suspected[0] == "suspected" and between(suspected[1], 520, 580)
    assert confirmed[0] == "confirmed" and between(confirmed[1], suspected[1] + 90, 400 + 180 + 180)
    assert monitoring[0] == "monitoring" and between(monitoring[1], 1040, 1070)
    assert restored[0] == "restored" and between(restored[1], monitoring[1] + 300, monitoring[1] + 310)
    assert closed[0] == "closed" and between(closed[1], restored[1] + 1800, restored[1] + 1810)
    row = world.one()
    assert row["element"] == "olt-1" and row["region"] == "north"
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
