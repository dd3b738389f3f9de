"""Role ingest: raw VES and TMF642 -> the keyed topics that detect reads.

    network.topology ─> places: element -> region ─┐
    network.raw ──────────────────────────────────> native events, keyed by the region of their element

The places are not durable: topology is compacted, and every partition hears all of it again at each start. Invariant:
what was mapped once is emitted so, whatever topology says later. A raw record may hold events of many elements: those
that have a region go on; if any has none, the record is dead-lettered once, whole, so that it can be sent again when
the inventory knows the element (what went on already changes nothing then).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import orjson
from msgspec import Struct

from forewarn.stream.engine.role import Fold, Group, Layout, Record, Source
from forewarn.stream.engine.unit import Unit
from forewarn.topics.dead_letters import Malformed, Reason, dead_letter
from forewarn.topics.events.network import Alarm, Heartbeat, Kpi, TopologyElement

TOPOLOGY, RAW = "network.topology", "network.raw"
#: Where events of each kind go.
TARGETS: dict[type, str] = {Heartbeat: "network.heartbeats", Alarm: "network.alarms", Kpi: "network.kpis"}


class Place(Struct, frozen=True, gc=False):
    """Where an element is; `time` is that of the topology record that said so (epoch ms)."""

    region: str
    time: int


class IngestFold(Fold):
    """One partition of raw records. It knows every element of the network, whatever its region."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.places: dict[str, Place] = {}

    def reread(self, topic: str, events: Sequence[TopologyElement | None], records: Sequence[Record]) -> None:
        """Hears where elements are. The regions' partitions come in any order; the newest word holds."""
        for event, record in zip(events, records, strict=True):
            if event is not None and event.source == "heard":
                continue
            if event is not None:
                self._settle(event.element, Place(event.region, record.timestamp))
            else:
                self._leave((record.key or b"").decode(), record.timestamp)

    def fold(
        self, unit: Unit, topic: str, events: Sequence[Heartbeat | Alarm | Kpi], records: Sequence[Record]
    ) -> None:
        """Sends raw events on."""
        lost: Record | None = None
        for event, record in zip(events, records, strict=True):
            if not self._send_on(unit, event) and record is not lost:
                lost = record
                unit.outputs.append(dead_letter(topic, self.partition, Malformed(record, Reason.NO_REGION), unit.now))

    def _settle(self, element: str, place: Place) -> None:
        known = self.places.get(element)
        if known is None or known.time <= place.time:
            self.places[element] = place

    def _leave(self, element: str, time: int) -> None:
        """An element is gone, unless it has moved: its new region says so no earlier than its old one."""
        known = self.places.get(element)
        if known is not None and known.time < time:
            del self.places[element]

    def _send_on(self, unit: Unit, event: Heartbeat | Alarm | Kpi) -> bool:
        """Emits the event under its element's region; False when that has none."""
        place = self.places.get(event.element) if event.element else None
        if place is None:
            return False
        value = orjson.dumps(msgspec.to_builtins(event))
        unit.emit(TARGETS[type(event)], place.region.encode(), value)
        return True


class IngestRole:
    """Ingest, as the engine and the replay open it."""

    name = "ingest"
    group: Group = "region"
    sources = (Source(TOPOLOGY, 0, broadcast=True), Source(RAW, 1))

    def open(self, partition: int, layout: Layout) -> IngestFold:
        """The fold of one partition of raw records."""
        return IngestFold(partition)
