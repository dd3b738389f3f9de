"""Detector F: elements that come and go. Penalties by flap, decaying by half each quarter of an hour. Pure.

    device   ‾‾|_|‾|_|‾|_|‾|_|‾|_|‾‾‾‾‾‾‾‾‾‾‾‾‾‾     _ = down
    penalty   1000.. +1000.. +1000.. +1000.. +1000..   each halved every `flap_half_life_s`
                                     ├ 3000: suppressed ──── 750: reused ── 375: forgotten
    told                             FLAPPING, once          calm

Source: route flap damping, RFC 2439 section 4.2 (figure of merit, cut-off, reuse, half-life, maximum hold-down as a
ceiling of the penalty, release of the state at half the reuse limit).

Row: `f/<element>` Flaps. Invariant: only elements that went down lately have one; a penalty follows from the last
penalty and its time alone, in whole numbers, whenever it is asked for.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from math import ceil, log2

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf


class Flaps(Struct, frozen=True, array_like=True, gc=False):
    """The penalty of one element as of `time`; `first` is when its first flap of the spell was (epoch ms)."""

    penalty: int
    time: int
    first: int
    suppressed: bool = False


FLAPS = Shelf("f/", Flaps)


def penalty(policy: OutagePolicy, flaps: Flaps, at: int) -> int:
    """The penalty decayed to `at` (epoch ms)."""
    halves = max(0, at - flaps.time) / (policy.flap_half_life_s * 1000)
    return round(flaps.penalty * float(0.5**halves))


def step(policy: OutagePolicy, flaps: Flaps | None, at: int) -> Flaps:
    """Folds one flap at `at` (epoch ms). A late one counts as of the newest."""
    if flaps is None:
        return Flaps(policy.flap_penalty, at, at)
    at = max(at, flaps.time)
    ceiling = round(policy.flap_reuse * 2 ** (policy.flap_max_s / policy.flap_half_life_s))
    value = min(penalty(policy, flaps, at) + policy.flap_penalty, max(ceiling, policy.flap_suppress))
    return Flaps(value, at, flaps.first, flaps.suppressed or value >= policy.flap_suppress)


def due(policy: OutagePolicy, flaps: Flaps) -> int:
    """When (epoch ms) the penalty has decayed to the reuse limit, or to half of it for an element not suppressed."""
    limit = policy.flap_reuse if flaps.suppressed else policy.flap_reuse / 2
    halves = max(0.0, log2(flaps.penalty / limit))
    return flaps.time + ceil(halves * policy.flap_half_life_s * 1000)


class Flappers:
    """The penalties of one region partition, and who is suppressed."""

    def __init__(self, policy: OutagePolicy) -> None:
        self.policy = policy
        self.flaps: dict[str, Flaps] = {}
        self.suppressed: set[str] = set()
        self._due: list[tuple[int, str]] = []

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the indexes."""
        for key, value in table.items():
            if key.startswith(FLAPS.prefix):
                self._index(FLAPS.name(key), FLAPS.unpack(value))

    def first(self, unit: Unit, element: str, at: int) -> None:
        """An element has flapped; one that is known already was counted when it went down."""
        if element not in self.flaps:
            self._keep(unit, element, step(self.policy, None, at))

    def again(self, unit: Unit, element: str, at: int) -> bool:
        """An element went down; it counts if it has flapped before. True: it is suppressed from now on."""
        was = self.flaps.get(element)
        if was is None:
            return False
        flaps = step(self.policy, was, at)
        self._keep(unit, element, flaps)
        return flaps.suppressed and not was.suppressed

    def relapsed(self, element: str) -> bool:
        """Whether an element has gone down more than once lately."""
        flaps = self.flaps.get(element)
        return flaps is not None and flaps.time > flaps.first

    def reuse(self, unit: Unit, clock: int) -> Iterator[str]:
        """The elements whose suppression is over at `clock` (epoch ms); forgets those that have been calm for long."""
        while self._due and self._due[0][0] <= clock:
            at, element = heapq.heappop(self._due)
            flaps = self.flaps.get(element)
            if flaps is None or due(self.policy, flaps) != at:
                continue
            if flaps.suppressed:
                self._keep(unit, element, Flaps(flaps.penalty, flaps.time, flaps.first))
                yield element
            else:
                del self.flaps[element]
                unit.delete(FLAPS.key(element))

    def _keep(self, unit: Unit, element: str, flaps: Flaps) -> None:
        self._index(element, flaps)
        unit.put(FLAPS.key(element), FLAPS.pack(flaps))

    def _index(self, element: str, flaps: Flaps) -> None:
        self.flaps[element] = flaps
        if flaps.suppressed:
            self.suppressed.add(element)
        else:
            self.suppressed.discard(element)
        heapq.heappush(self._due, (due(self.policy, flaps), element))
