"""Turns what a worker commits into metrics: the words in the labels are the very words in the output topics.

    Partition ──unit──> Observer ──> Metrics ──> /metrics

It satisfies the engine's `Observer` protocol. Units whose outputs are produced again after a recovery do not pass here,
so nothing is counted twice. Invariant: it never fails a worker; an output it cannot read is no reason to stop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from forewarn.stream.decided import Decided
from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.lateness import Lateness
from forewarn.stream.metrics import Metrics

#: States in which customers of an outage are still without service.
_OPEN = ("suspected", "confirmed", "monitoring", "flapping")
_OUTAGE_STATES = (*_OPEN, "restored", "closed", "dismissed", "merged", "planned", "unknown")


#: Measures of an outage by the step that they time.
_STEPS = {
    "time_to_suspect_s": "suspect",
    "time_to_confirm_s": "confirm",
    "time_to_notice_s": "notice",
    "time_to_restore_s": "restore",
}
logger = logging.getLogger("forewarn.outages")


class _Outage(Struct):
    outage_id: str
    state: str
    started: str
    customers: int = 0
    region: str = ""
    element: str = ""
    comment: str = ""
    page: bool = False
    measures: dict[str, float] = {}


class _Alert(Struct):
    kind: str
    time: str


class _Delivery(Struct):
    channel: str
    outcome: str
    attempt: int = 1


class _Signal(Struct):
    kind: str = ""
    event_time: int | None = None


class Observer:
    """Feeds the metrics of one worker of `role`."""

    def __init__(self, metrics: Metrics, role: str) -> None:
        self.metrics = metrics
        self.role = role
        self.owned: int | None = None
        self.late = Lateness(metrics)
        self.decided = Decided(metrics)
        self._outages: dict[str, _Outage] = {}
        self._readers: dict[str, Callable[[int, int, Output], None]] = {
            "dead.letters": self._dead_letter,
            "decisions": lambda partition, now, output: self.decided.take(output.value or b""),
            "customers.answers": lambda partition, now, output: self.decided.take(output.value or b""),
            "notifications.log": self._delivery,
            "outages": self._outage,
            "outages.revisions": self._revision,
            "outages.signals": self._progress,
            "progress": self._progress,
            "usage.alerts": self._alert,
            "marketing.held": self._held,
            "obligations": self._obligation,
        }

    # -- what the engine says ---------------------------------------------------------------------------------------

    def unit(self, partition: int, unit: Unit, records: int, seconds: float) -> None:
        """A unit is about to be committed; `seconds` since its folding began."""
        metrics = self.metrics
        metrics.records.inc(records)
        metrics.unit_records.observe(records)
        metrics.unit_seconds.observe(seconds)
        metrics.unit_bytes.observe(sum(map(len, unit.dirty.values())))
        for topic, count in unit.applied.items():
            metrics.events.labels(topic, "applied").inc(count)
        for topic, count in unit.filtered.items():
            metrics.events.labels(topic, "filtered").inc(count)
        for subject, name, value in unit.notes:
            if subject == "circuit":
                self.circuit(name, value)
            elif subject == "outage":
                self.seed_outage(value.encode())
                self.late.outage(value.encode(), unit.now)
            elif subject == "work":
                self.late.work(name, value)
        for output in unit.outputs:
            if (read := self._readers.get(output.topic)) is not None and output.value is not None:
                read(partition, unit.now, output)
        self.decided.count(unit.now)

    def ready(self, partitions: int | None) -> None:
        """So many partitions are owned and restored; None while they are being given up or restored."""
        self.owned = partitions
        self.metrics.ready.set(partitions is not None)
        self.metrics.partitions.set(partitions or 0)
        if partitions is None:
            self.metrics.consumer_lag.clear()
            self.metrics.watermark_lag.clear()
            self._outages.clear()
            self.late.clear()
            self._gauge_outages()

    def restored(self, partition: int, keys: int, records: int, seconds: float) -> None:
        """One partition's changelog has been read."""
        self.metrics.recovered_keys.inc(keys)
        self.metrics.recovered_records.inc(records)
        self.metrics.recovery_seconds.labels(partition).set(seconds)

    def lost_input(self, topic: str, partition: int, records: int) -> None:
        """Offsets that were deleted before they were applied."""
        self.metrics.lost_input.labels(topic).inc(records)

    def lag(self, topic: str, partition: int, records: int) -> None:
        """Records of a source that are not folded yet."""
        self.metrics.consumer_lag.labels(topic, partition).set(records)

    # -- what deliver says ------------------------------------------------------------------------------------------

    def sent(self, channel: str, seconds: float) -> None:
        """A provider has answered after `seconds`."""
        self.metrics.channel_seconds.labels(channel).observe(seconds)

    def sms_parts(self, parts: int) -> None:
        """A text was taken in this many parts, each of which is paid for."""
        self.metrics.sms_parts.inc(parts)

    def delivered(self, kind: str, seconds: float) -> None:
        """A notification was handed over `seconds` after it was decided."""
        self.metrics.end_to_end.labels(kind, "delivered").observe(seconds)

    def circuit(self, channel: str, state: str) -> None:
        """A provider's circuit is now `closed`, `open` or `half_open`."""
        for one in ("closed", "open", "half_open"):
            self.metrics.circuit.labels(channel, one).set(one == state)

    # -- what the outputs say ---------------------------------------------------------------------------------------

    def seed_outage(self, value: bytes | None) -> None:
        """Takes a row of `outages` that was written before this worker started: nothing of it is news."""
        if value is not None and (outage := _read(_OUTAGES, value)) is not None:
            self._outages[outage.outage_id] = outage
            self._gauge_outages()

    def _dead_letter(self, partition: int, now: int, output: Output) -> None:
        headers = dict(output.headers)
        topic = headers.get("dlq.topic", b"").decode()
        self.metrics.dead_letters.labels(topic, headers.get("dlq.reason", b"").decode()).inc()
        self.metrics.events.labels(topic, "dead_lettered").inc()

    def _held(self, partition: int, now: int, output: Output) -> None:
        if (row := _read(_REASONS, output.value)) is not None:
            self.metrics.marketing_held.labels(row.reason).inc()

    def _obligation(self, partition: int, now: int, output: Output) -> None:
        if (row := _read(_OBLIGATIONS, output.value)) is not None:
            self.metrics.obligations.labels(row.pack, row.state).inc()

    def _delivery(self, partition: int, now: int, output: Output) -> None:
        if (row := _read(_DELIVERIES, output.value)) is None:
            return
        self.metrics.deliveries.labels(row.channel, row.outcome).inc()
        if row.outcome == "attempt" and row.attempt > 1:
            self.metrics.retries.labels(row.channel).inc()

    def _alert(self, partition: int, now: int, output: Output) -> None:
        if (row := _read(_ALERTS, output.value)) is None:
            return
        self.metrics.usage_alerts.labels(row.kind).inc()
        if (since := _seconds_since(row.time, now)) is not None:
            self.metrics.end_to_end.labels("usage", "decided").observe(since)

    def _revision(self, partition: int, now: int, output: Output) -> None:
        if (row := _read(_OUTAGES, output.value)) is None:
            return
        self.metrics.outage_revisions.labels(row.state).inc()
        known = self._outages.get(row.outage_id)
        first = row.state == "confirmed" and (known is None or known.state != "confirmed")
        if first and (since := _seconds_since(row.started, now)) is not None:
            self.metrics.end_to_end.labels("outage", "detected").observe(since)

    def _outage(self, partition: int, now: int, output: Output) -> None:
        if (row := _read(_OUTAGES, output.value)) is None:
            return
        self.late.outage(output.value, now)
        was = self._outages.get(row.outage_id)
        self._measure(row, was.measures if was is not None else {})
        if row.state == "unknown" and (was is None or was.state != "unknown"):
            logger.warning("outage.unknown", extra=_named(row))
        if row.page and (was is None or not was.page):
            logger.error("outage.page", extra=_named(row))
        self._outages[row.outage_id] = row
        if row.state in ("closed", "dismissed", "merged"):
            del self._outages[row.outage_id]
        self._gauge_outages()

    def _measure(self, row: _Outage, known: dict[str, float]) -> None:
        """Observes what the row measures that was not known before."""
        metrics = self.metrics
        for name in row.measures.keys() - known.keys():
            value = row.measures[name]
            if (step := _STEPS.get(name)) is not None:
                metrics.outage_delay.labels(step).observe(value)
            elif name == "etr_error_s":
                metrics.etr_error.labels("late" if value > 0 else "early").observe(abs(value))
            if name == "time_to_restore_s":
                metrics.outage_customers.observe(row.customers)

    def _gauge_outages(self) -> None:
        outages = self._outages.values()
        for state in _OUTAGE_STATES:
            self.metrics.outages.labels(state).set(sum(one.state == state for one in outages))
        for state in _OPEN:
            self.metrics.customers_affected.labels(state).set(sum(o.customers for o in outages if o.state == state))
        self.metrics.outages_paged.set(sum(one.page for one in outages))

    def _progress(self, partition: int, now: int, output: Output) -> None:
        row = _read(_SIGNALS, output.value)
        if row is not None and row.event_time and (row.kind == "progress" or output.topic == "progress"):
            self.metrics.watermark_lag.labels(partition).set(max(0.0, (now - row.event_time) / 1000))


class _Reason(Struct):
    reason: str


class _Obligation(Struct):
    pack: str
    state: str


_OUTAGES: msgspec.json.Decoder[_Outage] = msgspec.json.Decoder(_Outage)
_ALERTS: msgspec.json.Decoder[_Alert] = msgspec.json.Decoder(_Alert)
_DELIVERIES: msgspec.json.Decoder[_Delivery] = msgspec.json.Decoder(_Delivery)
_SIGNALS: msgspec.json.Decoder[_Signal] = msgspec.json.Decoder(_Signal)
_OBLIGATIONS: msgspec.json.Decoder[_Obligation] = msgspec.json.Decoder(_Obligation)
_REASONS: msgspec.json.Decoder[_Reason] = msgspec.json.Decoder(_Reason)


def _read(decoder: msgspec.json.Decoder[Any], value: bytes | None) -> Any:
    """The few fields that a label needs; None when the output is of another shape (counting must not stop a worker)."""
    try:
        return decoder.decode(value or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _named(row: _Outage) -> dict[str, str]:
    return {"outage": row.outage_id, "region": row.region, "element": row.element, "why": row.comment}


def _seconds_since(instant: str, now: int) -> float | None:
    try:
        return max(0.0, now / 1000 - datetime.fromisoformat(instant).timestamp())
    except ValueError:
        return None
