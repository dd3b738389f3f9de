"""The timer wheel."""

from __future__ import annotations

from forewarn.stream.outages.wheel import Wheel


def test_an_entry_is_found_once_its_slot_is_over() -> None:
    #  slot     0         1         2
    #           |---------|--A------|-----     A is due at 1500
    wheel: Wheel[str] = Wheel(1000)
    assert wheel.put("A", 1500) == 1
    assert list(wheel.due(1999)) == []
    assert not wheel.waits(1999)
    assert wheel.waits(2000)
    assert list(wheel.due(2000)) == [(1, "A")]
    assert list(wheel.due(9000)) == []


def test_what_is_not_taken_stays() -> None:
    wheel: Wheel[str] = Wheel(1000)
    for name in "abc":
        wheel.put(name, 100)
    first = next(wheel.due(5000))
    assert wheel.waits(5000)
    assert {first[1], *(name for _, name in wheel.due(5000))} == {"a", "b", "c"}
    assert not wheel.waits(5000)


def test_an_entry_may_be_put_back_while_the_wheel_turns() -> None:
    wheel: Wheel[str] = Wheel(1000)
    wheel.put("late", 100)
    found = []
    for _, name in wheel.due(10_000):
        found.append(name)
        if len(found) < 3:
            wheel.put(name, 5000)
    assert found == ["late"] * 3
