"""Devices that fell silent together with the collector they are heard through: unseen, not known to be down. Pure.

    collector c-2  ● ● ● ●                              ● ● ● ● ● ●
    onu-7          ●    ●                                  (silent)
                         └──── patience ────┤ veiled       │        │ unveiled: now its silence is its own
                         └ patience/2 ┤ c-2 not heard      └─ exit ─┘

A device whose patience ends is down if its collector was heard before and after half of it had gone; else it is veiled:
it counts in no window and raises nothing. Beats tell of a collector by their event time (no later than they arrive), so
that stragglers which it sent before it was lost are no sign of life.

The veil is lifted when the collector has been heard again for `blind_exit_s` (less `confirm_s`, which suspicions take)
and the device has not, at once when it turns out that another partition heard the collector all the time, and by
independent evidence: its own dying gasp, an alarm on an element above it, or a confirmed outage above it that takes
most of what is seen there.

Rows: `q/<collector>` and `w/<collector>` Ear, as this partition and as the others hear it.
Invariant: no device is veiled whose collector was heard without a break from its last beat to half its patience on.
Source: detection.md H.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.blindness import Ear, changed, listen, silence
from forewarn.stream.outages.device import Device, patience
from forewarn.stream.outages.groups import VEILED, Node
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.rows import Shelf

HERE = Shelf("q/", Ear)
ELSEWHERE = Shelf("w/", Ear)


class Evidence(Struct, frozen=True, gc=False):
    """That an element, or its group, is out, whatever its collectors say, as of `at` (epoch ms).

    It speaks for devices that have been silent before, or fell silent within W; not for those that outlived it.
    """

    element: str
    node: Node | None
    at: int


class Unseen(Struct, frozen=True, gc=False):
    """What is veiled in one region: how many devices, and their first missed beat (epoch ms)."""

    devices: int
    onset: int


class Veil:
    """The collectors of one region partition, as far as they are heard, and what hides behind them."""

    def __init__(self, policy: OutagePolicy, roster: Roster) -> None:
        self.policy = policy
        self.roster = roster
        self.gap = silence(policy)
        self.here: dict[str, Ear] = {}
        self.elsewhere: dict[str, Ear] = {}
        self.slowest: dict[str, int] = {}  #: the longest beat interval behind a collector, ms

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the ears; what was heard lately is read again with the heartbeats."""
        for key, value in table.items():
            if key.startswith(HERE.prefix):
                self.here[HERE.name(key)] = HERE.unpack(value)
            elif key.startswith(ELSEWHERE.prefix):
                self.elsewhere[ELSEWHERE.name(key)] = ELSEWHERE.unpack(value)

    # -- collectors

    def told(self, unit: Unit, collector: str, ear: Ear) -> None:
        """What other partitions hear of a collector."""
        was = self.elsewhere.get(collector, Ear())
        self.elsewhere[collector] = ear
        if changed(was, ear):
            unit.put(ELSEWHERE.key(collector), ELSEWHERE.pack(ear))

    def listen(self, unit: Unit, clock: int) -> None:
        """Takes note of who was heard, by beats and alarms, once a tick."""
        heard, slowest = dict(self.roster.reporting), self.slowest
        for quarter in self.roster.places.quarters.values():
            name = quarter.behind
            if name is not None:
                heard[name] = max(heard.get(name, 0), quarter.heard)
                slowest[name] = max(slowest.get(name, 0), quarter.slowest)
        for name, at in heard.items():
            was = self.here.get(name, Ear())
            now = self.here[name] = listen(was, heard=at, clock=clock, patience=self.patience(name))
            if changed(was, now):
                unit.put(HERE.key(name), HERE.pack(now))

    def patience(self, collector: str) -> int:
        """Ms after which a collector is silent: the least that is set, or two beats of its slowest device."""
        return max(self.gap, 2 * self.slowest.get(collector, 0))

    def heard(self, collector: str) -> int:
        """When a collector was last heard in this partition (epoch ms)."""
        return self.here.get(collector, Ear()).heard

    def _ears(self, collector: str) -> Iterator[Ear]:
        for ears in (self.here, self.elsewhere):
            if collector in ears:
                yield ears[collector]

    # -- devices

    def hides(self, device: Device) -> bool:
        """Whether a silent device may only be unseen: its collector was not heard either when it was missed."""
        collector = device.place.behind
        if collector is None:
            return False
        missed = device.seen + patience(self.policy, device) // 2
        return not any(ear.since <= missed <= ear.heard for ear in self._ears(collector))

    def hide(self, device: Device) -> None:
        """Veils a device that has just been found silent; nothing has counted it yet."""
        if device.down is not None:
            device.down = replace(device.down, veiled=True)

    def seen(self, clock: int, evidence: Iterable[Evidence]) -> list[Device]:
        """The veiled devices that are known to be down at `clock`, by their collectors or by evidence."""
        veiled = self.roster.veiled
        if not veiled:
            return []
        lasting: dict[str, int] = {}
        proofs = [proof for proof in evidence if proof.node is None or proof.node.down.get(VEILED)]
        return [device for device in veiled.values() if self._is_seen(device, clock, lasting, proofs)]

    def _is_seen(self, device: Device, clock: int, lasting: dict[str, int], proofs: list[Evidence]) -> bool:
        down, collector = device.down, device.place.behind
        if down is None or down.said or collector is None:
            return True
        if collector not in lasting:
            lasting[collector] = self._lasting(collector, clock)
        if lasting[collector] > down.seen or not self.hides(device):
            return True
        if not proofs:
            return False
        above, window = self.roster.above(device), int(self.policy.window_s * 1000)
        return any(
            (proof.element == device.element or proof.node in above) and down.missed <= proof.at + window
            for proof in proofs
        )

    def _lasting(self, collector: str, clock: int) -> int:
        """Since when a collector has been heard, if that is now and for long enough to lift the veil; else 0."""
        wait = int(max(0.0, self.policy.blind_exit_s - self.policy.confirm_s) * 1000)
        silent = clock - self.patience(collector)
        lasting = (ear.since for ear in self._ears(collector) if ear.heard > silent and clock - ear.since >= wait)
        return max(lasting, default=0)

    def lift(self, unit: Unit, device: Device, since: int) -> None:
        """Counts a veiled device as down since `since` (epoch ms)."""
        was = self.roster.veiled.pop(device.element).down
        if was is not None:
            self.roster.restate(unit, device, replace(was, since=since, veiled=False))

    # -- what is told of it

    def unseen(self) -> dict[str, Unseen]:
        """What is veiled, by region."""
        found: dict[str, Unseen] = {}
        for device in self.roster.veiled.values():
            region, missed = device.place.spec.region, device.down.missed if device.down is not None else 0
            was = found.get(region, Unseen(0, missed))
            found[region] = Unseen(was.devices + 1, min(was.onset, missed))
        return found

    def behind(self) -> Counter[str]:
        """Veiled devices by collector."""
        return Counter(device.place.behind or "" for device in self.roster.veiled.values())
