"""What a simulated world hands out: records with the time at which they reach the topic.

A source is asked for everything it sends before a time, again and again with later times. It may hand out a record
early (a beat that reaches the collector a little later); the world keeps that back until its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import orjson


class Event(NamedTuple):
    """One record to be sent: `ts` in epoch ms, topic by catalog name, key and value as sent."""

    ts: int
    topic: str
    key: str
    value: bytes


class Source(Protocol):
    """One part of the world that sends records."""

    def until(self, to: int) -> Iterable[Event]:
        """What happens before `to` (epoch ms) and was not handed out yet."""
        ...


class Script:
    """A source whose records are known beforehand."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = sorted(events, key=lambda event: event.ts)
        self._next = 0

    def until(self, to: int) -> list[Event]:
        """The records whose time has come."""
        first = self._next
        while self._next < len(self._events) and self._events[self._next].ts < to:
            self._next += 1
        return self._events[first : self._next]


def event(ts: int, topic: str, key: str, value: object) -> Event:
    """A record with `value` as JSON."""
    # orjson hands out the shrunk end of a large buffer; what waits for its time is copied, or it would keep all of it.
    return Event(ts, topic, key, bytes(memoryview(orjson.dumps(value))))
