"""The replay of Forewarn itself: its roles, its topics, and a null channel instead of a mail relay."""

from __future__ import annotations

import orjson

from forewarn.stream.engine.role import Layout
from forewarn.stream.policy import Policy
from forewarn.stream.replay.lines import Headers, Produced, Received
from forewarn.stream.replay.machine import Machine, Wiring
from forewarn.stream.replay.null import null_answers
from forewarn.stream.replay.partitions import partition_of
from forewarn.stream.roles.registry import ROLES
from forewarn.topics import codecs
from forewarn.topics.catalog import BY_NAME, TOPICS

#: One partition for every group.
ONE_EACH = Layout(region=1, customer=1)
#: Topics that a replay takes from its input; what Forewarn writes, it writes again.
INPUTS = frozenset(topic.name for topic in TOPICS if topic.direction == "read") | {"control"}
#: Topics that come out only when asked for.
INTERNAL = frozenset(topic.name for topic in TOPICS if topic.direction == "internal")


def counts(layout: Layout) -> dict[str, int]:
    """Topic -> number of its partitions."""
    return {topic.name: topic.partitions(layout) for topic in TOPICS}


def wiring(policy: Policy, layout: Layout) -> Wiring:
    """All roles under a policy, from the network to the customer."""
    return Wiring(
        roles=tuple(role(policy) for role in ROLES.values()),
        codecs=codecs.by_topic(),
        counts=counts(layout),
        layout=layout,
        tick_ms=round(policy.outages.tick_s * 1000),
        answers=null_answers(),
    )


class Replay:
    """Records in, time in, records out: the whole of Forewarn as one function of its input.

        replay = Replay(Policy())
        replay.push("network.heartbeats", {"element": "olt-1", "time": 0}, key="north", ts=0)
        replay.advance(300_000)
        [produced.json["state"] for produced in replay.take("outages.revisions")]

    Times are epoch ms and never go back.
    """

    def __init__(self, policy: Policy, layout: Layout = ONE_EACH) -> None:
        self.outputs: list[Produced] = []
        self._machine = Machine(wiring(policy, layout), self.outputs.append)
        self._counts = counts(layout)
        self._ends: dict[tuple[str, int], int] = {}

    @property
    def now(self) -> int:
        """Where the replay's time stands."""
        return self._machine.now

    def push(
        self,
        topic: str,
        value: object,
        *,
        key: str | bytes | None,
        ts: int | None = None,
        partition: int | None = None,
        headers: Headers = (),
    ) -> None:
        """One record. `value`: bytes and None as they are, anything else as JSON. Without `ts` it comes now."""
        raw = value if value is None or isinstance(value, bytes) else orjson.dumps(value)
        name = key.encode() if isinstance(key, str) else key
        if partition is None:
            partition = partition_of(name, self._counts[BY_NAME[topic].name]) if name else 0
        offset = self._ends.get((topic, partition), 0)
        self._ends[topic, partition] = offset + 1
        at = self.now if ts is None else ts
        self._machine.take(topic, partition, Received(offset, at, name, raw, headers), at)

    def advance(self, to: int) -> None:
        """Lets time come to `to`; everything that is due by then happens."""
        self._machine.advance(to)

    def take(self, *topics: str) -> list[Produced]:
        """What was written since the last call that named these topics (none named: everything), and forgets it."""
        self._machine.settle()
        taken = [one for one in self.outputs if not topics or one.topic in topics]
        self.outputs[:] = [one for one in self.outputs if topics and one.topic not in topics]
        return taken
