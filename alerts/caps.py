"""Frequency caps: how much a customer may be told in any stretch of time, by kind, by channel, and in all.

    sent, approved ──> `q/<customer>`: (time, channel, kind) ... ──> full(caps, spent, ...) ──> until when, by which cap

    limit 2 in 24 h      ●──────────●───────────────────┊ full until the older of the last two is 24 h old
                        first     second             first + 24 h

Windows roll: a cap of n in w holds when every stretch of length w has at most n. The counts are exact, because one
partition has the whole customer. Invariant: a row that is not short holds no more than the newest `limit`
messages of each cap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from struct import Struct as Layout
from typing import get_args

from msgspec import Struct

from forewarn.alerts.policy import Cap, ms
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.customers import AlertKind, Channel

PREFIX = b"q/"
SCHEMA = b"\x01"

#: A message in a row: its time (epoch ms, 6 bytes), and its channel's and kind's number in these lists. Append only;
#: what is not named in them counts as "".
MESSAGE = Layout(">HIBB")
CHANNELS: tuple[str, ...] = ("", *get_args(Channel))
KINDS: tuple[str, ...] = ("", "marketing", *get_args(AlertKind))
#: A row as short as this is not worth looking through for what no cap needs any more.
FEW = 8
#: More messages than any row holds.
MANY = 1 << 31
CHANNEL_NUMBERS = {name: number for number, name in enumerate(CHANNELS)}
KIND_NUMBERS = {name: number for number, name in enumerate(KINDS)}


class Spent(Struct, frozen=True, gc=False):
    """One message that counts: when it was decided (epoch ms), its channel and its kind."""

    time: int
    channel: str
    kind: str


class Full(Struct, frozen=True):
    """A cap that is reached: until when (epoch ms), and how many it has counted."""

    cap: Cap
    until: int
    count: int


def full(caps: Iterable[Cap], spent: Sequence[Spent], kind: str, channel: str, now: int) -> Full | None:
    """The most restrictive cap that a message of this kind and channel would break at `now`; None when it breaks none.

    `spent` is in order of time.
    """
    reached = [found for cap in caps if cap.covers(kind, channel) and (found := _reached(cap, spent, now))]
    return max(reached, key=lambda found: found.until, default=None)


def _reached(cap: Cap, spent: Sequence[Spent], now: int) -> Full | None:
    window = ms(cap.window_s)
    times = [one.time for one in spent if cap.covers(one.kind, one.channel) and one.time > now - window]
    return Full(cap, times[-cap.limit] + window, len(times)) if len(times) >= cap.limit else None


class Caps:
    """What counts toward the caps of one partition's customers."""

    def __init__(self, caps: tuple[Cap, ...]) -> None:
        self.caps = caps
        self._counts = lru_cache(256)(lambda kind, channel: any(cap.covers(kind, channel) for cap in caps))
        self._least = lru_cache(256)(lambda kind: min((c.limit for c in caps if c.kind in (None, kind)), default=MANY))

    def covers(self, kind: str) -> bool:
        """Whether messages of a kind count at all."""
        return any(cap.kind in (None, kind) for cap in self.caps)

    def spent(self, unit: Unit, customer: str) -> tuple[Spent, ...]:
        """What counts for a customer, in order of time."""
        value = unit.get(PREFIX + customer.encode())
        return tuple(_decode(value)) if value is not None else ()

    def full(self, unit: Unit, customer: str, kind: str, channel: str) -> Full | None:
        """The cap that one more message to the customer would break now."""
        return full(self.caps, self.spent(unit, customer), kind, channel, unit.now) if self.covers(kind) else None

    def roomy(self, unit: Unit, customer: str, kind: str, *, more: int = 0) -> bool:
        """Whether even all that is kept of a customer, and so many `more`, would fill no cap of the kind."""
        value = unit.get(PREFIX + customer.encode())
        kept = (len(value) - 1) // MESSAGE.size if value is not None else 0
        return bool(kept + more < self._least(kind))

    def spend(self, unit: Unit, customer: str, kind: str, channel: str) -> None:
        """Counts a message that is sent, or approved, now."""
        if not self._counts(kind, channel):
            return
        key, new = PREFIX + customer.encode(), _encode(Spent(unit.now, channel, kind))
        row = (unit.get(key) or SCHEMA) + new
        if len(row) > 1 + FEW * MESSAGE.size:
            row = SCHEMA + b"".join(map(_encode, self._needed(_decode(row), unit.now)))
        unit.put(key, row)

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets the customer."""
        unit.delete(PREFIX + customer.encode())

    def _needed(self, spent: Sequence[Spent], now: int) -> list[Spent]:
        """The messages that can still fill a cap: of each, the newest of its window, and no more than its limit."""
        needed: set[int] = set()
        for cap in self.caps:
            counted = [n for n, one in enumerate(spent) if cap.covers(one.kind, one.channel)]
            since = now - ms(cap.window_s)
            needed.update(n for n in counted[-cap.limit :] if spent[n].time > since)
        return [spent[n] for n in sorted(needed)]


def _encode(one: Spent) -> bytes:
    channel, kind = CHANNEL_NUMBERS.get(one.channel, 0), KIND_NUMBERS.get(one.kind, 0)
    return MESSAGE.pack(one.time >> 32, one.time & 0xFFFF_FFFF, channel, kind)


def _decode(value: bytes) -> list[Spent]:
    return [
        Spent(high << 32 | low, CHANNELS[channel], KINDS[kind])
        for high, low, channel, kind in MESSAGE.iter_unpack(value[1:])
    ]
