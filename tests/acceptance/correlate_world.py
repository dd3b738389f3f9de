"""Correlate alone, told by the test what detect would say: region partitions that run by hand.

teller = Teller(world); teller.suspect("olt-1", detector="kpi"); teller.pass_time(90)
"""

from __future__ import annotations

from typing import Any

from forewarn.stream.outages.policy import OutagePolicy
from forewarn.topics.partitioner import partition as partition_of
from tests.acceptance.outage_world import World


class Teller:
    """A world without detect. Regions are spread over `partitions`; all clocks follow the world's."""

    def __init__(self, policy: OutagePolicy | None = None, *, partitions: int = 1) -> None:
        self.world = World(policy, partitions=partitions)
        self.world.dead = set(range(partitions))
        self.partitions = partitions
        self.status: dict[str, list[dict[str, Any]]] = {}  #: region -> rows that its partition reports with each step
        self._sequence = 0

    def inventory(self, element: str, *, region: str = "north", **more: Any) -> None:
        """An element of the network."""
        self.world.send("network.inventory", element, {"element": element, "region": region, **more})

    def beating(self, *elements: str, region: str = "north") -> None:
        """Elements that were heard."""
        learned = [{"element": element} for element in elements]
        self.say("learned", region, learned=learned)

    def say(self, kind: str, region: str = "north", **more: Any) -> None:
        """One signal of a region's partition."""
        number = partition_of(region.encode(), self.partitions)
        self._sequence += 1
        signal = {"kind": kind, "time": self.world.now, "partition": number, "sequence": self._sequence}
        self.world.send("outages.signals", region, signal | {"region": region} | more)

    def suspect(self, element: str, *, region: str = "north", detector: str = "liveness", **more: Any) -> None:
        self.say("suspect", region, element=element, detector=detector, **({"onset": self.world.now} | more))

    def confirm(self, element: str, *, region: str = "north", detector: str = "liveness", **more: Any) -> None:
        self.say("confirm", region, element=element, detector=detector, **more)

    def clear(self, element: str, *, region: str = "north", detector: str = "liveness", **more: Any) -> None:
        self.say("clear", region, element=element, detector=detector, **more)

    def down(self, *elements: str, region: str = "north") -> None:
        self.say("down", region, devices=list(elements))

    def up(self, *elements: str, region: str = "north") -> None:
        self.say("up", region, devices=list(elements))

    def pass_time(self, seconds: float, step: float = 5) -> None:
        """Lets time pass; every partition reports its progress."""
        for _ in range(int(seconds / step)):
            self.world.second += step
            for region, rows in self.status.items():
                self.say("status", region, rows=rows)
            for number in range(self.partitions):
                self._sequence += 1
                progress = {"kind": "progress", "time": self.world.now, "event_time": self.world.now}
                row = progress | {"partition": number, "sequence": self._sequence}
                self.world.send("outages.signals", f"partition/{number}", row)
            self.world.tick()

    def state(self, element: str) -> str:
        """The state of the youngest outage about an element."""
        rows = [row for row in self.world.outages().values() if row["element"] == element]
        return str(max(rows, key=lambda row: row["started"])["state"]) if rows else ""

    def outage(self, element: str) -> Any:
        """The newest row of the only outage about an element."""
        (row,) = [row for row in self.world.outages().values() if row["element"] == element]
        return row
