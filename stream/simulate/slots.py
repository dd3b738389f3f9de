"""When something may go wrong where: quiet time lies between two incidents of one region, and at the world's ends.

    region  ░░░░░[ incident ]<──── APART ────>[ incident ]░░░░
            └ margin                                      └ margin

So each incident is told from the next without an opinion, which keeps the truth free of ambiguity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from forewarn.stream.simulate.incidents import MINUTE
from forewarn.stream.simulate.network import Network

#: Quiet time that separates two incidents of one region: longer than the time in which a relapse reopens an outage.
APART = 75 * MINUTE
_TRIES = 40


class Slots:
    """What is taken of [start, end), epoch ms, by region."""

    def __init__(self, network: Network, start: int, end: int) -> None:
        self.first = start + min(40 * MINUTE, (end - start) // 6)
        self.last = end - min(20 * MINUTE, (end - start) // 8)
        self._busy: dict[str, list[tuple[int, int]]] = {region: [] for region in network.regions}

    def find(
        self, random: Random, regions: Iterable[str], length: Callable[[int], int], trailing: int = 0
    ) -> tuple[int, int] | None:
        """A time in which none of the regions has anything else, marked as taken; None if there is none to be found.

        `length`: how long it lasts in ms when it begins at this instant; `trailing`: ms that its effects go on for.
        """
        regions = tuple(regions)
        for _ in range(_TRIES):
            start = random.randrange(self.first, self.last)
            end = start + min(length(start), (self.last - self.first) // 2)
            if end <= self.last and self.take(regions, start, end + trailing):
                return start, end
        return None

    def take(self, regions: Iterable[str], start: int, end: int) -> bool:
        """Marks [start, end) as taken in all the regions if it is free in each; whether it was."""
        regions = tuple(regions)
        taken = (span for region in regions for span in self._busy[region])
        if any(end + APART > since and until + APART > start for since, until in taken):
            return False
        for region in regions:
            self._busy[region].append((start, end))
        return True
