"""Walks over many customers, those of an outage for one, a bounded number in each commit unit.

    start(notices, outage) ──> f/notices/<outage> = cursor ──┐
                                                             ├─ work(): the next 500 customers, by rank and key
    start again (newer revision): from the beginning ────────┘

The subject of a walk is an outage's id, or whatever else the purpose's own `members` understands.

What is done to a customer is the purpose's `visit`, which looks at the present state and may be repeated. So a walk may
start again at any time, and a restart goes on after the last customer whose visit was committed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from forewarn.stream.engine.unit import Unit

PREFIX = b"f/"
SCHEMA = b"\x01"

#: A unit of a walk ends early when it has written this much: a usage alert waits for two or three such units to be
#: committed. Half of what a commit unit may hold told 1.5 times as many a second and let alerts wait 1.7 times as long.
BYTES_A_UNIT = 160 * 1024

Visit = Callable[[Unit, str, str], None]


class Walk(Struct, frozen=True, array_like=True, omit_defaults=True):
    """How far a walk is: after this customer of this rank (empty: at the beginning)."""

    cursor: str = ""
    rank: int = 0


class Purpose(Struct, frozen=True):
    """What a walk is for: whom it visits, what it does to each (unit, subject, customer), and what when it is done.

    `rank`: whom it visits first; customers of one rank are visited in the order of their keys.
    """

    members: Callable[[str], set[str]]
    visit: Visit
    done: Callable[[Unit, str], None] | None = None
    rank: Callable[[str], int] = lambda customer: 0


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(Walk).decode


class FanOut:
    """The walks of one partition. Those of the purpose added first go first, then by subject."""

    def __init__(self, customers_a_unit: int) -> None:
        self.limit = customers_a_unit
        self.purposes: dict[str, Purpose] = {}
        self.walks: dict[tuple[str, str], Walk] = {}
        self._members: dict[tuple[str, str], list[tuple[int, str]]] = {}

    def add(self, name: str, purpose: Purpose) -> None:
        """Registers a purpose; its name holds no slash."""
        self.purposes[name] = purpose

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Finds the walks that were under way."""
        for key, value in table.items():
            if key.startswith(PREFIX):
                purpose, subject = key[len(PREFIX) :].decode().split("/", 1)
                self.walks[purpose, subject] = DECODE(memoryview(value)[1:])

    def start(self, unit: Unit, purpose: str, subject: str) -> None:
        """Starts a walk, or starts it again."""
        self._members.pop((purpose, subject), None)
        self._save(unit, (purpose, subject), Walk())

    def stop(self, unit: Unit, subject: str) -> None:
        """Ends all walks of a subject."""
        for purpose in self.purposes:
            if (purpose, subject) in self.walks:
                self._end(unit, (purpose, subject))

    def walks_for(self, purpose: str) -> bool:
        """Whether a walk of that purpose is under way."""
        return any(name == purpose for name, _ in self.walks)

    def work(self, unit: Unit) -> bool:
        """Visits the next customers of the first walk; True while any walk is left."""
        key = min(self.walks, key=self._rank, default=None)
        if key is None:
            return False
        purpose, subject = self.purposes[key[0]], key[1]
        members = self._members.get(key)
        if members is None:
            members = self._members[key] = sorted((purpose.rank(name), name) for name in purpose.members(subject))
        walk = self.walks[key]
        first = bisect_right(members, (walk.rank, walk.cursor)) if walk.cursor else 0
        visited = self._visit(unit, purpose, subject, [name for _, name in members[first : first + self.limit]])
        if first + visited < len(members):
            rank, cursor = members[first + visited - 1]
            self._save(unit, key, Walk(cursor, rank))
        else:
            self._end(unit, key)
            if purpose.done is not None:
                purpose.done(unit, subject)
        return bool(self.walks)

    def _visit(self, unit: Unit, purpose: Purpose, subject: str, batch: list[str]) -> int:
        """Visits the batch, or as many of it as one unit may write about; returns how many."""
        written = 0
        for number, customer in enumerate(batch, 1):
            before = len(unit.outputs)
            purpose.visit(unit, subject, customer)
            written += sum(len(output.value or b"") for output in unit.outputs[before:])
            if written > BYTES_A_UNIT:
                return number
        return len(batch)

    def _rank(self, key: tuple[str, str]) -> tuple[int, str]:
        return list(self.purposes).index(key[0]), key[1]

    def _save(self, unit: Unit, key: tuple[str, str], walk: Walk) -> None:
        self.walks[key] = walk
        unit.put(_table_key(key), SCHEMA + ENCODE(walk))

    def _end(self, unit: Unit, key: tuple[str, str]) -> None:
        del self.walks[key]
        self._members.pop(key, None)
        unit.delete(_table_key(key))


def _table_key(key: tuple[str, str]) -> bytes:
    return b"%s%s/%s" % (PREFIX, key[0].encode(), key[1].encode())
