"""From records of one topic to typed events: the way in for everything that Forewarn reads.

    records -> all at once: typed decode, screen ──────────────> events
                    └─ not all clean: split, and at last one by one: strict parser ──> events | Malformed | filtered

Invariant: every record ends in exactly one of `events`, `malformed` and `filtered`, in order, and what an odd record
holds never touches its neighbours. Which way a record took cannot be seen in the result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct, field

from forewarn.stream.engine.role import Record
from forewarn.topics import tmf642, ves
from forewarn.topics.catalog import TOPICS, Topic
from forewarn.topics.dead_letters import Malformed
from forewarn.topics.deep_screen import DeepScreen
from forewarn.topics.instants import MAX_MS, to_ms
from forewarn.topics.keys import ANY, KeyCheck, key_oddity, mismatch
from forewarn.topics.reasons import Reason
from forewarn.topics.screen import UNDECODABLE, Screen, screenable
from forewarn.topics.strict import Oddity, parse
from forewarn.topics.typed import typed

#: How far an event may be ahead of its record's broker time, in seconds; a policy value.
AHEAD_S = 120.0
#: Records taken at once: as many as stay in a processor's cache, then few enough to part the odd ones from the clean.
_PARTS = (256, 16)


class Decoded(Struct, frozen=True):
    """`events[i]` was decoded from `records[i]`; a record that holds several events stands there several times.

    `filtered` counts what was well-formed and is not read, by reason.
    """

    events: list[Any] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    filtered: Counter[Reason] = field(default_factory=Counter)


class Codec:
    """The decoder of one topic. It learns unknown fields of clean records, which changes its speed and nothing else."""

    def __init__(self, topic: Topic, *, ahead_s: float = AHEAD_S) -> None:
        self.topic = topic
        self._ahead_ms = int(ahead_s * 1000)
        read = topic.direction == "read"
        native = read and topic.foreign != "only"
        self._decode = msgspec.json.Decoder(topic.event if topic.foreign != "only" else Any).decode
        self._keyed = read and topic.key != ANY
        self._key = topic.key_field if self._keyed else None
        self._key_check = KeyCheck(self._key) if self._key else None
        self._instant = attrgetter(topic.instant) if topic.instant else None
        self._trusted = not read
        self._screen = _screen_of(topic.event) if native else None

    def decode(self, records: Sequence[Record]) -> Decoded:
        """Decodes records of this topic, from one partition and in order. Raises nothing on any bytes."""
        decoded = Decoded()
        self._in_parts(records, _PARTS[0], decoded)
        return decoded

    def decode_strictly(self, records: Sequence[Record]) -> Decoded:
        """The same by the strict way alone, one by one: what `decode` is measured against."""
        decoded = Decoded()
        for record in records:
            self._one(record, decoded)
        return decoded

    def _in_parts(self, records: Sequence[Record], size: int, decoded: Decoded) -> None:
        """Takes parts at once; one that is not plainly clean in smaller parts; and the smallest one by one."""
        for first in range(0, len(records), size):
            part = records[first : first + size]
            events = self._at_once(part)
            if events is not None:
                decoded.events.extend(events)
                decoded.records.extend(part)
            elif size > _PARTS[-1]:
                self._in_parts(part, _PARTS[-1], decoded)
            else:
                for record in part:
                    self._one(record, decoded)

    def _at_once(self, records: Sequence[Record]) -> list[Any] | None:
        """All events, when every record is plainly clean."""
        screen = self._screen
        if not (screen or self._trusted):
            return None
        values = [record.value for record in records]
        decode = self._decode
        try:
            events = [decode(value) for value in values if value]
        except UNDECODABLE:
            return None
        if len(events) < len(values):
            return None
        if screen is None:
            return events
        return events if self._all_clean(screen, records, values, events) else None

    def _all_clean(
        self, screen: Screen | DeepScreen, records: Sequence[Record], values: Sequence[Any], events: list[Any]
    ) -> bool:
        if not screen.passes(values, events):
            return False
        if self._key_check and not self._key_check.passes([record.key for record in records], events):
            return False
        return self._none_ahead(events, records)

    def _none_ahead(self, events: Sequence[Any], records: Sequence[Record]) -> bool:
        """Whether no event is ahead of the broker's time: the latest against the earliest, else one by one."""
        if self._instant is None:
            return True
        times = list(map(self._instant, events))
        try:
            latest = to_ms(max(times))
        except TypeError:  # both forms of instants in one batch
            latest = MAX_MS
        if latest <= min([record.timestamp for record in records]) + self._ahead_ms:
            return True
        return not any(self._is_ahead(time, record) for time, record in zip(times, records, strict=True))

    def _is_ahead(self, time: Any, record: Record) -> bool:
        """Whether an instant is ahead of its record's broker time; a record without a timestamp cannot tell."""
        return record.timestamp >= 0 and to_ms(time) > record.timestamp + self._ahead_ms

    def _one(self, record: Record, decoded: Decoded) -> None:
        """Takes one record by the strict way."""
        found = self._judged(record, decoded.filtered)
        if isinstance(found, Oddity):
            decoded.malformed.append(Malformed(record, found.reason, found.path))
            return
        decoded.events.extend(found)
        decoded.records.extend([record] * len(found))

    def _judged(self, record: Record, filtered: Counter[Reason]) -> list[Any] | Oddity:
        if self._keyed and (odd := key_oddity(record.key)):
            return odd
        if record.value is None:
            return [None] if self.topic.cleanup == "compact" else Oddity(Reason.NULL_VALUE)
        if not record.value:
            return Oddity(Reason.EMPTY_VALUE)
        passed_by: Counter[Reason] = Counter()
        found = self._events(record.value, passed_by)
        if isinstance(found, Oddity):
            return found
        for event in found:
            if odd := self._contradiction(record, event):
                return odd
        filtered.update(passed_by)
        return found

    def _events(self, value: bytes, filtered: Counter[Reason]) -> list[Any] | Oddity:
        tree = parse(value)
        if isinstance(tree, Oddity):
            return tree
        if self.topic.foreign:
            if tmf642.is_tmf642(tree):
                return tmf642.events(tree)
            if ves.is_ves(tree):
                return ves.events(tree, filtered)
            if self.topic.foreign == "only":
                return Oddity(Reason.UNKNOWN_FORMAT)
        found = typed(tree, self.topic.event)
        if isinstance(found, Oddity):
            return found
        if self._screen:
            self._screen.learn(tree)
        return [self._decode(value)]  # fractions inside free-form fields become doubles, as they do at once

    def _contradiction(self, record: Record, event: Any) -> Oddity | None:
        """What an event says against its key or against the broker's clock."""
        if self._key and record.key and (odd := mismatch(record.key, event, self._key)):
            return odd
        if self._instant and self._is_ahead(self._instant(event), record):
            return Oddity(Reason.FUTURE, f"$.{self.topic.instant}")
        return None


def _screen_of(event: Any) -> Screen | DeepScreen:
    return Screen(event) if screenable(event) else DeepScreen(event)


def by_topic(*, ahead_s: float = AHEAD_S) -> dict[str, Codec]:
    """A codec for every topic whose values are events, by catalog name."""
    return {topic.name: Codec(topic, ahead_s=ahead_s) for topic in TOPICS if topic.event is not None}
