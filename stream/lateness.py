"""What is late, as gauges: outages whose promised time has passed, and planned work that goes on beyond its end.

    outages (revision) ──┐
    note `work` ─────────┼──> Lateness ──> forewarn_outages_overdue, forewarn_works_late

correlate writes a revision when a promise passes, and notes works as they become late, so nothing has to be looked at
between its words. Invariant: what is over is late no more.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from forewarn.stream.metrics import Metrics

#: States in which an outage can be late.
_GOING_ON = frozenset({"confirmed"})


class _Etr(Struct):
    latest: str


class _Outage(Struct):
    outage_id: str
    state: str
    etr: _Etr | None = None


_decode = msgspec.json.Decoder(_Outage).decode


class Lateness:
    """Keeps the gauges of one worker."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._overdue: set[str] = set()
        self._late: set[str] = set()

    def outage(self, value: bytes | None, now: int) -> None:
        """A row of `outages` at `now` (epoch ms); what cannot be read is left to whoever reads it."""
        try:
            row = _decode(value or b"null")
            passed = row.etr is not None and datetime.fromisoformat(row.etr.latest).timestamp() * 1000 <= now
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
            return
        if passed and row.state in _GOING_ON:
            self._overdue.add(row.outage_id)
        else:
            self._overdue.discard(row.outage_id)
        self._gauge()

    def work(self, name: str, word: str) -> None:
        """A planned work is `late`, or is not (any other word)."""
        if word == "late":
            self._late.add(name)
        else:
            self._late.discard(name)
        self._gauge()

    def clear(self) -> None:
        """The partition is given up: somebody else knows now."""
        self._overdue.clear()
        self._late.clear()
        self._gauge()

    def _gauge(self) -> None:
        self.metrics.outages_overdue.set(len(self._overdue))
        self.metrics.works_late.set(len(self._late))
