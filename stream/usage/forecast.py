"""The forecast: whether, and when, an allowance runs out before its cycle ends.

    slots of 3 h   ▂▅▁ ▃▆▁ ▂▅▂ ▃│now                      cycle ends
                   └── 24 of ───┘└──── what is still to come ────┘
                   rate a weight         rate x weight ± spread      against what is left

Usage is a quasi-Poisson process: what comes in a time of weight w has mean r w and variance φ r w; r is the ratio
estimate over the slots seen, φ Pearson's dispersion of them (McCullagh & Nelder, Generalized Linear Models, 2nd ed.,
sections 6.2.4 and 9.2). Of what is to come in weight F, after a rate learned over weight O,

    variance = φ r F (1 + F / O) + (drift r F)²         the process, the rate's own error, and habits that change

The rate is not that of the slots alone: three days say little of a month, and of many customers who are looked at every
three hours some look heavy by chance. So it is shrunk (the posterior mean under a Gamma prior: Gelman et al., Bayesian
Data Analysis, 3rd ed., section 2.6) to what is usual, a share of the allowance, as customers choose plans that fit; and
the cycle's usage before the slots counts, too, at a discount:

    r = (slots + discount x older + prior x usual) / (O + discount x its weight + prior)

A burst says little of the rate: a slot counts for `burst` times the mean of the others at most, and what is older for
`burst_older` times the slots' rate.

Invariant: the rate is that of slots that are over, so it does not depend on how a slot was cut into records.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from forewarn.stream.usage.account import Terms
from forewarn.stream.usage.cycles import Cycle
from forewarn.stream.usage.history import latest, slots
from forewarn.stream.usage.meter import Meter, slot_width
from forewarn.stream.usage.policy import UsagePolicy
from forewarn.stream.usage.rhythm import Rhythm, rhythm

#: How far the mass of hours may be from flat hours; only beyond it is the forecast worth its look at the terms.
_SLACK = 1.6
_MINUTE = 60_000


class Outlook(Struct, frozen=True):
    """How a cycle is expected to end. Amounts are units of the meter's scale, instants epoch ms.

    `probability` that the allowance does not suffice; `runs_out`: when, None when it has or is not expected to;
    `more`: what is still to be used, `spread` its standard deviation.
    """

    probability: float
    runs_out: int | None
    more: float
    spread: float

    def beyond(self, left: int) -> float:
        """Expected usage beyond `left` units: the mean of the positive part of a normal variable."""
        over = self.more - left
        if self.spread <= 0:
            return max(0.0, over)
        z = over / self.spread
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return over * _below(z) + self.spread * density


def promising(policy: UsagePolicy, meter: Meter, at: int) -> bool:
    """Whether a forecast is worth a look at the customer's terms: a rough bound on the rate, without weights."""
    newest, history, rules = meter.cycles[-1], meter.history, policy.forecast
    if len(history) < 2 * rules.least_used_slots:
        return False
    allowance = newest.allowance
    if not allowance or allowance <= newest.used or newest.foreseen or newest.told >= rules.until_percent:
        return False
    remaining = newest.end - at
    if remaining < rules.ahead_s * 1000:
        return False
    seen = sum(history[1:-1:2])
    first, last = _observed(policy, meter)
    count = last - first
    if count < rules.least_slots:
        return False
    width = slot_width(policy, meter.known) * 1000
    return newest.used + _SLACK * seen / (count * width) * remaining > allowance


def outlook(policy: UsagePolicy, terms: Terms, meter: Meter, at: int) -> Outlook | None:
    """What the newest cycle comes to, as of `at`; None while too little is known, or there is nothing to judge."""
    newest = meter.cycles[-1]
    allowance = newest.allowance
    if allowance is None or not newest.holds(at):
        return None
    weights = policy.forecast.weeks.get(terms.plan.plan_id if terms.plan else "", policy.forecast.week)
    clock, offset = rhythm(weights), terms.calendar.offset(at)
    recent = _recent(policy, meter, clock, offset)
    if recent is None:
        return None
    rate, observed = _shrunk(policy, newest, recent, clock, offset)
    ahead = clock.mass(at + offset, newest.end + offset)
    more = rate * ahead
    drift = policy.forecast.drift * more
    spread = math.sqrt(recent.dispersion * more * (1 + ahead / observed) + drift * drift)
    left = allowance - newest.used
    probability = 1.0 if left <= 0 else _below((more - left) / spread) if spread > 0 else float(more >= left)
    runs_out = None
    if 0 < left <= more and rate > 0:
        runs_out = min(clock.reached(at + offset, left / rate) - offset, newest.end - 1) // _MINUTE * _MINUTE
    return Outlook(round(probability, 3), runs_out, more, spread)


def due(policy: UsagePolicy, cycle: Cycle, told: int | float, found: Outlook, now: int) -> bool:
    """Whether the outlook is to be told of: likely enough, early enough, and news.

    `told` is the highest percentage told before: a forecast comes with the threshold that says the same, not after it.
    """
    rules = policy.forecast
    if cycle.foreseen or told >= rules.until_percent or found.runs_out is None:
        return False
    return found.probability >= rules.probability and found.runs_out - now >= rules.ahead_s * 1000


def _observed(policy: UsagePolicy, meter: Meter) -> tuple[int, int]:
    """The first slot that was watched and the one that has only begun.

    What was used before the history shows that the customer was there all the time; else they begin with it.
    """
    last = latest(meter.history)
    first = meter.history[0]
    newest = meter.cycles[-1]
    if meter.floor or len(meter.cycles) > 1 or newest.used > sum(meter.history[1::2]):
        first = min(first, last - policy.history_slots + 1)
    return first, last


class Recent(Struct, frozen=True):
    """The slots that are over: units used, the weight of their hours, Pearson's dispersion; since `start` (epoch ms).

    `older`: what the running cycle had used before them.
    """

    used: float
    weight: float
    dispersion: float
    start: int
    older: float


def _recent(policy: UsagePolicy, meter: Meter, clock: Rhythm, offset: int) -> Recent | None:
    """The slots that are over; None when they are too few."""
    rules = policy.forecast
    if not meter.history:
        return None
    first, last = _observed(policy, meter)
    if last - first < rules.least_slots:
        return None
    width = slot_width(policy, meter.known) * 1000
    known = {slot: max(units, 0) for slot, units in slots(meter.history)}
    seen = [float(known.get(slot, 0)) for slot in range(first, last)]
    most = rules.burst * sum(sorted(seen)[:-2]) / (len(seen) - 2)
    masses = [clock.mass(slot * width + offset, (slot + 1) * width + offset) for slot in range(first, last)]
    if most <= 0 or sum(value > 0 for value in seen) < rules.least_used_slots or sum(masses) <= 0:
        return None
    seen = [min(value, most) for value in seen]
    newest = meter.cycles[-1]
    inside = sum(units for slot, units in slots(meter.history) if slot * width >= newest.start)
    return Recent(
        used=sum(seen),
        weight=sum(masses),
        dispersion=_dispersion(seen, masses),
        start=first * width,
        older=max(0, newest.used - inside),
    )


def _dispersion(seen: Sequence[float], masses: Sequence[float]) -> float:
    rate = sum(seen) / sum(masses)
    expected = [max(rate * mass, 1e-9) for mass in masses]
    surprise = sum((value - mean) ** 2 / mean for value, mean in zip(seen, expected, strict=True))
    return surprise / (len(seen) - 1)


def _shrunk(policy: UsagePolicy, cycle: Cycle, recent: Recent, clock: Rhythm, offset: int) -> tuple[float, float]:
    """The rate an average hour, and the weight of hours that it stands on."""
    rules = policy.forecast
    used, weight = recent.used, recent.weight
    before = clock.mass(cycle.start + offset, max(cycle.start, recent.start) + offset) * rules.older
    if recent.older > 0 and before > 0:
        used += min(recent.older * rules.older, rules.burst_older * recent.used / recent.weight * before)
        weight += before
    whole = clock.mass(cycle.start + offset, cycle.end + offset)
    usual = rules.usual * (cycle.allowance or 0) / whole if whole > 0 else 0.0
    prior = recent.dispersion / (usual * rules.usual_spread**2) if usual > 0 else 0.0
    return (used + prior * usual) / (weight + prior), weight + prior


def _below(z: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2))
