"""Decisions as a worker commits them: counted by outcome and reason, and logged by the same words.

    decisions, answers ──by unit──> Decided ──┬─> forewarn_decisions_total, forewarn_notifications_total
                                              └─> log line `decided`, once a second by outcome and reason, with `count`

Invariant: a reason is the word that stands in the ledger, on the metric and in the log alike.
"""

from __future__ import annotations

import logging
from collections import Counter

import msgspec
from msgspec import Struct

from forewarn.stream.metrics import Metrics
from forewarn.stream.scores import score_of

#: Decisions are logged at most this often: an outage of many customers makes very many of them.
LOG_MS = 1_000

logger = logging.getLogger("forewarn.decisions")


class Decision(Struct, frozen=True):
    """The few fields of a row that a label needs."""

    subject: str
    kind: str
    outcome: str
    reason: str
    stage: str = ""
    channel: str = ""


DECODE = msgspec.json.Decoder(Decision).decode


class Decided:
    """Counts and logs the decisions of one worker."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._unit: Counter[Decision] = Counter()
        self._unlogged: Counter[tuple[str, str, str]] = Counter()
        self._logged_at = 0

    def take(self, row: bytes) -> None:
        """Takes a row of `decisions` or `customers.answers`.

        One of another shape is passed over, for counting must not stop a worker.
        """
        try:
            decision = DECODE(row)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        self._unit[decision] += 1
        if decision.reason == "scored" and (scored := score_of(row)) is not None:
            self.metrics.survey_scores.labels(*scored).inc()

    def count(self, now: int) -> None:
        """Counts what was taken since it last did, and logs what is not logged yet. `now` is epoch ms."""
        for row, count in self._unit.items():
            self.metrics.decisions.labels(row.subject, row.outcome, row.reason).inc(count)
            if row.subject == "notification":
                self.metrics.notifications.labels(row.kind, row.stage, row.channel, row.outcome).inc(count)
            self._unlogged[row.subject, row.outcome, row.reason] += count
        self._unit.clear()
        if self._unlogged and now - self._logged_at >= LOG_MS:
            self._logged_at = now
            for (about, outcome, reason), count in self._unlogged.items():
                logger.info("decided", extra={"about": about, "outcome": outcome, "reason": reason, "count": count})
            self._unlogged.clear()
