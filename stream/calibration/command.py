"""`forewarn etr report`: revisions from files or from Kafka, and the calibration of their estimates."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Console

from forewarn.stream.calibration.kept import records
from forewarn.stream.calibration.show import show
from forewarn.stream.calibration.table import report
from forewarn.stream.kafka import partitions_of, read_to_end, reader, topic_name
from forewarn.stream.score import output
from forewarn.stream.score.output import Revision
from forewarn.stream.settings import Settings

TOPIC = "outages.revisions"


async def run(settings: Settings, files: Sequence[str], *, as_json: bool) -> int:
    """Prints the report; 0, or 1 when no outage is over that had an estimate or a crew's word."""
    revisions = list(_from_files(settings, files)) if files else await _from_kafka(settings)
    found = report(records(revisions))
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    elif found.first.coverage.n or found.crews.kept.n:
        show(found, Console())
    else:
        sys.stdout.write(_nothing(len({revision.outage_id for revision in revisions}), found.outages))
    return 0 if found.first.coverage.n or found.crews.kept.n else 1


def _nothing(seen: int, over: int) -> str:
    if not seen:
        return f"There is no outage in {TOPIC}: nothing was estimated yet.\n"
    return f"Of {seen:,} outages {over:,} were confirmed and are over; none had an estimate: nothing to judge yet.\n"


def _from_files(settings: Settings, files: Sequence[str]) -> Iterator[Revision]:
    for name in files:
        for revisions in output.read(name, settings.topic_prefix).outages.values():
            yield from revisions


async def _from_kafka(settings: Settings) -> list[Revision]:
    decode, topic = msgspec.json.Decoder(Revision).decode, topic_name(settings, TOPIC)
    async with reader(settings) as consumer:
        partitions = await partitions_of(consumer, topic)
        return [decode(r.value) async for r in read_to_end(consumer, topic, partitions) if r.value is not None]
