"""`forewarn regulator export`: the evidence of all obligations, from the topics or from files, as CSV or JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from forewarn.stream.kafka import partitions_of, read_to_end, reader, topic_name
from forewarn.stream.outfile import result
from forewarn.stream.regulator.evidence import Evidence, Held, Revision, as_csv, as_json, evidence
from forewarn.stream.replay.inputs import InputError, Inputs
from forewarn.stream.settings import Settings
from forewarn.topics.events.obligations import Obligation

#: What is read of each topic.
TOPICS: dict[str, type[Obligation] | type[Revision] | type[Held]] = {
    "obligations": Obligation,
    "outages.revisions": Revision,
    "decisions": Held,
}


class Request(Struct, frozen=True, kw_only=True):
    """What is to be exported: from `files` of `kcat -J` lines (none: from Kafka), to these (`-`: standard output).

    `pack`: of one pack only.
    """

    files: tuple[str, ...] = ()
    csv: str | None = None
    json: str | None = None
    pack: str | None = None


async def run(settings: Settings, request: Request) -> int:
    """Writes the evidence; 0, 1 when there is none, 2 when a file cannot be read. Raises NoSuchTopic."""
    try:
        found = _from_files(settings, request.files) if request.files else await _from_kafka(settings)
    except InputError as error:
        print(f"forewarn regulator export: {error}", file=sys.stderr)
        return 2
    rows = [row for row in found if request.pack in (None, row.pack)]
    for name, encode in ((request.csv, as_csv), (request.json, as_json)):
        if name is not None:
            with result(name) as file:
                file.write(encode(rows))
    if request.csv is None and request.json is None:
        sys.stdout.write(as_csv(rows).decode())
    return 0 if rows else 1


class _Taken:
    """The records of the topics, decoded. What is of another shape is left out, and counted."""

    def __init__(self) -> None:
        self.obligations: list[Obligation] = []
        self.revisions: list[Revision] = []
        self.held: list[Held] = []
        self.odd = 0
        self._decoders = {topic: msgspec.json.Decoder(event) for topic, event in TOPICS.items()}

    def take(self, topic: str, key: bytes | None, value: bytes) -> None:
        """Takes one record of one of `TOPICS`."""
        try:
            found = self._decoders[topic].decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.odd += 1
            return
        if isinstance(found, Obligation):
            self.obligations.append(found)
        elif isinstance(found, Revision):
            self.revisions.append(found)
        else:
            self.held.append(msgspec.structs.replace(found, customer=(key or b"").decode(errors="replace")))

    def evidence(self) -> list[Evidence]:
        """The rows; says how many records were of another shape."""
        if self.odd:
            print(f"{self.odd} records are of another shape and were left out", file=sys.stderr)
        return evidence(self.obligations, self.revisions, self.held)


def _from_files(settings: Settings, files: Sequence[str]) -> list[Evidence]:
    taken = _Taken()
    with Inputs(files, settings.topic_prefix) as inputs:
        for index in range(len(inputs)):
            for _, line in inputs.read(index):
                if line.topic in TOPICS and line.value is not None:
                    taken.take(line.topic, line.key, line.value)
    return taken.evidence()


async def _from_kafka(settings: Settings) -> list[Evidence]:
    taken = _Taken()
    async with reader(settings) as consumer:
        for topic in TOPICS:
            name = topic_name(settings, topic)
            partitions = await partitions_of(consumer, name)
            async for record in read_to_end(consumer, name, partitions):
                if record.value is not None:
                    taken.take(topic, record.key, record.value)
    return taken.evidence()
