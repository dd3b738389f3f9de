"""Every target can be met and can be missed, and says `n too small` in between."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from forewarn.stream.score.promises import Forecast, Kept
from forewarn.stream.score.sample import FalseAlarm, Hush, Sample, Sought, Threshold, Warned, pool
from forewarn.stream.score.targets import Target, Verdict, targets

N = 300


def sought(**changes: object) -> Sought:
    one = Sought(
        seed=1, fault="f", what="fibre_cut", region="r1", element="r1-olt", start=0, end=3_600_000, devices=20,
        share=1.0, silence_s=180, found=True, suspected_s=190, confirmed_s=280, told_s=310, named="r1-olt", right=True,
        parent=True, swallowed=False, affected=30, told=28, twice=0, astray=0, restored_late_s=20, story="",
    )  # fmt: skip
    return msgspec.structs.replace(one, **changes)


def false(**changes: object) -> FalseAlarm:
    one = FalseAlarm(seed=1, outage_id="o", region="r1", element="r1-olt", at=0, reason="nothing", fault=None,
                     devices=3, told=5, quiet=True, story="")  # fmt: skip
    return msgspec.structs.replace(one, **changes)


def kept(number: int, *, wide: bool = False) -> Kept:
    """Four in five within p10 to p90; history is far off."""
    said = Forecast(0, 3600, 9e9) if wide else Forecast(3000, 3600, 4200)
    restored = 3700.0 if number % 5 else 4500.0
    return Kept(said=said, restored=restored, history=Forecast(0, 7200, 20_000))


def threshold(problem: str | None) -> Threshold:
    return Threshold(seed=1, customer="C", bucket="data", percent=80, at=0, problem=problem)


GOOD = Sample(
    pairs=20,
    region_days=4_000.0,
    sought=(sought(),) * N,
    hush=(Hush(seed=1, id="l", what="blip", at=0, told=0),) * N,
    kept=tuple(kept(number) for number in range(N)),
    thresholds=(threshold(None),) * N,
    warned=(Warned(seed=1, customer="C", bucket="data", ahead_s=60 * 3600),) * N,
)


def changed(**parts: object) -> Sample:
    return msgspec.structs.replace(GOOD, **parts)


def of(sample: Sample, key: str) -> Target:
    return next(target for target in targets(sample) if target.key == key)


def mixed(good: Sought, bad: Sought, part: float) -> tuple[Sought, ...]:
    return (bad,) * round(N * part) + (good,) * round(N * (1 - part))


PAST = Forecast(0, 7200, 9000)
WRONG: dict[str, Sample] = {
    "precision": changed(false=(false(),) * 20),
    "recall": changed(sought=mixed(sought(), sought(found=False), 0.12)),
    "suspected": changed(sought=mixed(sought(), sought(suspected_s=180 + 61), 0.06)),
    "confirmed": changed(sought=mixed(sought(), sought(confirmed_s=180 + 181), 0.06)),
    "false_outages": changed(false=(false(),) * 5),
    "silence": changed(hush=(*GOOD.hush, Hush(seed=1, id="x", what="blip", at=0, told=1))),
    "parent": changed(sought=mixed(sought(), sought(right=False), 0.12)),
    "merged": changed(sought=mixed(sought(), sought(found=False, swallowed=True), 0.12)),
    "etr_coverage": changed(kept=tuple(kept(number, wide=True) for number in range(N))),
    "etr_error": changed(
        kept=(Kept(said=Forecast(0, 7000, 9000), restored=3600, history=Forecast(0, 7200, 9000)),) * N
    ),
    "etr_interval": changed(
        kept=(Kept(said=Forecast(0, 1, 8000), restored=3600, history=Forecast(0, 7200, 9000)),) * N
    ),
    "thresholds": changed(thresholds=(*GOOD.thresholds, threshold("missing"))),
    "forecast": changed(warned=GOOD.warned[:200] + (Warned(seed=1, customer="C", bucket="data", ahead_s=None),) * 100),
    "warning": changed(warned=(Warned(seed=1, customer="C", bucket="data", ahead_s=47 * 3600),) * N),
}


def test_everything_is_met_when_all_goes_well() -> None:
    assert {target.key: target.verdict for target in targets(GOOD)} == dict.fromkeys(WRONG, Verdict.PASS)


@pytest.mark.parametrize("key", WRONG)
def test_every_target_can_be_missed(key: str) -> None:
    target = of(WRONG[key], key)
    assert target.verdict is Verdict.MISS
    assert target.gap > 0


def test_nothing_at_all_is_too_small_for_every_target() -> None:
    assert {target.verdict for target in targets(Sample())} == {Verdict.SMALL}


SMALL: dict[str, Callable[[], Sample]] = {
    "precision": lambda: changed(sought=GOOD.sought[:29]),
    "suspected": lambda: changed(sought=GOOD.sought[:58]),
    "false_outages": lambda: changed(region_days=2_999.0),
    "silence": lambda: changed(hush=GOOD.hush[:29]),
    "etr_coverage": lambda: changed(kept=GOOD.kept[:249]),
    "thresholds": lambda: changed(thresholds=GOOD.thresholds[:29]),
}


@pytest.mark.parametrize("key", SMALL)
def test_too_few_observations_are_no_success(key: str) -> None:
    assert of(SMALL[key](), key).verdict is Verdict.SMALL


def test_few_observations_that_leave_no_hope_are_a_miss() -> None:
    """None of ten found: even the upper bound of the share, 28 %, is below 90 %."""
    assert of(Sample(sought=(sought(found=False),) * 10), "recall").verdict is Verdict.MISS
    assert of(Sample(sought=(sought(found=False), *(sought(),) * 9)), "recall").verdict is Verdict.SMALL


def test_many_false_outages_in_few_region_days_are_a_miss() -> None:
    assert of(Sample(region_days=20.0, false=(false(),) * 3), "false_outages").verdict is Verdict.MISS


def test_what_must_never_happen_is_a_miss_at_once() -> None:
    assert of(Sample(hush=(Hush(seed=1, id="l", what="blip", at=0, told=1),)), "silence").verdict is Verdict.MISS
    assert of(Sample(thresholds=(threshold("twice"),)), "thresholds").verdict is Verdict.MISS


def test_a_false_outage_counts_per_region_day_only_when_customers_heard_it_on_a_quiet_day() -> None:
    loud = of(changed(false=(false(told=0), false(quiet=False), false())), "false_outages")
    assert loud.value == pytest.approx(1 / 4)


def test_a_gasp_makes_no_negative_delay() -> None:
    early = of(changed(sought=(sought(suspected_s=5, confirmed_s=95),) * N), "suspected")
    assert early.value == 0.0


def test_pooling_is_putting_together() -> None:
    both = pool([GOOD, WRONG["precision"]])
    assert both.pairs == 40
    assert both.region_days == 8_000
    assert of(both, "precision").n == of(GOOD, "precision").n * 2 + 20
