"""What is new of a meter: thresholds and limits that were reached, and, when a slot has turned, the forecast.

    Told... ──┐
              ├─> outlook (when it matters) ─> Crossing... with runs_out, probability, offer
    slot ─────┘

Invariant: a forecast is told once a cycle, and not after a threshold that says that the allowance is nearly used up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from forewarn.stream.usage.alert import Crossing, Source, crossing, forecast, spending
from forewarn.stream.usage.amount import POWERS
from forewarn.stream.usage.cycles import Cycle
from forewarn.stream.usage.forecast import Outlook, due, outlook, promising
from forewarn.stream.usage.history import latest
from forewarn.stream.usage.meter import Meter, Told
from forewarn.stream.usage.offer import Need, Offered, best
from forewarn.stream.usage.policy import UsagePolicy


class News(NamedTuple):
    """One thing to say on `usage.alerts`; `notify`: also to the customer, unless they hear it with another."""

    found: Crossing
    notify: bool = True


def stirs(policy: UsagePolicy, before: Meter | None, meter: Meter, told: tuple[Told, ...], at: int) -> bool:
    """Whether `news` may find anything; most records stir nothing."""
    turned = before is None or latest(meter.history) > latest(before.history)
    return bool(told) or (turned and promising(policy, meter, at))


def news(
    policy: UsagePolicy,
    source: Source,
    before: Meter | None,
    meter: Meter,
    told: tuple[Told, ...],
    *,
    at: int,
    upsell: Callable[[], bool],
) -> tuple[Meter, tuple[News, ...]]:
    """All that is new since `before`, as of `at` (epoch ms), and the meter that knows that it was told; asked for when
    something stirs.

    `upsell` says whether the customer may be offered anything now.
    """
    newest = meter.cycles[-1]
    view = outlook(policy, source.terms, meter, at)
    found = [_told(policy, source, one, view if one.cycle.start == newest.start else None, upsell) for one in told]
    asked = before.cycles[-1] if before is not None and before.cycles[-1].start == newest.start else None
    if view is not None and due(policy, newest, asked.told if asked is not None else 0, view, source.now):
        meter = replace(meter, cycles=(*meter.cycles[:-1], replace(newest, foreseen=True)))
        said = _with(forecast(source, newest), view, _offer(policy, source, newest, view, upsell))
        found.insert(0, News(said, notify=newest.told < policy.forecast.until_percent))
    return meter, tuple(found)


def _told(policy: UsagePolicy, source: Source, told: Told, view: Outlook | None, upsell: Callable[[], bool]) -> News:
    found = spending(source, told) if told.spend else crossing(source, told)
    if view is None or not (told.spend or told.percent >= policy.forecast.until_percent):
        return News(found)
    return News(_with(found, view, _offer(policy, source, told.cycle, view, upsell)))


def _with(found: Crossing, view: Outlook, offer: Offered | None) -> Crossing:
    return replace(found, runs_out=view.runs_out, probability=view.probability, offer=offer)


def _offer(
    policy: UsagePolicy, source: Source, cycle: Cycle, view: Outlook, upsell: Callable[[], bool]
) -> Offered | None:
    """The best next action, if the allowance will probably not do and the customer may be offered anything."""
    plan = source.terms.plan
    bucket = next((part for part in plan.buckets if part.bucket == source.bucket), None) if plan else None
    if plan is None or bucket is None or view.probability < policy.offers.probability:
        return None
    left, unit = max(0, (cycle.allowance or 0) - cycle.used), POWERS[source.scale]
    need = Need(
        missing=max(0.0, view.more - left) / unit,
        beyond=view.beyond(left) / unit,
        projected=(cycle.used + view.more) / unit,
    )
    offer = best(policy.offers, plan, bucket, need)
    return offer if offer is not None and upsell() else None
