"""Whether a collector is silent: then what is down behind it may only be unseen. (detection.md H, its core)

Rows: `k/<collector>` Heard. A collector may serve several region partitions; it is silent when all of them say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf


class Heard(Struct, frozen=True, array_like=True, gc=False):
    """When a collector was last heard, and the clock of the newest status that says so (epoch ms)."""

    heard: int
    clock: int


HEARD = Shelf("k/", Heard)


class Collectors:
    """All collectors, as the status of all region partitions shows them."""

    def __init__(self, policy: OutagePolicy) -> None:
        self.silence = int(max(policy.blind_s, 2 * policy.tick_s) * 1000)
        self.heard: dict[str, Heard] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index."""
        for key, value in table.items():
            if key.startswith(HEARD.prefix):
                self.heard[HEARD.name(key)] = HEARD.unpack(value)

    def fold(self, unit: Unit, name: str, heard: int, clock: int) -> None:
        """Takes what one partition says of a collector."""
        was = self.heard.get(name, Heard(0, 0))
        now = Heard(max(was.heard, heard), max(was.clock, clock))
        if now != was:
            self.heard[name] = now
            unit.put(HEARD.key(name), HEARD.pack(now))

    def blind(self, names: Iterable[str]) -> bool:
        """Whether there are collectors among `names` and each of them is silent."""
        known = [self.heard[name] for name in names if name in self.heard]
        return bool(known) and all(at.clock - at.heard > self.silence for at in known)
