"""What correlate was told of the indicators: one suspicion for each element, or region, and detector. Pure.

    kpi/region/north    ┌──────────────────┐        suspect ... clear
    kpi/element/olt-1       ┌────────────────┐      part of it: nothing is said, not even when it outlasts it
    kpi/element/olt-2  ┌────┐ - - - - - - -         suspect, then clear: the region explains it from then on

A drop of a whole region explains those of its elements. With degradations one or two elements explain their region,
whose figures are theirs, thinned; from the third on it is the region.
Row: `ko/<suspicion>` Announced. Invariant: every `suspect` is followed by one `clear`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.outbox import Outbox
from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.outages import Signal, SignalKind


class Announced(Struct, frozen=True, array_like=True, gc=False):
    """An open suspicion; `indicator` raised it first, at `onset` (epoch ms), by `value`. `told`: correlate knows it."""

    region: str
    element: str
    whole_region: bool
    detector: str
    indicator: str
    onset: int
    value: float
    threshold: float
    window_s: float
    told: bool = False


class Found(Struct, frozen=True, gc=False):
    """What one indicator says now. `open`: the onset of its suspicion (epoch ms), or 0. `judged`: it has a baseline."""

    open: int = 0
    value: float = 0.0
    threshold: float = 0.0
    window_s: float = 0.0
    judged: bool = False


ANNOUNCED = Shelf("ko/", Announced)
#: So many elements of a region explain its degradation.
FEW = 2


class Announcements:
    """The open suspicions by name: `<detector>/element/<element>` or `<detector>/region/<region>`."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.open: dict[str, Announced] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds what is open."""
        for key, value in table.items():
            if key.startswith(ANNOUNCED.prefix):
                self.open[ANNOUNCED.name(key)] = ANNOUNCED.unpack(value)

    def close(self, unit: Unit, suspicion: str, clock: int, reason: str) -> None:
        """No indicator says so any more."""
        was = self.open.pop(suspicion)
        unit.delete(ANNOUNCED.key(suspicion))
        if was.told:
            self._send(unit, "clear", was, clock, reason)

    def raise_(self, unit: Unit, suspicion: str, clock: int, name: str, found: Found) -> None:
        """The indicator `name` (`<region>\0<element>\0<indicator>`) says so first."""
        region, element, indicator = name.split("\0")
        detector = suspicion.split("/", 1)[0]
        figures = found.value, found.threshold, found.window_s
        now = Announced(region, element or region, not element, detector, indicator, found.open, *figures)
        self._keep(unit, suspicion, now)
        top = f"{detector}/region/{region}"
        if top not in self.open:
            self._tell(unit, suspicion, clock)
            return
        parts = [name for name, other in sorted(self.open.items()) if name != top and _alike(other, now)]
        explained = any(self.open[name].told for name in parts)
        if detector == "kpi" or len(parts) > FEW or (now.whole_region and not explained):
            self._explain(unit, top, parts, clock)
        elif not now.whole_region:
            self._explain(unit, suspicion, [top], clock)

    def _explain(self, unit: Unit, by: str, what: list[str], clock: int) -> None:
        """Tells of the suspicion `by`, and no longer of what it explains."""
        self._tell(unit, by, clock)
        for suspicion in what:
            other = self.open[suspicion]
            if other.told:
                self._keep(unit, suspicion, replace(other, told=False))
                self._send(unit, "clear", other, clock, "absorbed")

    def _tell(self, unit: Unit, suspicion: str, clock: int) -> None:
        what = self.open[suspicion]
        if not what.told:
            self._keep(unit, suspicion, replace(what, told=True))
            self._send(unit, "suspect", what, clock, what.indicator)

    def _keep(self, unit: Unit, suspicion: str, state: Announced) -> None:
        self.open[suspicion] = state
        unit.put(ANNOUNCED.key(suspicion), ANNOUNCED.pack(state))

    def _send(self, unit: Unit, kind: SignalKind, what: Announced, clock: int, reason: str) -> None:
        signal = Signal(
            kind,
            clock,
            0,
            0,
            region=what.region,
            element=what.element,
            whole_region=what.whole_region,
            onset=what.onset,
            reason=reason,
            detector=what.detector,
            value=what.value,
            threshold=what.threshold,
            window_s=what.window_s,
        )
        self.outbox.send(unit, signal)


def _alike(one: Announced, other: Announced) -> bool:
    return (one.region, one.detector) == (other.region, other.detector)
