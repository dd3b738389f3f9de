"""What Forewarn wrote: the lines of a replay (or of `kcat -J` on the output topics), by what is scored of them.

Invariant: the order of lines does not matter, and a record that came twice counts once (revisions by their number,
notices by their id): delivery is at least once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct

from forewarn.stream.replay.inputs import Inputs
from forewarn.topics.events.outages import Evidence, OutageState
from forewarn.topics.instants import Instant, to_ms

T = TypeVar("T")


class Promise(Struct, frozen=True):
    """An ETR as a revision carries it; `source` is `model` or `field`."""

    earliest: Instant
    likely: Instant
    latest: Instant
    source: str
    issued: Instant


class Revision(Struct, frozen=True):
    """One revision of an outage, as far as it is scored."""

    outage_id: str
    revision: int
    time: Instant
    state: OutageState
    region: str
    element: str
    started: Instant
    devices_down: int = 0
    restored: Instant | None = None
    cause: str | None = None
    elements: tuple[str, ...] | None = None
    etr: Promise | None = None
    parent: str | None = None
    merged_into: str | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def at(self) -> int:
        """When it was published, epoch ms."""
        return to_ms(self.time)


class Notice(Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """One message to one customer; the customer is the record's key."""

    notification_id: str
    time: Instant
    kind: str
    stage: str
    incident: str
    class_: str | None = None
    customer: str = ""

    @property
    def at(self) -> int:
        """When it was sent, epoch ms."""
        return to_ms(self.time)


class Alert(Struct, frozen=True, kw_only=True):
    """One record of `usage.alerts`; the customer is the record's key."""

    alert_id: str
    time: Instant
    bucket: str
    kind: str
    percent: float
    cycle_start: Instant
    cycle_end: Instant
    runs_out: Instant | None = None
    customer: str = ""


class Output(Struct, frozen=True):
    """Everything of one output file, each part in the order of time; revisions by outage."""

    outages: dict[str, tuple[Revision, ...]]
    notices: tuple[Notice, ...]
    alerts: tuple[Alert, ...]


class OutputError(ValueError):
    """An output that cannot be read; the text names file and line."""


def read(name: str, prefix: str = "") -> Output:
    """Reads a file (`-`: standard input) of kcat lines. Raises `OutputError` or `InputError` at a wrong line."""
    found = _Found()
    take: dict[str, Callable[[bytes, bytes], None]] = {
        "outages": found.revision,
        "outages.revisions": found.revision,
        "notifications": found.notice,
        "usage.alerts": found.alert,
    }
    with Inputs([name], prefix) as inputs:
        for number, line in inputs.read(0):
            taker = take.get(line.topic)
            if taker is None or line.value is None:
                continue
            try:
                taker(line.key or b"", line.value)
            except msgspec.DecodeError as error:
                raise OutputError(f"{inputs.error(0, number, f'{line.topic}: {error}')}") from None
    return found.output()


class _Found:
    def __init__(self) -> None:
        self._revisions: dict[tuple[str, int], Revision] = {}
        self._notices: dict[str, Notice] = {}
        self._alerts: dict[str, Alert] = {}
        self._decode_revision = msgspec.json.Decoder(Revision).decode
        self._decode_notice = msgspec.json.Decoder(Notice).decode
        self._decode_alert = msgspec.json.Decoder(Alert).decode

    def revision(self, _: bytes, value: bytes) -> None:
        """The topic of all revisions says more (the elements) than the compacted one of the same revision."""
        found = self._decode_revision(value)
        identity = (found.outage_id, found.revision)
        if identity not in self._revisions or found.elements is not None:
            self._revisions[identity] = found

    def notice(self, key: bytes, value: bytes) -> None:
        found = self._decode_notice(value)
        self._notices.setdefault(found.notification_id, msgspec.structs.replace(found, customer=key.decode()))

    def alert(self, key: bytes, value: bytes) -> None:
        found = self._decode_alert(value)
        self._alerts.setdefault(found.alert_id, msgspec.structs.replace(found, customer=key.decode()))

    def output(self) -> Output:
        outages: dict[str, list[Revision]] = {}
        for _, revision in sorted(self._revisions.items()):
            outages.setdefault(revision.outage_id, []).append(revision)
        return Output(
            {name: tuple(revisions) for name, revisions in outages.items()},
            tuple(sorted(self._notices.values(), key=lambda notice: (notice.at, notice.notification_id))),
            tuple(sorted(self._alerts.values(), key=lambda alert: (to_ms(alert.time), alert.alert_id))),
        )
