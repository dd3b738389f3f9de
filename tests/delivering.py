"""A driver for tests of delivery: a Core of role deliver, notifications as decide writes them, answers by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import orjson

from forewarn.alerts.channels.protocol import Answer, Reply, Send
from forewarn.alerts.delivery import DeliveryPolicy
from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout
from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.roles.deliver import DeliverRole
from forewarn.topics.codecs import by_topic
from forewarn.topics.instants import to_rfc3339

START = 1_795_379_400_000
SECOND, MINUTE = 1_000, 60_000


class Written(NamedTuple):
    """A record as the engine would hand it over."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def notification(notification_id: str, **changes: Any) -> dict[str, Any]:
    """A confirmed notice by e-mail, valid for an hour, with changes."""
    return {
        "notification_id": notification_id,
        "time": to_rfc3339(START),
        "kind": "outage",
        "stage": "confirmed",
        "incident": "outage-1",
        "channel": "email",
        "to": "ada@example.com",
        "locale": "en",
        "subject": "Service outage",
        "text": "There is an outage.",
        "html": "<p>There is an outage.</p>",
        "valid_until": to_rfc3339(START + 60 * MINUTE),
        "critical": False,
        **changes,
    }


class Post:
    """One partition of role deliver under a test's control. `sends` are the hand-overs asked for, in
    order; `groups` how many each unit asked for."""

    def __init__(self, policy: DeliveryPolicy | None = None, partitions: int = 1) -> None:
        self.role = DeliverRole(policy or DeliveryPolicy())
        self.layout = Layout(region=1, customer=partitions)
        self.now = START
        self.offset = 0
        self.sends: list[Send] = []
        self.outputs: list[Output] = []
        self.groups: list[int] = []
        self.core = self._open({})

    def _open(self, table: dict[bytes, bytes]) -> Core:
        codecs = by_topic()
        core = Core(self.role.open(0, self.layout), {s.topic: codecs[s.topic] for s in self.role.sources}, 0)
        core.table = dict(table)
        core.restore(self.now)
        return core

    def crash(self) -> None:
        """Kill and recover: nothing but the table survives."""
        self.core = self._open(self.core.table)

    def _commit(self, unit: Unit) -> None:
        more = self.core.fold.work(unit)
        self.core.install(self.core.seal(unit))
        self.outputs += unit.outputs
        self.sends += unit.effects
        self.groups.append(len(unit.effects))
        if more:
            self._commit(self.core.begin(self.now))

    def push(self, *notifications: dict[str, Any], customer: str = "ada") -> None:
        """Notifications arrive in one batch."""
        self._take("notifications", [(customer.encode(), orjson.dumps(n)) for n in notifications])

    def control(self, kind: str, *, paused: bool) -> None:
        """An operator pauses or resumes a kind."""
        event = {"kind": kind, "paused": paused, "time": self.now, "author": "op"}
        self._take("control", [(kind.encode(), orjson.dumps(event))])

    def delete(self, customer: str = "ada") -> None:
        """Decide says that a customer was deleted."""
        word = {"type": "forgotten", "customer": customer, "time": self.now}
        self._take("delivery.inbound", [(customer.encode(), orjson.dumps(word))])

    def _take(self, topic: str, records: list[tuple[bytes, bytes]]) -> None:
        written = []
        for key, value in records:
            written.append(Written(self.offset, self.now, key, value))
            self.offset += 1
        unit = self.core.begin(self.now)
        self.core.take(unit, topic, written)
        self._commit(unit)

    def wait(self, ms: int) -> None:
        """Time passes, in one go, and ticks."""
        self.now += ms
        unit = self.core.begin(self.now)
        self.core.tick(unit, frozenset())
        self._commit(unit)

    def hear(self, answer: Answer, send: Send | None = None) -> None:
        """The answer to a hand-over, the last one by default, arrives."""
        send = send or self.sends[-1]
        unit = self.core.begin(self.now)
        self.core.answer(unit, Reply(send.message.notification_id, send.attempt, answer))
        self._commit(unit)

    @property
    def log(self) -> list[dict[str, Any]]:
        """The rows of `notifications.log` so far."""
        return [orjson.loads(o.value or b"") for o in self.outputs if o.topic == "notifications.log"]

    def rows(self, notification_id: str) -> list[str]:
        """The outcomes of one notification, in order."""
        return [row["outcome"] for row in self.log if row["notification_id"] == notification_id]

    @property
    def sent(self) -> Counter[str]:
        """How often each notification was handed over."""
        return Counter(send.message.notification_id for send in self.sends)
