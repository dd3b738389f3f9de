"""Detector D: the Poisson CUSUM on what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

import pytest

from forewarn.stream.outages import degradation
from forewarn.stream.outages.baseline import Level
from forewarn.stream.outages.degradation import Cusum
from forewarn.stream.outages.kpi_policy import KpiPolicy, KpiRule
from forewarn.stream.outages.suspicion import Suspicion
from tests.gauges_desk import DAY, Desk

POLICY = KpiPolicy()
LOSS = KpiRule("loss_ratio", "loss", 0.005)
FAILURES = KpiRule("session_failures", "failures", 5)
H = degradation.threshold(POLICY)


def run(values: Iterable[float], *, rule: KpiRule = FAILURES, level: Level | None = None) -> list[Cusum]:
    state, found = Cusum(), []
    for minute, value in enumerate(values, start=1):
        state = degradation.step(POLICY, rule, state, minute, value, level, weight=1 / DAY)
        found.append(state)
    return found


def opened(states: list[Cusum]) -> list[int]:
    """Minutes at which a suspicion begins."""
    pairs = zip([Cusum(), *states], states, strict=False)
    return [minute for minute, (was, now) in enumerate(pairs, start=1) if now.open and not was.open]


def test_k_and_h_are_those_of_lucas_for_a_doubled_mean() -> None:
    #  m0 = 10, m1 = 20: k = 10 / ln 2 = 14.43; one sample of 17 adds 2.57; h = ln(1e6) / ln 2 = 19.93
    (first,) = run([17], level=Level(10, 1, 7))
    assert first.sum == pytest.approx(17 - 14.427, abs=0.01)
    assert pytest.approx(19.93, abs=0.01) == H


def test_what_creeps_up_adds_up_and_its_own_reset_ends_it() -> None:
    #  C  h ┈┈┈┈┈┈●━━━━●               onset: the last sample with C = 0
    #         ┃          ┃            over: C is back at 0
    #    0 ━━━●          ●━━━━
    states = run([10] * 20 + [18] * 30 + [10] * 20, level=Level(10, 1, 7))
    assert opened(states) == [26]
    assert states[25].open == 20
    assert states[25].run == 6
    assert [minute for minute, state in enumerate(states, start=1) if state.open][-1] == 54
    assert states[-1].sum == 0


def test_one_outlier_is_no_degradation() -> None:
    assert opened(run([10] * 10 + [5000] + [10] * 10, level=Level(10, 1, 7))) == []
    assert opened(run([10] * 10 + [5000] * 5, level=Level(10, 1, 7))) == [15]


def test_less_than_the_floor_is_not_worth_a_word() -> None:
    assert opened(run([1] * 50 + [6] * 50, level=Level(1, 0.1, 7))) == []
    assert opened(run([0.0002] * 100 + [0.005] * 100, rule=LOSS)) == []


def test_counts_wait_for_a_baseline_and_ratios_for_twelve_samples() -> None:
    assert opened(run([10] * 500 + [100] * 100)) == []
    states = run([0.005] * 11 + [0.05] * 60, rule=LOSS)
    assert opened(run([0.005] * 12 + [0.05] * 60, rule=LOSS)) == [17]
    assert states[10].learned == 11


@pytest.mark.parametrize(
    ("draw", "rule", "mean"),
    [
        (lambda r: float(sum(r.random() < 0.01 for _ in range(1000))), FAILURES, 10.0),
        (lambda r: max(0.0, r.gauss(10, 8)), FAILURES, 10.0),  # scatters six times as much as Poisson's
        (lambda r: max(0.0, r.gauss(0.006, 0.002)), LOSS, 0.006),
    ],
)
def test_chance_alone_raises_nothing_in_a_week(draw: Callable[[Random], float], rule: KpiRule, mean: float) -> None:
    random = Random(7)
    values = [draw(random) for _ in range(7 * DAY)]
    assert opened(run(values, rule=rule, level=Level(mean, 1, 7))) == []


def test_a_degradation_of_a_region_is_told_once_and_ends() -> None:
    #  loss 0.2 % ────────▁▂▃▄▅▆▇█──────    rises to 3 % over two hours, an hour later it is mended
    random = Random(3)
    desk = Desk()

    def loss(minute: int) -> float:
        rise = min(max(0, minute - 600) / 120, 1) * 0.028 if minute < 780 else 0
        return 0.002 + rise + random.gauss(0, 0.0002)

    desk.feed({minute: loss(minute) for minute in range(900)}, name="loss_ratio")
    (first, raised), (last, cleared) = desk.signals
    assert (raised["kind"], raised["detector"], raised["reason"]) == ("suspect", "degradation", "loss_ratio")
    assert 600 < first < 660
    assert raised["value"] == raised["threshold"] == pytest.approx(H)
    assert (cleared["kind"], cleared["reason"]) == ("clear", "recovered")
    assert 780 < last < 800


def test_a_falling_success_ratio_is_a_degradation() -> None:
    desk = Desk()
    desk.feed({m: 0.99 if m < 300 else 0.9 for m in range(330)}, name="attach_success_ratio", element="cell-7")
    assert [(signal["detector"], signal["element"]) for _, signal in desk.signals] == [("degradation", "cell-7")]


def test_a_busy_hour_that_comes_every_day_is_learned() -> None:
    #  loss 0.5 % at night, 2.5 % in the evening
    desk = Desk()
    desk.feed({m: 0.025 if 1080 <= m % DAY < 1320 else 0.005 for m in range(4 * DAY)}, name="loss_ratio")
    assert [minute // DAY for minute, _ in desk.signals if minute >= 2 * DAY] == []


def test_what_goes_wrong_while_devices_are_suspected_is_no_degradation() -> None:
    #  loss     0.2 % ────┐ 5 % from 300 on, mended at 400
    #  devices  ────┐ north suspected from 302 to 402: an outage has loss, too
    desk = Desk()
    for minute in range(500):
        if minute == 302:
            desk.watch.open["region/north"] = Suspicion("north", "north", True, 0, "liveness", 0, 0, 0, 0, 0, 0, 0, 0)
        if minute == 402:
            desk.watch.open.clear()
        desk.feed({minute: 0.05 if 300 <= minute < 400 else 0.002}, name="loss_ratio")
    assert desk.signals == []


def degraded(*spans: tuple[str | None, range]) -> list[tuple[str, str, str, int]]:
    """(kind, element, reason, minute) while elements, or the region (None), have 3 % loss in these minutes."""
    desk = Desk()
    for minute in range(120):
        for element, span in spans:
            desk.sample(minute, 0.03 if minute in span else 0.001, name="loss_ratio", element=element)
        desk.tick(minute + 0.5)
    return [(one["kind"], one["element"], one["reason"], int(minute)) for minute, one in desk.signals]


def test_an_element_explains_the_degradation_of_its_region_whichever_came_first() -> None:
    #  region   ───30▁▁▁▁▁▁▁▁▁▁70───            ───40▁▁▁▁▁▁▁▁▁▁70───
    #  element  ──────40▁▁▁▁▁▁▁70───            ───30▁▁▁▁▁▁▁▁▁▁70───
    assert degraded((None, range(30, 70)), ("cell-1", range(40, 70))) == [
        ("suspect", "north", "loss_ratio", 34),
        ("suspect", "cell-1", "loss_ratio", 44),
        ("clear", "north", "absorbed", 44),
        ("clear", "cell-1", "recovered", 74),
    ]
    assert degraded((None, range(40, 70)), ("cell-1", range(30, 70))) == [
        ("suspect", "cell-1", "loss_ratio", 34),
        ("clear", "cell-1", "recovered", 74),
    ]


def test_three_degraded_elements_are_their_regions() -> None:
    cells = [(f"cell-{number}", range(30 + 3 * number, 70)) for number in range(4)]
    told = degraded((None, range(31, 70)), *cells)
    assert [one[:3] for one in told] == [
        ("suspect", "cell-0", "loss_ratio"),
        ("suspect", "cell-1", "loss_ratio"),
        ("suspect", "north", "loss_ratio"),
        ("clear", "cell-0", "absorbed"),
        ("clear", "cell-1", "absorbed"),
        ("clear", "north", "recovered"),
    ]
