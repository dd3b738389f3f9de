"""Pace: slots of a channel, one every interval after a burst of a second.

rate 2 over 1 partition:   ██┊  ┊ █ ┊ █ ┊ █      two at once, then one every half second
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.pace import Pace
from forewarn.stream.engine.unit import Unit

NOW = 1_000_000


def taken(pace: Pace, table: dict[bytes, bytes], now: int) -> int:
    """The slot that a message gets at `now`."""
    unit = Unit(table, {}, now)
    slot = max(pace.slots(unit)["email"], now)
    pace.take(unit, "email")
    table.update(unit.dirty)
    return slot


def test_a_burst_goes_at_once_and_what_follows_has_a_slot_each() -> None:
    table: dict[bytes, bytes] = {}
    slots = [taken(Pace({"email": 8}, 4), table, NOW) - NOW for _ in range(6)]
    assert slots == [0, 0, 0, 500, 1000, 1500]


def test_a_channel_without_a_rate_is_always_free() -> None:
    unit = Unit({}, {}, NOW)
    pace = Pace({"email": 1}, 1)
    pace.take(unit, "sms")
    assert pace.slots(unit).keys() == {"email"}
    assert unit.empty


@given(st.sampled_from((1, 3, 7, 50)), st.lists(st.sampled_from((0, 0, 0, 10, 900, 5000)), max_size=60))
def test_no_stretch_of_time_has_more_slots_than_the_rate_and_a_burst(rate: int, pauses: list[int]) -> None:
    now, table = NOW, dict[bytes, bytes]()
    slots = []
    for pause in pauses:
        now += pause
        slots.append(taken(Pace({"email": rate}, 1), table, now))  # nothing but the table is remembered
    assert slots == sorted(slots)
    for first, since in enumerate(slots):
        for last, until in enumerate(slots[first:], first):
            assert last - first + 1 <= (until - since + 1) / 1000 * rate + rate + 1
