"""The meter of one bucket of one customer: what was used in each cycle, and which thresholds were told.

    Charge + Terms ──> step ──> Meter, Told...      (or the Reason why the record is refused)
    Terms          ──> adopt ─> Meter, Told...      (a profile, a plan or thresholds have changed)

Invariant: the order of records does not matter while their cycles are kept: usage, allowance and history come out the
same. Only what was told depends on what was known when.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.usage.account import Terms
from forewarn.stream.usage.amount import POWERS, scale_of, units_at
from forewarn.stream.usage.cycle import EARLIEST, LATEST
from forewarn.stream.usage.cycles import UNLIMITED, Cycle, Cycles, Grant, aligned, carry, include, keep
from forewarn.stream.usage.history import History, added, flat, keep_all, keep_recent, resample, slots
from forewarn.stream.usage.policy import UsagePolicy
from forewarn.stream.usage.recut import recut
from forewarn.stream.usage.spend import overspent, spend_trigger
from forewarn.stream.usage.thresholds import crossed, trigger
from forewarn.topics.reasons import Reason

#: No cycle is longer than this (ms).
LONGEST_CYCLE = 32 * 86_400_000


class Meter(Struct, frozen=True, array_like=True):
    """The state of one meter. Amounts are units of 10^-scale.

    `known`: cut by a customer's calendar, not by the calendar month. `floor`: the end (epoch ms) of what was kept once
    and is kept no more; usage before it is too late.
    """

    scale: int
    known: bool
    cycles: Cycles
    history: History = ()
    floor: int = 0


class Charge(Struct, frozen=True):
    """One usage record, correction or top-up. `start` and `seen` (its Kafka time) are epoch ms."""

    start: int
    amount: int | Decimal
    top_up: bool
    seen: int


class Told(Struct, frozen=True):
    """A percentage that is to be told, of the allowance or (`spend`) of the spend limit, and the cycle as it stood."""

    percent: int | float
    cycle: Cycle
    spend: bool = False


def step(
    policy: UsagePolicy, terms: Terms, meter: Meter | None, charge: Charge
) -> tuple[Meter, tuple[Told, ...]] | Reason:
    """Takes one record. A record that cannot be taken gives the reason, and changes nothing."""
    scale = scale_of(charge.amount)
    if scale is None:
        return Reason.NUMBER_OUT_OF_RANGE
    if charge.start > LATEST:
        return Reason.FUTURE
    late_since = _late_since(policy, charge.seen)
    floor = meter.floor if meter else EARLIEST
    if charge.start < max(floor, late_since - LONGEST_CYCLE):
        return Reason.TOO_LATE
    if meter is None:
        meter = Meter(scale, terms.known, ())
    elif meter.known != terms.known:
        meter = _adopt(policy, terms, meter, charge.seen)
    meter = _finer(meter, max(scale, _scale(terms)))
    grant = _grant(terms, meter.scale)
    cycles, index = include(meter.cycles, terms.calendar, grant, instant=charge.start, floor=meter.floor)
    if cycles[index].end < late_since:
        return Reason.TOO_LATE
    meter = Meter(meter.scale, meter.known, cycles, meter.history, meter.floor)
    changed = _apply(policy, meter, index, charge)
    return judge(terms, _drop(policy, changed, charge.seen), charge.start)


def spend(policy: UsagePolicy, meter: Meter, charge: Charge, units: int) -> Meter:
    """The meter after usage in its newest cycle, `units` of its scale. Thresholds are the caller's to look at."""
    cycles = (*meter.cycles[:-1], meter.cycles[-1].charge(units))
    history = _record(policy, meter, charge.start, units)
    return _drop(policy, Meter(meter.scale, meter.known, cycles, history, meter.floor), charge.seen)


def adopt(policy: UsagePolicy, terms: Terms, meter: Meter, now: int) -> tuple[Meter, tuple[Told, ...]]:
    """Takes the terms of a changed account at `now` (epoch ms).

    Cycles that are over keep the plan they had, if any was known, and nothing more is told of them.
    """
    return judge(terms, _adopt(policy, terms, meter, now), now)


def judge(terms: Terms, meter: Meter, since: int) -> tuple[Meter, tuple[Told, ...]]:
    """Finds what is to be told of the cycles that end after `since` (epoch ms); it then counts as told."""
    told: list[Told] = []
    cycles = list(meter.cycles)
    for index, cycle in enumerate(cycles):
        if cycle.end <= since:
            continue
        least = _next_trigger(terms, cycle, meter.scale)
        if least is None or cycle.used < least:
            continue
        percent = crossed(terms.thresholds, used=cycle.used, allowance=cycle.allowance, told=cycle.told)
        if percent is not None:
            cycles[index] = cycle = replace(cycle, told=percent)
            told.append(Told(percent, cycle))
        limit = overspent(terms, cycle, meter.scale)
        if limit is not None:
            cycles[index] = replace(cycle, spend_told=limit)
            told.append(Told(limit, cycles[index], spend=True))
    return replace(meter, cycles=tuple(cycles)) if told else meter, tuple(told)


def next_trigger(terms: Terms, meter: Meter) -> int | None:
    """The amount used in the newest cycle at which something is to be told next; None: never."""
    return _next_trigger(terms, meter.cycles[-1], meter.scale)


def slot_width(policy: UsagePolicy, known: bool) -> int:
    """Width of a history slot in seconds."""
    return policy.history_slot_s if known else policy.unknown_slot_s


def _next_trigger(terms: Terms, cycle: Cycle, scale: int) -> int | None:
    percent = trigger(terms.thresholds, allowance=cycle.allowance, told=cycle.told)
    limit = spend_trigger(terms, cycle, scale)
    if percent is None or limit is None:
        return limit if percent is None else percent
    return min(percent, limit)


def _apply(policy: UsagePolicy, meter: Meter, index: int, charge: Charge) -> Meter:
    units = units_at(charge.amount, meter.scale)
    assert units is not None  # the meter's scale holds the amount's decimals
    cycle, history = meter.cycles[index], meter.history
    if charge.top_up:
        cycle = cycle.top_up(charge.start, units)
    else:
        cycle = cycle.charge(units)
        history = _record(policy, meter, charge.start, units)
    cycles = carry((*meter.cycles[:index], cycle, *meter.cycles[index + 1 :]))
    return Meter(meter.scale, meter.known, cycles, history, meter.floor)


def _record(policy: UsagePolicy, meter: Meter, start: int, units: int) -> History:
    slot = start // 1000 // slot_width(policy, meter.known)
    return _bounded(policy, added(meter.history, slot, units), meter.known)


def _bounded(policy: UsagePolicy, history: History, known: bool) -> History:
    return keep_recent(history, policy.history_slots) if known else keep_all(history, policy.unknown_slots)


def _late_since(policy: UsagePolicy, now: int) -> int:
    """Records of cycles that ended before this (epoch ms) are too late."""
    return now - int(policy.late_s * 1000)


def _drop(policy: UsagePolicy, meter: Meter, now: int) -> Meter:
    """The meter without the cycles that no record can reach any more.

    Without a profile they stay for one more cycle: they may turn out to be part of the customer's running one.
    """
    since = _late_since(policy, now) - (0 if meter.known else LONGEST_CYCLE)
    if meter.cycles[0].end >= since:
        return meter
    kept = keep(meter.cycles, since)
    dropped = meter.cycles[: len(meter.cycles) - len(kept)]
    return replace(meter, cycles=kept, floor=dropped[-1].end) if dropped else meter


def _adopt(policy: UsagePolicy, terms: Terms, meter: Meter, now: int) -> Meter:
    meter = _finer(meter, max(meter.scale, _scale(terms)))
    grant = _grant(terms, meter.scale)
    cycles, history = meter.cycles, meter.history
    first = next((i for i, cycle in enumerate(cycles) if cycle.end > now), len(cycles)) if meter.known else 0
    width = slot_width(policy, meter.known)
    floor = cycles[first - 1].end if first else meter.floor
    if terms.known and not aligned(cycles[first:], terms.calendar, floor):
        pieces = [(slot * width * 1000, units) for slot, units in slots(history)]
        instant = min(max(now, cycles[first].start), cycles[-1].end - 1)
        low = cycles[first].start if meter.known else meter.floor
        cycles = recut(cycles, pieces, terms.calendar, grant, first=first, instant=instant, floor=low)
    if terms.known != meter.known:
        resampled = flat(resample(slots(history), width, slot_width(policy, terms.known)))
        history = _bounded(policy, resampled, terms.known)
    cycles = carry(tuple(c.grant(grant) if c.end > now or not meter.known else c for c in cycles))
    return replace(meter, known=terms.known, cycles=cycles, history=history)


def _scale(terms: Terms) -> int:
    """The decimals that the plan's own amounts need; amounts out of range need none, they are not counted with."""
    return max(scale_of(terms.allowance or 0) or 0, scale_of(terms.rollover or 0) or 0)


def _grant(terms: Terms, scale: int) -> Grant:
    """What the terms give in a cycle. An allowance out of range is as none."""
    if terms.allowance is None or scale_of(terms.allowance) is None:
        return Grant()
    return Grant(units_at(terms.allowance, scale), _rollover(terms.rollover, scale))


def _rollover(rollover: bool | int | Decimal | None, scale: int) -> int:
    if rollover is True:
        return UNLIMITED
    if not rollover or scale_of(rollover) is None:
        return 0
    return max(0, units_at(rollover, scale) or 0)


def _finer(meter: Meter, scale: int) -> Meter:
    """The same meter counting in finer units, if it counts in coarser ones."""
    if scale <= meter.scale:
        return meter
    by = POWERS[scale - meter.scale]
    cycles = tuple(_multiplied(cycle, by) for cycle in meter.cycles)
    history = flat([(slot, units * by) for slot, units in slots(meter.history)])
    return replace(meter, scale=scale, cycles=cycles, history=history)


def _multiplied(cycle: Cycle, by: int) -> Cycle:
    return replace(
        cycle,
        used=cycle.used * by,
        granted=None if cycle.granted is None else cycle.granted * by,
        rollover=cycle.rollover if cycle.rollover == UNLIMITED else cycle.rollover * by,
        carried=cycle.carried * by,
        top_ups=tuple((start, units * by) for start, units in cycle.top_ups),
    )
