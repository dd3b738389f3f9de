"""What holds for forecasts whatever is used, and when."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from forewarn.topics.events.customers import Bucket
from tests.usage_desk import DAY, HOUR, Desk, account, ms

JULY = ms("2026-07-01")

#: Days of usage: (amount every three hours, days it goes on for, top-up before it).
paces = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 6), st.sampled_from((0, 0, 0, 500))), min_size=2, max_size=6
)


def played(spans: list[tuple[int, int, int]], *, restarts: bool) -> Desk:
    """A desk that has seen it all; with `restarts` it is killed once a day."""
    desk, at = Desk(), JULY
    desk.profile(account(Bucket("data", 1000, "MB", True, 1, 100)))
    for amount, days, top_up in spans:
        if top_up:
            desk.use(at, top_up, kind="top_up")
        for slot in range(days * 8):
            if restarts and slot % 8 == 0:
                desk.restart()
            desk.use(at + slot * 3 * HOUR + 60_000, amount)
        at += days * DAY
    return desk


@given(paces)
@settings(max_examples=8, deadline=None)
def test_a_restart_changes_nothing_that_is_told(spans: list[tuple[int, int, int]]) -> None:
    one, other = played(spans, restarts=False), played(spans, restarts=True)
    assert [output.value for output in one.outputs] == [output.value for output in other.outputs]
    assert one.core.table == other.core.table


@given(paces)
@settings(max_examples=15, deadline=None)
def test_a_forecast_is_told_once_a_cycle_early_and_not_after_most_was_used(spans: list[tuple[int, int, int]]) -> None:
    desk = played(spans, restarts=False)
    forecasts = desk.alerts_of("forecast")
    assert all(count == 1 for count in Counter(alert["cycle_start"] for alert in forecasts).values())
    for alert in forecasts:
        assert ms(alert["runs_out"]) - ms(alert["time"]) >= DAY
        assert ms(alert["runs_out"]) < ms(alert["cycle_end"])
        assert alert["probability"] >= 0.8
        assert alert["used"] < alert["allowance"]
        told = [t for t in desk.alerts if t["cycle_start"] == alert["cycle_start"] and t["percent"] >= 80]
        assert all(ms(t["time"]) >= ms(alert["time"]) for t in told)


@given(paces)
@settings(max_examples=15, deadline=None)
def test_shares_of_a_spend_limit_ascend_and_are_told_once(spans: list[tuple[int, int, int]]) -> None:
    desk = played(spans, restarts=False)
    classes = [(c.cycle_start, int(c.class_ or 0)) for _, c in desk.crossings if c.kind == "spend"]
    assert classes == sorted(set(classes))
    for alert in desk.alerts_of("spend"):
        assert alert["used"] * 100 >= 80 * alert["allowance"]
        assert alert["percent"] >= 80
