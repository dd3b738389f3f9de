"""From revisions of outages to what was promised and what came true. Pure.

    outages.revisions ──> by outage: etr, etr ... restored ──> Record(started, restored, estimates, crews' words)

An outage counts when it was confirmed and is restored or closed. Planned work, what was dismissed or merged into
another does not, nor what still lasts.

Invariant: the same revisions in any order, however often, give the same records.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from forewarn.stream.score.output import Promise, Revision
from forewarn.topics.instants import to_ms


class Said(Struct, frozen=True):
    """One estimate or word: when it was issued, and p10, p50, p90; epoch ms."""

    issued: int
    earliest: int
    likely: int
    latest: int


class Record(Struct, frozen=True, kw_only=True):
    """One outage that is over. Instants are epoch ms; `cause` is the last one that was named."""

    outage_id: str
    cause: str
    started: int
    restored: int
    model: tuple[Said, ...] = ()
    field: tuple[Said, ...] = ()

    @property
    def lasted_s(self) -> float:
        """From onset to restoration, in seconds."""
        return (self.restored - self.started) / 1000


def records(revisions: Iterable[Revision]) -> tuple[Record, ...]:
    """The outages that are over, by the time of their restoration."""
    outages: dict[str, dict[int, Revision]] = {}
    for revision in revisions:
        outages.setdefault(revision.outage_id, {})[revision.revision] = revision
    found = [_record([of[number] for number in sorted(of)]) for of in outages.values()]
    return tuple(sorted((r for r in found if r is not None), key=lambda r: (r.restored, r.outage_id)))


def _record(revisions: list[Revision]) -> Record | None:
    """The record of one outage, its revisions in order; None when it does not count."""
    last, states = revisions[-1], {revision.state for revision in revisions}
    if last.state not in ("restored", "closed") or last.restored is None or "confirmed" not in states:
        return None
    if "planned" in states:
        return None
    return Record(
        outage_id=last.outage_id,
        cause=next((r.cause for r in reversed(revisions) if r.cause is not None), "unknown"),
        started=to_ms(last.started),
        restored=to_ms(last.restored),
        model=_said(revisions, "model"),
        field=_said(revisions, "field"),
    )


def _said(revisions: list[Revision], source: str) -> tuple[Said, ...]:
    """What one source said while the outage was confirmed, each word once."""
    promises = [r.etr for r in revisions if r.etr is not None and r.etr.source == source and r.state == "confirmed"]
    return tuple(dict.fromkeys(map(_instants, promises)))


def _instants(promise: Promise) -> Said:
    return Said(to_ms(promise.issued), to_ms(promise.earliest), to_ms(promise.likely), to_ms(promise.latest))
