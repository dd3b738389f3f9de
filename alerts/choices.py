"""What customers chose, merged from two layers: the CRM's subscription and the customer's own patches. Pure.

    customers.subscriptions ──> Layer (crm) ──┐
                                              ├──> newest time wins, item by item
    customers.preferences ────> Layer (own) ──┘

An item is one alert kind, one bucket's thresholds, the quiet hours, the language, or one consent (purpose, channel). A
CRM's items have no time of their own (consents do): their time is that of the record which last *changed* them, so a
nightly dump that repeats old content does not undo what the customer chose yesterday.

Invariant: the result does not depend on the order in which patches arrive, and a withdrawn consent stays withdrawn
until a newer grant, even when the row that withdrew it disappears.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from forewarn.topics.events.customers import AlertSubscription, Consent, Preference, QuietHours, Subscription
from forewarn.topics.instants import to_ms

T = TypeVar("T")

#: A consent dated later than its record is taken as of the record plus this (epoch ms), so it cannot outlive a STOP.
AHEAD_MS = 120_000

#: Channel or purpose of a consent that covers all of them.
WILDCARDS = ("*", "all")


class Timed(Struct, Generic[T], frozen=True, array_like=True):
    """A value and the instant (epoch ms) it was chosen."""

    time: int
    value: T


Consents = dict[str, dict[str, Timed[bool]]]


class Layer(Struct, frozen=True, array_like=True, omit_defaults=True):
    """What one side said last about each item. `consents`: purpose -> channel -> granted."""

    alerts: dict[str, Timed[AlertSubscription]] = {}
    thresholds: dict[str, Timed[tuple[float, ...]]] = {}
    consents: Consents = {}
    quiet_hours: Timed[QuietHours] | None = None
    language: Timed[str] | None = None


EMPTY = Layer()


def from_subscription(known: Layer, subscription: Subscription | None, recorded: int) -> Layer:
    """The CRM's layer after its record of time `recorded` (epoch ms); None (a tombstone) empties it."""
    if subscription is None:
        return EMPTY
    return Layer(
        alerts={item.kind: _since(known.alerts.get(item.kind), item, recorded) for item in subscription.alerts},
        thresholds={
            bucket: _since(known.thresholds.get(bucket), percents, recorded)
            for bucket, percents in (subscription.thresholds or {}).items()
        },
        consents=_granted({}, subscription.consents, recorded),
        quiet_hours=_maybe_since(known.quiet_hours, subscription.quiet_hours, recorded),
        language=_maybe_since(known.language, subscription.language, recorded),
    )


def keep_denials(own: Layer, subscription: Subscription, recorded: int) -> Layer:
    """The customer's layer with the CRM's refusals in it: they stay when the CRM's row goes."""
    denied = tuple(consent for consent in subscription.consents if not consent.granted)
    if not denied:
        return own
    return msgspec.structs.replace(own, consents=_granted(own.consents, denied, recorded))


def patched(own: Layer, patch: Preference, recorded: int) -> Layer:
    """The customer's layer after a patch; older items than the known ones change nothing."""
    time = to_ms(patch.time)
    alerts, thresholds = dict(own.alerts), dict(own.thresholds)
    for item in patch.alerts or ():
        alerts[item.kind] = newer(alerts.get(item.kind), Timed(time, item))
    for bucket, percents in (patch.thresholds or {}).items():
        thresholds[bucket] = newer(thresholds.get(bucket), Timed(time, percents))
    return Layer(
        alerts=alerts,
        thresholds=thresholds,
        consents=_granted(own.consents, patch.consents or (), recorded),
        quiet_hours=newer(own.quiet_hours, Timed(time, patch.quiet_hours)) if patch.quiet_hours else own.quiet_hours,
        language=newer(own.language, Timed(time, patch.language)) if patch.language else own.language,
    )


def newer(known: Timed[T] | None, offered: Timed[T]) -> Timed[T]:
    """The later of two; at the same instant the greater encoding, so that order of arrival does not matter."""
    if known is None or offered.time > known.time:
        return offered
    if offered.time < known.time:
        return known
    return max(known, offered, key=msgspec.msgpack.encode)


def effective(crm: Timed[T] | None, own: Timed[T] | None) -> T | None:
    """The value in force: the newer one, the customer's own at a tie."""
    if own is None or (crm is not None and crm.time > own.time):
        return crm.value if crm is not None else None
    return own.value


def consented(layers: tuple[Layer, Layer], purposes: tuple[str, ...], channel: str) -> bool | None:
    """Whether the newest consent for one of the purposes and the channel grants; None when there is none.

    Purposes and channels `*` and `all` cover everything. At the same instant a refusal wins.
    """
    return _newest(_about(layers, purposes), channel)


def granted(layers: tuple[Layer, Layer], purposes: tuple[str, ...], channels: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the channels on which the customer consented to one of the purposes."""
    about = _about(layers, purposes)
    return tuple(channel for channel in channels if _newest(about, channel)) if about else ()


def consents_in_order(layers: tuple[Layer, Layer]) -> tuple[tuple[str, str, bool], ...]:
    """Every consent (purpose, channel, granted), the newest last: whatever `consented` says follows from it."""
    rows = [
        (timed.time, not timed.value, purpose, channel)
        for layer in layers
        for purpose, channels in layer.consents.items()
        for channel, timed in channels.items()
    ]
    return tuple((purpose, channel, not refused) for _, refused, purpose, channel in sorted(rows))


def _about(layers: tuple[Layer, Layer], purposes: tuple[str, ...]) -> list[dict[str, Timed[bool]]]:
    """The consents for any of the purposes."""
    names = (*purposes, *WILDCARDS)
    return [layer.consents[name] for layer in layers if layer.consents for name in names if name in layer.consents]


def _newest(about: list[dict[str, Timed[bool]]], channel: str) -> bool | None:
    """What the newest of these consents says of the channel."""
    found = [rows[name] for rows in about for name in (channel, *WILDCARDS) if name in rows]
    return max(found, key=lambda timed: (timed.time, not timed.value)).value if found else None


def _granted(known: Consents, consents: tuple[Consent, ...], recorded: int) -> Consents:
    merged = {purpose: dict(rows) for purpose, rows in known.items()}
    for consent in consents:
        rows = merged.setdefault(consent.purpose, {})
        time = to_ms(consent.time)
        if recorded > 0:
            time = min(time, recorded + AHEAD_MS)
        offered, before = Timed(time, consent.granted), rows.get(consent.channel)
        if before is None or (offered.time, not offered.value) > (before.time, not before.value):
            rows[consent.channel] = offered
    return merged


def _since(known: Timed[T] | None, value: T, recorded: int) -> Timed[T]:
    return known if known is not None and known.value == value else Timed(recorded, value)


def _maybe_since(known: Timed[T] | None, value: T | None, recorded: int) -> Timed[T] | None:
    return None if value is None else _since(known, value, recorded)
