"""The usage meters of one customer partition: records in, counters, alerts and dead letters out.

    record ─ duplicate? ─> drop, counted
           ├ plain: in the counter's window, below its trigger ─> counter + amount, a run of records at once
           └ else: meter.step, news ─> meter, counter, `usage.alerts` and notify ─ or a dead letter

The customer's `bucket` alone says which meter a record draws on; `zone` and `line` do not: a roaming allowance is a
bucket of its own (`roaming:eu`), as the rating that wrote the record named it.

Invariant: a record changes the same things whether it took the short way or the long one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
from xxhash import xxh3_64_intdigest

from forewarn.stream.engine.role import Record
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.stream.usage.account import Account, Terms, terms
from forewarn.stream.usage.alert import Crossing, Source, encode
from forewarn.stream.usage.amount import units_at
from forewarn.stream.usage.dedup import Fingerprints
from forewarn.stream.usage.forecast import promising
from forewarn.stream.usage.history import latest
from forewarn.stream.usage.id_set import Marks
from forewarn.stream.usage.meter import Charge, Meter, Told, adopt, next_trigger, slot_width, spend, step
from forewarn.stream.usage.news import news, stirs
from forewarn.stream.usage.plain import charge
from forewarn.stream.usage.policy import UsagePolicy
from forewarn.stream.usage.stored import (
    COUNTERS,
    METERS,
    counter,
    decode_directory,
    decode_meter,
    directory,
    encode_directory,
    encode_meter,
    merged,
    suffix,
    unpack_counter,
)
from forewarn.topics.dead_letters import Malformed, dead_letter
from forewarn.topics.events.usage import UsageRecord
from forewarn.topics.reasons import Reason

RECORDS = "usage.records"
ALERTS = "usage.alerts"

#: Records folded between two looks at the duplicates' horizon.
_RUN = 4096
#: Bucket names whose key endings are kept at hand.
_NAMES = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

Lookup = Callable[[Unit, str], Account | None]
Notify = Callable[[Unit, str, Crossing], None]
Upsell = Callable[[Unit, str], bool]


class Meters:
    """The meters of one partition. `lookup` gives a customer's account, `notify` takes what is to be told.

    `upsell` says whether a customer may be offered anything now. `duplicates` counts the records that were filtered
    since the partition was opened.
    """

    def __init__(
        self, policy: UsagePolicy, partition: int, lookup: Lookup, notify: Notify, upsell: Upsell | None = None
    ) -> None:
        self._policy = policy
        self._partition = partition
        self._lookup = lookup
        self._notify = notify
        self._upsell = upsell if upsell is not None else _anybody
        self._seen = Fingerprints(int(policy.duplicate_horizon_s * 1000), policy.duplicate_ids)
        self._late = int(policy.late_s * 1000)
        self._suffixes: dict[str, bytes] = {}
        self.duplicates = 0

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the fingerprints; all else is read from the table when it is needed."""
        self._seen.restore(table)

    def fold(self, unit: Unit, events: Sequence[UsageRecord], records: Sequence[Record]) -> None:
        """Folds usage records in order; `events[i]` was decoded from `records[i]`."""
        for begin in range(0, len(events), _RUN):
            self._seen.turn(records[begin].timestamp, min(_RUN, len(events) - begin))
            self._run(unit, events[begin : begin + _RUN], records[begin : begin + _RUN])
        self._seen.sweep(unit)

    def _run(self, unit: Unit, events: Sequence[UsageRecord], records: Sequence[Record]) -> None:
        """Takes what is plain all at once; then the rest takes the long way, one by one and in order."""
        suffixes = self._suffixes
        customers = [record.key or b"" for record in records]
        tails = [suffixes.get(event.bucket) or self._suffix(event.bucket) for event in events]
        keys = [COUNTERS + customer + tail for customer, tail in zip(customers, tails, strict=True)]
        marks = _marks(customers, events)
        known = self._seen.seen(marks)
        ordered = np.sort(marks)
        repeated = np.isin(marks, ordered[1:][ordered[1:] == ordered[:-1]])
        taken = charge(unit, keys, events, records, late=self._late, known=known, unsure=repeated)
        self.duplicates += int(np.count_nonzero(known))
        fresh = set[int]()
        for index in np.flatnonzero(~(taken | known)).tolist():
            mark = int(marks[index])
            if mark in fresh:
                self.duplicates += 1
            elif self._step(unit, customers[index], tails[index], events[index], records[index]):
                fresh.add(mark)
        self._seen.note(unit, np.append(marks[taken], np.array(list(fresh), np.uint64)))

    def account_changed(self, unit: Unit, customer: str, account: Account | None) -> None:
        """Takes a customer's new account: profile, plan, zone or thresholds. What that shows as crossed is told."""
        key = customer.encode()
        for bucket in decode_directory(unit.get(directory(key))):
            tail = self._suffix(bucket)
            meter = self._load(unit, key, tail)
            if meter is not None:
                held = terms(self._policy, account, bucket)
                after, told = adopt(self._policy, held, meter, unit.now)
                after = self._tell(unit, customer, bucket, held, meter, after, told, unit.now)
                self._save(unit, key, tail, after, next_trigger(held, after))

    def erase(self, unit: Unit, customer: str) -> None:
        """Deletes all that is kept of a customer. Fingerprints stay for their hour: they name nobody."""
        key = customer.encode()
        for bucket in decode_directory(unit.get(directory(key))):
            unit.delete(COUNTERS + key + self._suffix(bucket))
            unit.delete(METERS + key + self._suffix(bucket))
            unit.delete(directory(key))

    def tick(self, unit: Unit) -> None:
        """Deletes what is left of ended generations of fingerprints, a part at a time."""
        self._seen.sweep(unit)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """The meters arm no timer: cycles turn with the records, and what is told is told at once."""
        raise LookupError(f"no usage timer of that name: {timer.name}")

    def _step(self, unit: Unit, customer: bytes, tail: bytes, event: UsageRecord, record: Record) -> bool:
        """The long way of one record. False: it became a dead letter."""
        charge = Charge(_milliseconds(event.start), event.amount, event.kind == "top_up", record.timestamp)
        meter = self._load(unit, customer, tail)
        if meter is not None and self._spend(unit, customer, tail, meter, charge):
            return True
        name = customer.decode()
        held = terms(self._policy, self._lookup(unit, name), event.bucket)
        answer = step(self._policy, held, meter, charge)
        if isinstance(answer, Reason):
            path = "$.amount" if answer is Reason.NUMBER_OUT_OF_RANGE else "$.start"
            unit.outputs.append(dead_letter(RECORDS, self._partition, Malformed(record, answer, path), unit.now))
            return False
        if meter is None:
            names = decode_directory(unit.get(directory(customer)))
            unit.put(directory(customer), encode_directory((*names, event.bucket)))
        after = self._tell(unit, name, event.bucket, held, meter, *answer, charge.start)
        self._save(unit, customer, tail, after, next_trigger(held, after))
        return True

    def _spend(self, unit: Unit, customer: bytes, tail: bytes, meter: Meter, charge: Charge) -> bool:
        """Usage that changes no more than the newest cycle's sum and the history needs no account to be looked up."""
        units = units_at(charge.amount, meter.scale)
        newest = meter.cycles[-1]
        in_time = newest.holds(charge.start) and charge.seen <= newest.end + self._late
        if charge.top_up or units is None or not in_time:
            return False
        stored = unit.get(COUNTERS + customer + tail)
        trigger = unpack_counter(stored)[-1] if stored else 0
        after = spend(self._policy, meter, charge, units)
        if after.cycles[-1].used >= trigger:
            return False
        if latest(after.history) > latest(meter.history) and promising(self._policy, after, charge.start):
            return False
        self._save(unit, customer, tail, after, trigger)
        return True

    def _load(self, unit: Unit, customer: bytes, tail: bytes) -> Meter | None:
        counted = unit.get(COUNTERS + customer + tail)
        stored = unit.get(METERS + customer + tail) if counted is not None else None
        if counted is None or stored is None:
            return None
        meter = decode_meter(stored)
        return merged(meter, counted, slot_width(self._policy, meter.known))

    def _save(self, unit: Unit, customer: bytes, tail: bytes, meter: Meter, trigger: int | None) -> None:
        width = slot_width(self._policy, meter.known)
        for key, value in (
            (METERS + customer + tail, encode_meter(meter)),
            (COUNTERS + customer + tail, counter(meter, width, trigger)),
        ):
            if unit.get(key) != value:
                unit.put(key, value)

    def _tell(
        self,
        unit: Unit,
        customer: str,
        bucket: str,
        held: Terms,
        before: Meter | None,
        meter: Meter,
        told: tuple[Told, ...],
        at: int,
    ) -> Meter:
        """Says what is new since `before`; the meter that knows that it was said."""
        if not stirs(self._policy, before, meter, told, at):
            return meter
        source = Source(customer, bucket, held, meter.scale, unit.now)
        upsell = partial(self._upsell, unit, customer)
        meter, found = news(self._policy, source, before, meter, told, at=at, upsell=upsell)
        for one in found:
            unit.emit(ALERTS, customer.encode(), encode(one.found), partitions=(self._partition,))
            if one.notify:
                self._notify(unit, customer, one.found)
        return meter

    def _suffix(self, bucket: str) -> bytes:
        tail = suffix(bucket)
        if len(self._suffixes) < _NAMES:
            self._suffixes[bucket] = tail
        return tail


def _anybody(unit: Unit, customer: str) -> bool:
    return True


def _milliseconds(instant: datetime | int) -> int:
    """Epoch ms, rounded down; exact, where a float of seconds is not."""
    return instant if isinstance(instant, int) else (instant - _EPOCH) // _MS


def _marks(customers: Sequence[bytes], events: Sequence[UsageRecord]) -> Marks:
    """Fingerprints of customers and record ids; seeded by a length, so that no two pairs read alike."""
    pairs = zip(customers, events, strict=True)
    return np.array([xxh3_64_intdigest(key + event.record_id.encode(), len(key)) for key, event in pairs], np.uint64)
