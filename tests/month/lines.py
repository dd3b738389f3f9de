"""Rows: what stands in files of kcat lines, inputs and output merged by time, only the topics that somebody asks for.

    in.jsonl, more.jsonl ──┐
                           ├──> by ts, inputs first ──> Row, Row, ...
    out.jsonl ─────────────┘

Nothing here knows Forewarn's code: the format is that of `kcat -J`, the order that of docs/replay.md.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import orjson

_HEAD = b'{"topic":"'
#: Inputs of one millisecond are taken in this order; what is not named is not read here.
RANK = {
    topic: rank
    for rank, topic in enumerate(
        (
            "customers.profiles",
            "customers.subscriptions",
            "customers.preferences",
            "customers.interactions",
            "network.field",
            "delivery.receipts",
            "marketing.requests",
        )
    )
}


class Row(NamedTuple):
    """One record: `ts` in epoch ms, `value` decoded, None for a tombstone. `given`: it is an input."""

    ts: int
    topic: str
    key: str
    value: Any
    given: bool


def rows(lines: Iterable[bytes], topics: Iterable[str], *, given: bool) -> Iterator[Row]:
    """The records of the topics, in the order of the lines."""
    wanted = {topic.encode() for topic in topics}
    start = len(_HEAD)
    for line in lines:
        if line.startswith(_HEAD) and line[start : line.index(b'"', start)] not in wanted:
            continue
        raw = orjson.loads(line)
        if raw["topic"].encode() in wanted:
            payload = raw["payload"]
            value = None if payload is None else orjson.loads(payload)
            yield Row(raw["ts"], raw["topic"], raw["key"], value, given)


def merged(
    inputs: Sequence[Iterable[bytes]], output: Iterable[bytes], read: Iterable[str], written: Iterable[str]
) -> Iterator[Row]:
    """Inputs and output by time; what is written at an instant comes after what is read at it."""
    read = frozenset(read)
    given = heapq.merge(*(rows(lines, read, given=True) for lines in inputs), key=_time)
    return heapq.merge(_ranked(given), rows(output, written, given=False), key=_time)


def _ranked(given: Iterable[Row]) -> Iterator[Row]:
    for _, moment in groupby(given, key=_time):
        together = list(moment)
        yield from sorted(together, key=_rank) if len(together) > 1 else together


def _time(row: Row) -> int:
    return row.ts


def _rank(row: Row) -> int:
    return RANK[row.topic]


def instant(value: str | int) -> int:
    """Epoch ms of an instant as the contract writes it: RFC 3339 text, or epoch ms."""
    return value if isinstance(value, int) else round(datetime.fromisoformat(value).timestamp() * 1000)
