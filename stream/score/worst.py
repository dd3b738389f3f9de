"""The worst cases, with the reason: what to look at first when a target is missed."""

from __future__ import annotations

from msgspec import Struct

from forewarn.stream.score.sample import FalseAlarm, Sample, Sought
from forewarn.topics.instants import to_rfc3339


class Case(Struct, frozen=True, kw_only=True):
    """One case; `what` is what is wrong with it. `weight` orders the cases of one kind."""

    what: str
    seed: int
    at: int
    where: str
    detail: str
    weight: float

    @property
    def time(self) -> str:
        """When, to the second."""
        return to_rfc3339(self.at // 1000 * 1000)


def worst(sample: Sample, each: int) -> tuple[Case, ...]:
    """Up to `each` cases of every kind, the largest first."""
    kinds = (_missed(sample), _false(sample), _loud(sample), _misnamed(sample), _slow(sample), _usage(sample))
    return tuple(case for cases in kinds for case in sorted(cases, key=lambda case: -case.weight)[:each])


def _missed(sample: Sample) -> list[Case]:
    return [_sought("missed", one, one.affected or one.devices) for one in sample.sought if not one.found]


def _sought(what: str, one: Sought, weight: float) -> Case:
    minutes = (one.end - one.start) / 60_000
    where = f"{one.fault} at {one.element} ({one.devices} devices, {minutes:.0f} min)"
    return Case(what=what, seed=one.seed, at=one.start, where=where, detail=one.story, weight=weight)


def _false(sample: Sample) -> list[Case]:
    return [_alarm(one) for one in sample.false]


def _alarm(one: FalseAlarm) -> Case:
    about = f" of {one.fault}" if one.fault is not None else ""
    where = f"{one.element} ({one.devices} devices, {one.told} told)"
    return Case(what=f"false: {one.reason}{about}", seed=one.seed, at=one.at, where=where,
                detail=one.story, weight=one.told + one.devices / 1000)  # fmt: skip


def _loud(sample: Sample) -> list[Case]:
    return [
        Case(what="not silent", seed=one.seed, at=one.at, where=one.id, detail=f"{one.told} customers told",
             weight=one.told)
        for one in sample.hush
        if one.told
    ]  # fmt: skip


def _misnamed(sample: Sample) -> list[Case]:
    wrong = [one for one in sample.sought if one.parent and one.found and not one.right]
    return [_sought(f"named {one.named}", one, one.devices) for one in wrong]


def _slow(sample: Sample) -> list[Case]:
    """Late to be confirmed; only those beyond the target."""
    late = [(one, one.confirmed_s - one.silence_s) for one in sample.sought if one.confirmed_s is not None]
    return [_sought(f"confirmed {delay:.0f} s late", one, delay) for one, delay in late if delay > 180]


def _usage(sample: Sample) -> list[Case]:
    return [
        Case(what=f"threshold {one.problem}", seed=one.seed, at=one.at, where=f"{one.customer} {one.bucket}",
             detail=f"{one.percent:g} %", weight=one.percent)
        for one in sample.thresholds
        if one.problem
    ]  # fmt: skip
