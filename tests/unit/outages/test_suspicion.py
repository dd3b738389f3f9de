"""One suspicion: confirmed, cleared, or raised again. Seconds are event time."""

from __future__ import annotations

from msgspec.structs import replace

from forewarn.stream.outages import suspicion
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.suspicion import Look, Suspicion, Verdict

POLICY = OutagePolicy()
RAISED = Suspicion("north", "olt-1", False, 0, "liveness", 1e-9, 1e-6, 300_000, 100_000, 0, 20, k=10, peak=10)


def look(second: int, *, down: int, still: int | None = None, surprises: bool = True, alarmed: bool = False) -> Look:
    return Look(second * 1000, second // 5, down, down if still is None else still, surprises, alarmed)


def step(state: Suspicion, what: Look) -> tuple[Suspicion, Verdict]:
    return suspicion.step(POLICY, state, what)


def test_it_waits_90_s_and_is_confirmed_when_four_fifths_are_still_down() -> None:
    #  100 raised                    190
    #  ├──────────── 90 s ───────────┤ 8 of 10 still down
    assert step(RAISED, look(189, down=10))[1] is Verdict.WAIT
    assert step(RAISED, look(190, down=20, still=8))[1] is Verdict.STILL_DOWN


def test_it_is_raised_again_while_what_is_left_surprises_and_ends_otherwise() -> None:
    again, verdict = step(RAISED, look(190, down=9, still=7))
    assert verdict is Verdict.RAISED_AGAIN
    assert (again.raised, again.k) == (190_000, 9)
    assert step(RAISED, look(190, down=7, surprises=False))[1] is Verdict.NOT_HELD


def test_it_is_over_when_nearly_all_are_back() -> None:
    assert step(RAISED, look(120, down=3))[1] is Verdict.WAIT
    assert step(RAISED, look(120, down=2))[1] is Verdict.BACK


def test_a_confirmed_one_is_measured_by_its_peak() -> None:
    confirmed = replace(RAISED, confirmed=True)
    grown, _ = step(confirmed, look(300, down=50))
    assert grown.peak == 50
    assert step(grown, look(400, down=11))[1] is Verdict.WAIT
    assert step(grown, look(400, down=10))[1] is Verdict.BACK


def test_two_sources_confirm_at_once() -> None:
    confirmed, verdict = step(RAISED, look(101, down=10, alarmed=True))
    assert verdict is Verdict.TWO_SOURCES
    assert confirmed.confirmed


def test_an_alarm_waits_for_devices_and_ends_with_its_clear() -> None:
    alarm = replace(RAISED, detector="alarm", k=0, peak=0)
    assert step(alarm, look(300, down=0, alarmed=True))[1] is Verdict.WAIT
    assert step(alarm, look(300, down=0))[1] is Verdict.ALARM_CLEARED
    few, verdict = step(alarm, look(300, down=1, surprises=False, alarmed=True))
    assert verdict is Verdict.WAIT
    back, verdict = step(few, look(310, down=0, alarmed=True))
    assert (back.peak, verdict) == (0, Verdict.WAIT)
    assert step(few, look(310, down=3, alarmed=True))[1] is Verdict.TWO_SOURCES
