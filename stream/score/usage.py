"""Usage, held against the truth: each threshold once a cycle and nothing else; forecasts that came true, and how early.

A crossing is told apart by customer, bucket, cycle and percent. A burst over several thresholds is one crossing, of the
highest. A forecast is judged when its cycle lies within the world: of cycles that are cut off only those would count
that come true soon, so a short world would find forecasts truer and later than they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from forewarn.stream.score.output import Alert, Output
from forewarn.stream.score.sample import Threshold, Warned
from forewarn.stream.score.truth import Reached, Truth
from forewarn.topics.instants import to_ms

#: Percent at which an allowance is used up.
WHOLE = 100
#: A world begins at any hour of the day on which a cycle begins (ms).
A_DAY = 86_400_000

Crossing = tuple[str, str, int, float]


def thresholds(seed: int, reached: Sequence[Reached], output: Output) -> tuple[Threshold, ...]:
    """Every threshold that was reached or said to be reached, and what is wrong with it."""
    if not reached and not output.alerts:
        return ()
    wanted = {(one.customer, one.bucket, one.cycle_start, one.percent): one for one in reached}
    said = Counter(_crossing(alert) for alert in output.alerts if alert.kind == "threshold")
    at = {_crossing(alert): to_ms(alert.time) for alert in output.alerts}
    notices = _notices(output)
    found = []
    for crossing in [*wanted, *(crossing for crossing in said if crossing not in wanted)]:
        customer, bucket, _, percent = crossing
        truth = wanted.get(crossing)
        found.append(
            Threshold(
                seed=seed,
                customer=customer,
                bucket=bucket,
                percent=percent,
                at=truth.time if truth is not None else at[crossing],
                problem=_problem(truth, said[crossing], notices[customer, bucket, percent]),
            )
        )
    return tuple(found)


def _crossing(alert: Alert) -> Crossing:
    return alert.customer, alert.bucket, to_ms(alert.cycle_start), alert.percent


def _notices(output: Output) -> Counter[tuple[str, str, float]]:
    """Most notices of one crossing in a cycle (`incident` names bucket and cycle), by customer, bucket and percent."""
    one = Counter(
        (notice.customer, notice.incident, float(notice.class_ or 0))
        for notice in output.notices
        if notice.kind == "usage" and notice.stage == "threshold"
    )
    most: Counter[tuple[str, str, float]] = Counter()
    for (customer, incident, percent), count in one.items():
        key = (customer, incident.partition("/")[0], percent)
        most[key] = max(most[key], count)
    return most


def _problem(truth: Reached | None, said: int, notices: int) -> str | None:
    if truth is None:
        return "unexpected"
    if not said:
        return "missing"
    if said > 1 or notices > 1:
        return "twice"
    return "unwanted" if notices and not truth.notify else None


def warnings(truth: Truth, output: Output) -> tuple[Warned, ...]:
    """Every forecast that can be judged. A truth that does not say what ran out says it by the 100 % thresholds."""
    full = truth.exhausted or [one for one in truth.reached if one.percent >= WHOLE]
    empty: dict[tuple[str, str, int], int] = {}
    for one in full:
        empty.setdefault((one.customer, one.bucket, one.cycle_start), one.time)
    found = []
    for alert in output.alerts:
        if alert.kind != "forecast":
            continue
        if to_ms(alert.cycle_end) > truth.world.end or to_ms(alert.cycle_start) < truth.world.start - A_DAY:
            continue
        ran_out = empty.get((alert.customer, alert.bucket, to_ms(alert.cycle_start)))
        ahead = None if ran_out is None else (ran_out - to_ms(alert.time)) / 1000
        found.append(Warned(seed=truth.world.seed, customer=alert.customer, bucket=alert.bucket, ahead_s=ahead))
    return tuple(found)
