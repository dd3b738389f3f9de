"""A desk to try usage meters at: records and accounts in, alerts, crossings and dead letters out, no Kafka."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Fold, Record
from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.usage.account import Account
from forewarn.stream.usage.alert import Crossing
from forewarn.stream.usage.cycles import Cycle
from forewarn.stream.usage.meter import Meter, slot_width
from forewarn.stream.usage.meters import Meters
from forewarn.stream.usage.policy import UsagePolicy
from forewarn.stream.usage.stored import COUNTERS, METERS, decode_meter, merged, suffix
from forewarn.topics.codecs import by_topic
from forewarn.topics.events.customers import Bucket, Plan

HOUR = 3_600_000
DAY = 24 * HOUR


class Raw(Struct, frozen=True):
    """A record as Kafka would give it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def ms(text: str) -> int:
    """Epoch ms of `2026-07-10`, `2026-07-10T12:30` or the same with an offset; UTC without one."""
    instant = datetime.fromisoformat(text)
    return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * 1000)


def account(
    *buckets: Bucket,
    allowance: int | Decimal | None = 1000,
    day: int = 1,
    zone: str = "UTC",
    rollover: bool | int | Decimal | None = None,
    thresholds: Mapping[str, tuple[float, ...]] | None = None,
) -> Account:
    """An account; without explicit buckets its plan has `data` with the allowance (None: no bucket at all)."""
    if not buckets and allowance is not None:
        buckets = (Bucket("data", allowance, "MB", rollover),)
    return Account(Plan("p1", "Plan", 10, "EUR", day, buckets), zone, thresholds or {})


class _MeterFold(Fold):
    def __init__(self, meters: Meters) -> None:
        self.meters = meters

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        self.meters.restore(table)

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        self.meters.fold(unit, events, records)

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        self.meters.tick(unit)


class Desk:
    """One partition. `now` is the clock: set it, or let `use` set it."""

    def __init__(self, policy: UsagePolicy | None = None, *, partition: int = 3) -> None:
        self.policy = policy or UsagePolicy()
        self.partition = partition
        self.accounts: dict[str, Account] = {}
        self.outputs: list[Output] = []
        self.crossings: list[tuple[str, Crossing]] = []
        self.lookups = 0
        self.written: list[dict[bytes, bytes]] = []
        self.now = 0
        self._ids = 0
        self._open({})

    def _open(self, table: dict[bytes, bytes]) -> None:
        self.meters = Meters(self.policy, self.partition, self._lookup, self._notify)
        self.core = Core(_MeterFold(self.meters), by_topic(), self.partition)
        self.core.table = table
        self.core.restore(self.now)

    def _lookup(self, unit: Unit, customer: str) -> Account | None:
        self.lookups += 1
        return self.accounts.get(customer)

    def _notify(self, unit: Unit, customer: str, crossing: Crossing) -> None:
        self.crossings.append((customer, crossing))

    def restart(self) -> None:
        """As after kill -9: only the table comes back."""
        self._open(dict(self.core.table))

    def record(self, start: str | int, amount: int | Decimal | str, **fields: Any) -> Raw:
        """A usage record; `customer`, `id`, `bucket`, `kind` and `seen` (Kafka's time, else the start) may be given."""
        self._ids += 1
        at = ms(start) if isinstance(start, str) else start
        customer = fields.pop("customer", "c1")
        seen = fields.pop("seen", at)
        wire = {
            "record_id": fields.pop("id", f"r{self._ids}"),
            "bucket": fields.pop("bucket", "data"),
            "amount": 0,
            "start": at,
            **fields,
        }
        text = json.dumps(wire).replace('"amount": 0', f'"amount": {amount}')
        return Raw(self._ids, ms(seen) if isinstance(seen, str) else seen, customer.encode(), text.encode())

    def use(self, start: str | int, amount: int | Decimal | str, **fields: Any) -> None:
        """One record in a unit of its own."""
        self.take([self.record(start, amount, **fields)])

    def take(self, *batches: Sequence[Raw]) -> None:
        """One unit with these batches."""
        self.now = max(self.now, *(record.timestamp for batch in batches for record in batch))
        unit = self.core.begin(self.now)
        for batch in batches:
            self.core.take(unit, "usage.records", batch)
        self._commit(unit)

    def profile(self, given: Account | None, *, customer: str = "c1", at: str | int | None = None) -> None:
        """A profile arrives or changes."""
        if given is None:
            self.accounts.pop(customer, None)
        else:
            self.accounts[customer] = given
        if at is not None:
            self.now = max(self.now, ms(at) if isinstance(at, str) else at)
        unit = self.core.begin(self.now)
        self.meters.account_changed(unit, customer, given)
        self._commit(unit)

    def erase(self, customer: str = "c1") -> None:
        """The profile's tombstone."""
        self.accounts.pop(customer, None)
        unit = self.core.begin(self.now)
        self.meters.erase(unit, customer)
        self._commit(unit)

    def tick(self) -> None:
        """Time passes."""
        unit = self.core.begin(self.now)
        self.core.tick(unit, frozenset())
        self._commit(unit)

    def _commit(self, unit: Unit) -> None:
        self.core.seal(unit)
        self.core.install(unit)
        self.outputs += unit.outputs
        self.written.append(dict(unit.dirty))

    def meter(self, customer: str = "c1", bucket: str = "data") -> Meter:
        """The meter as a restart would see it."""
        tail = customer.encode() + suffix(bucket)
        stored = decode_meter(self.core.table[METERS + tail])
        return merged(stored, self.core.table[COUNTERS + tail], slot_width(self.policy, stored.known))

    def cycle(self, at: str | int, customer: str = "c1", bucket: str = "data") -> Cycle:
        """The kept cycle that holds the instant."""
        instant = ms(at) if isinstance(at, str) else at
        return next(cycle for cycle in self.meter(customer, bucket).cycles if cycle.holds(instant))

    def used(self, at: str | int, customer: str = "c1", bucket: str = "data") -> Decimal:
        """What was used in the kept cycle that holds the instant."""
        return Decimal(self.cycle(at, customer, bucket).used).scaleb(-self.meter(customer, bucket).scale)

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """All thresholds on `usage.alerts` so far."""
        return self.alerts_of("threshold")

    def alerts_of(self, kind: str) -> list[dict[str, Any]]:
        """The records of one kind on `usage.alerts` so far."""
        alerts = [json.loads(out.value or b"") for out in self.outputs if out.topic == "usage.alerts"]
        return [alert for alert in alerts if alert["kind"] == kind]

    @property
    def percents(self) -> list[float]:
        """The percentages told so far, in order."""
        return [alert["percent"] for alert in self.alerts]

    @property
    def refused(self) -> list[str]:
        """The reasons of all dead letters so far."""
        letters = [dict(out.headers) for out in self.outputs if out.topic == "dead.letters"]
        return [letter["dlq.reason"].decode() for letter in letters]
