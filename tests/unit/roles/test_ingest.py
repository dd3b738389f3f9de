"""Ingest sends raw events on under the region of their element."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout
from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.roles.ingest import RAW, TOPOLOGY, IngestRole
from forewarn.topics.codecs import by_topic
from tests.unit.topics.kafka_record import NOW, FakeRecord
from tests.unit.topics.test_tmf642 import alarm
from tests.unit.topics.test_ves import fault, ves


class Partition:
    """One partition of ingest, fed by hand."""

    def __init__(self) -> None:
        self.core = Core(IngestRole().open(0, Layout(1, 1)), by_topic(), 0)
        self.core.restore(NOW)

    def take(self, topic: str, *records: FakeRecord) -> list[Output]:
        unit: Unit = self.core.begin(NOW)
        self.core.take(unit, topic, records)
        self.core.install(self.core.seal(unit))
        return unit.outputs

    def place(self, element: str, region: str | None, at: int = 0) -> None:
        value = None if region is None else orjson.dumps({"element": element, "region": region})
        self.core.hear(TOPOLOGY, [FakeRecord(value, element.encode(), timestamp=at)])

    def raw(self, value: Any) -> list[Output]:
        return self.take(RAW, FakeRecord(orjson.dumps(value), None))


def where(outputs: list[Output]) -> list[tuple[str, bytes | None]]:
    return [(output.topic, output.key) for output in outputs]


NO_REGION = ("dead.letters", b"")


def test_events_go_to_their_topic_under_the_region_of_their_element() -> None:
    partition = Partition()
    partition.place("olt-7", "north")
    nic: dict[str, Any] = {"vNicPerformanceArray": [{"nicIdentifier": "e0", "speed": 1}]}
    outputs = partition.raw({"eventList": [ves("heartbeat"), fault(), ves("measurement", measurementFields=nic)]})
    assert where(outputs) == [
        ("network.heartbeats", b"north"),
        ("network.alarms", b"north"),
        ("network.kpis", b"north"),
    ]
    assert all(output.partitions is None for output in outputs)


@pytest.mark.parametrize("value", [{"event": fault()}, alarm()])
def test_what_goes_on_is_native_and_decodes_to_the_same_event(value: dict[str, Any]) -> None:
    partition = Partition()
    partition.place("olt-7", "north")
    (output,) = partition.raw(value)
    again = by_topic()[output.topic].decode([FakeRecord(output.value, output.key)]).events
    assert again == by_topic()[RAW].decode([FakeRecord(orjson.dumps(value), None)]).events


def test_an_element_without_a_region_is_a_dead_letter_with_its_own_bytes() -> None:
    (output,) = Partition().raw({"event": fault()})
    assert where([output]) == [NO_REGION]
    assert output.value == orjson.dumps({"event": fault()})
    assert dict(output.headers)["dlq.reason"] == b"no_region"


def test_of_a_list_the_known_go_on_and_the_record_is_kept_once_for_the_unknown() -> None:
    partition = Partition()
    partition.place("olt-7", "north")
    stray = ves("heartbeat")
    stray["commonEventHeader"]["sourceName"] = "stray"
    assert where(partition.raw({"eventList": [stray, ves("heartbeat"), stray]})) == [
        NO_REGION,
        ("network.heartbeats", b"north"),
    ]


def test_an_element_that_is_gone_has_no_region() -> None:
    partition = Partition()
    partition.place("olt-7", "north", at=1)
    partition.place("olt-7", None, at=2)
    assert where(partition.raw({"event": fault()})) == [NO_REGION]


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 2, 1], [2, 0, 1]])
def test_a_move_holds_in_whatever_order_the_regions_partitions_are_read(order: list[int]) -> None:
    """The old region's partition gets a null in the same unit in which the new one's gets the element."""
    said: list[tuple[str | None, int]] = [("north", 1), ("south", 5), (None, 5)]
    partition = Partition()
    for index in order:
        region, at = said[index]
        partition.place("olt-7", region, at=at)
    assert where(partition.raw({"event": fault()})) == [("network.alarms", b"south")]
