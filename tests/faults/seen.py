"""What a run left behind, as anyone may read it: topics, decide's table, what mail server and SMS centre have taken."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Struct

from forewarn.alerts.smsc import SmscSink
from forewarn.stream.usage import stored
from tests.faults.place import Place

TABLE = "forewarn-decide-changelog"
TOPICS = (
    "usage.alerts",
    "notifications",
    "notifications.log",
    "decisions",
    "marketing.approved",
    "marketing.held",
    "outages.revisions",
)
MARKER, TAKEOVER = b"\x00marker", b"\x00takeover"


class Row(Struct, frozen=True):
    """One output record."""

    key: bytes
    value: bytes
    read: dict[str, Any]
    headers: tuple[tuple[str, bytes], ...] = ()


class Table:
    """A changelog folded in log order: the units of the last owner before them count. Written apart from the engine."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.owner: str | None = None
        self.refused = 0
        self._unit: list[tuple[bytes, bytes | None]] = []

    def take(self, key: bytes, value: bytes | None) -> None:
        """The next record."""
        if key == TAKEOVER:
            self.owner = (value or b"").decode()
        elif key == MARKER:
            writer = msgspec.msgpack.decode((value or b"")[1:])[0]
            if self.owner in (None, writer):
                self.rows.update((key, to) for key, to in self._unit if to is not None)
                for key in [key for key, to in self._unit if to is None]:
                    self.rows.pop(key, None)
            else:
                self.refused += 1
            self._unit.clear()
        else:
            self._unit.append((key, value))


class Seen:
    """Everything read so far. `more` reads on. `mails` and `texts`: how often each notification was taken."""

    def __init__(
        self,
        place: Place,
        *,
        mail: Path | None = None,
        smsc: SmscSink | None = None,
        topics: Sequence[str] = (*TOPICS, TABLE),
    ) -> None:
        self.place = place
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.tables: dict[int, Table] = defaultdict(Table)
        self.mails: Counter[str] = Counter()
        self.texts: Counter[str] = Counter()
        self._smsc = smsc
        self._topics = topics
        self._mail = mail
        self._mail_at = 0
        self._at: dict[TopicPartition, int] = {}

    async def more(self) -> None:
        """Reads all that was added."""
        names = {self.place.prefix + topic: topic for topic in self._topics}
        tps = [tp for topic in names.values() for tp in self.place.partitions(topic)]
        async with AIOKafkaConsumer(
            bootstrap_servers=self.place.bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=8 << 20
        ) as consumer:
            ends = await consumer.end_offsets(tps)
            left = {tp for tp in tps if self._at.get(tp, 0) < ends[tp]}
            consumer.assign(sorted(left))
            for tp in left:
                consumer.seek(tp, self._at.get(tp, 0))
            while left:
                for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        self._take(names[tp.topic], record)
                for tp in tuple(left):
                    self._at[tp] = await consumer.position(tp)
                    if self._at[tp] >= ends[tp]:
                        left.discard(tp)
        if self._mail is not None:
            await asyncio.to_thread(self._read_mail, self._mail)
        if self._smsc is not None:
            last_parts = [part for part in self._smsc.taken if part.part == part.parts]
            self.texts = Counter(part.text.partition(":")[0] for part in last_parts)

    def _take(self, topic: str, record: Any) -> None:
        if topic == TABLE:
            self.tables[record.partition].take(record.key, record.value)
            return
        read = msgspec.json.decode(record.value) if topic != "dead.letters" else {}
        self.rows[topic].append(Row(record.key, record.value, read, tuple(record.headers)))

    def _read_mail(self, ledger: Path) -> None:
        """Whole lines only: the last one may still be written."""
        with ledger.open("rb") as file:
            file.seek(self._mail_at)
            for line in file:
                if line.endswith(b"\n"):
                    self._mail_at += len(line)
                    self.mails[msgspec.json.decode(line)["message_id"].strip("<>").rpartition("@")[0]] += 1

    @property
    def used(self) -> dict[tuple[str, str], int]:
        """(customer, bucket) -> amount used in the newest cycle, from decide's table."""
        found = {}
        for table in self.tables.values():
            for key, value in table.rows.items():
                if key.startswith(stored.COUNTERS):
                    customer, _, bucket = key[len(stored.COUNTERS) :].decode().rpartition("\x00")
                    _, scale, _, until, used, _ = stored.unpack_counter(value)
                    if not until:
                        used = stored.decode_meter(table.rows[stored.METERS + key[2:]]).cycles[-1].used
                    found[customer, bucket] = used // 10**scale
        return found

    @property
    def refused_units(self) -> int:
        """Units in the changelog that dispossessed owners wrote."""
        return sum(table.refused for table in self.tables.values())
