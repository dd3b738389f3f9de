"""Planned work as correlate tells the customers' partitions of it (internal)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

WorkStatus = Literal["planned", "started", "completed", "cancelled"]


class WorkChunk(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="work"):
    """Internal: one chunk of one revision of planned work (`outages.impact`, key = `work/<maintenance id>/<chunk>`).

    `elements` are what it takes down, what hangs on the named ones alone included; sets, chunks and headers are as in
    `ImpactChunk`. `turn`: how often it was moved, or taken up again after it was over; `previous`: the window announced
    before the last move. `late`: how many times a promised end was not kept, `promised` the last such one, 0: none.
    `region` if all of it lies in one. Instants are epoch milliseconds.
    """

    maintenance_id: str
    revision: int
    time: int
    status: WorkStatus
    start: int
    end: int
    elements_revision: int
    chunk: int
    chunks: int
    turn: int = 0
    elements: tuple[str, ...] | None = None
    previous: tuple[int, int] | None = None
    late: int = 0
    promised: int = 0
    ended: int | None = None
    region: str | None = None
    reason: str | None = None
