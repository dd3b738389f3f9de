"""Calibration of estimates: are intervals as wide as they should be, and are they better than the simplest ones? Pure.

    share of outages restored     before p10   p10 to p50   p50 to p90   after p90
    calibrated                       10 %         40 %         40 %        10 %      (a PIT histogram of four bins)

The probability integral transform of a calibrated forecast is uniform (A. P. Dawid, "Statistical theory: the
prequential approach", JRSS A 147, 1984); of an estimate that states three quantiles, only the four parts between them
are known. Coverage, interval score and the forecaster to beat are those of `stream/score/promises.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, median

from msgspec import Struct

from forewarn.stream.calibration.kept import Record, Said
from forewarn.stream.score.intervals import wilson
from forewarn.stream.score.promises import Forecast, Kept, covers, history, interval_score

#: The parts of the PIT histogram, and what a calibrated forecast puts into each.
PARTS = ("before p10", "p10 to p50", "p50 to p90", "after p90")
CALIBRATED = (0.1, 0.4, 0.4, 0.1)


class Share(Struct, frozen=True):
    """A share of `n`, with its 95 % interval (Wilson); None of nothing."""

    n: int
    value: float | None
    low: float
    high: float


class Calibration(Struct, frozen=True, kw_only=True):
    """One row: estimates of one sort. Errors and scores are in seconds; `history_*` are of the earlier outages' own
    quantiles on the same `compared` outages, `score` and `error` of ours on them; None without any.
    """

    of: str
    coverage: Share
    parts: tuple[int, int, int, int]
    median_error_s: float | None
    compared: int
    error_s: float | None
    history_error_s: float | None
    score_s: float | None
    history_score_s: float | None


class Crews(Struct, frozen=True):
    """Crews' first words: how many were kept, and the median of |restored - promised| in seconds."""

    kept: Share
    median_error_s: float | None


class Report(Struct, frozen=True):
    """Everything. `first`: the first estimate of each outage, so that outages count alike; `all`: every estimate."""

    outages: int
    first: Calibration
    by_cause: tuple[Calibration, ...]
    all: Calibration
    crews: Crews


def report(records: Sequence[Record]) -> Report:
    """The report over outages that are over."""
    firsts = [(record, record.model[0]) for record in records if record.model]
    causes = sorted({record.cause for record, _ in firsts})
    return Report(
        outages=len(records),
        first=_calibration("all causes", records, firsts),
        by_cause=tuple(_calibration(cause, records, [f for f in firsts if f[0].cause == cause]) for cause in causes),
        all=_calibration("every estimate", records, [(record, said) for record in records for said in record.model]),
        crews=_crews([(record, record.field[0]) for record in records if record.field]),
    )


def _calibration(of: str, records: Sequence[Record], said: Sequence[tuple[Record, Said]]) -> Calibration:
    pairs = [_kept(records, record, one) for record, one in said]
    compared = [(pair, pair.history) for pair in pairs if pair.history is not None]
    return Calibration(
        of=of,
        coverage=share([covers(pair.said, pair.restored) for pair in pairs]),
        parts=_parts(pairs),
        median_error_s=_median(abs(pair.said.middle - pair.restored) for pair in pairs),
        compared=len(compared),
        error_s=_median(abs(pair.said.middle - pair.restored) for pair, _ in compared),
        history_error_s=_median(abs(earlier.middle - pair.restored) for pair, earlier in compared),
        score_s=_mean(interval_score(pair.said, pair.restored) for pair, _ in compared),
        history_score_s=_mean(interval_score(earlier, pair.restored) for pair, earlier in compared),
    )


def _kept(records: Sequence[Record], record: Record, said: Said) -> Kept:
    """An estimate beside what came true and what the outages that were over by then would have said."""
    low, middle, high = ((at - record.started) / 1000 for at in (said.earliest, said.likely, said.latest))
    earlier = [other.lasted_s for other in records if other.restored <= said.issued]
    return Kept(
        said=Forecast(low, middle, high),
        restored=record.lasted_s,
        history=history(earlier, (said.issued - record.started) / 1000),
    )


def _parts(pairs: Sequence[Kept]) -> tuple[int, int, int, int]:
    parts = [0, 0, 0, 0]
    for pair in pairs:
        said, restored = pair.said, pair.restored
        parts[(restored >= said.low) + (restored > said.middle) + (restored > said.high)] += 1
    return parts[0], parts[1], parts[2], parts[3]


def _crews(words: Sequence[tuple[Record, Said]]) -> Crews:
    return Crews(
        share([record.restored <= word.latest for record, word in words]),
        _median(abs(record.restored - word.likely) / 1000 for record, word in words),
    )


def share(hits: Sequence[bool]) -> Share:
    """How many of them are so."""
    low, high = wilson(sum(hits), len(hits))
    return Share(len(hits), sum(hits) / len(hits) if hits else None, low, high)


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None
