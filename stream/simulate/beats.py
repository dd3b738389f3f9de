"""Heartbeats of every device: regular, jittered, heard by one of several collectors, now and then lost, late or twice.

    device   x    x    x    x  ────── down ──────  x    x    x
    beats    │    │    │    / (gasp or silence)    │    │    │
    topic     │    │    lost                        │        ││  (late, then twice)

This is the bulk of a simulated world, so a beat is one draw and one formatting of bytes. Each device draws for itself,
so that its beats do not depend on the slices in which they are asked for.
"""

from __future__ import annotations

from random import Random

from forewarn.stream.simulate.events import Event
from forewarn.stream.simulate.incidents import Down, Loss, Plan
from forewarn.stream.simulate.network import Element, Network
from forewarn.stream.simulate.size import Size, draws

TOPIC = "network.heartbeats"
#: Of all beats, how many are lost on the way, how many come late, and how many come twice.
LOST, LATE, TWICE = 0.003, 0.002, 0.0005
#: Beats move around their time by this share of the interval, and take up to this many ms to the topic.
JITTER, LATENCY_MS = 0.02, 300
_NEVER = 1 << 62


class Beats:
    """The heartbeats of a network under a plan, from `start` (epoch ms)."""

    def __init__(self, seed: int, size: Size, network: Network, plan: Plan, start: int) -> None:
        self._interval = size.interval_ms
        self._latency = min(LATENCY_MS, self._interval // 5)
        downs = _downs(plan)
        self._devices = [
            _Device(
                element,
                draws(seed, f"beats/{element.element}"),
                self._interval,
                plan.skews.get(element.element, 0),
                downs.get(element.element, []),
            )
            for element in network.elements
            if element.beats
        ]
        for device in self._devices:
            device.next = start + device.random.randrange(self._interval)
        self._losses: dict[str, list[Loss]] = {}
        for loss in plan.losses:
            self._losses.setdefault(loss.collector, []).append(loss)

    def until(self, to: int) -> list[Event]:
        """The beats that devices send before `to`; some reach the topic later."""
        out: list[Event] = []
        for device in self._devices:
            if device.next < to or device.down < to:
                self._beat(device, to, out)
        return out

    def _beat(self, device: _Device, to: int, out: list[Event]) -> None:
        draw, interval, latency = device.random.random, self._interval, self._latency
        losses = self._losses.get(device.collector)
        region, head, skew, at, down = device.region, device.head, device.skew, device.next, device.down
        usual = 1.0 - LOST - LATE - TWICE
        while at < to or down < to:
            if at >= down:
                at = self._fall(device, at, out)
                down = device.down
                continue
            chance = draw()
            arrival = at + 5 + int(chance * latency)
            if losses is None and chance < usual:
                out.append(Event(arrival, TOPIC, region, b"%b%d}" % (head, at + skew)))
            else:
                self._odd(device, Event(arrival, TOPIC, region, b"%b%d}" % (head, at + skew)), chance, out)
            at += int(interval * (1 - JITTER + 2 * JITTER * (chance * 977.0 % 1.0)))
        device.next = at

    def _fall(self, device: _Device, at: int, out: list[Event]) -> int:
        """The device is down at `at`, or was: returns when it beats next."""
        fallen = device.downs.pop(0)
        device.down = device.downs[0].start if device.downs else _NEVER
        if fallen.gasp:
            value = b'%b%d,"status":"dying_gasp"}' % (device.head, fallen.start + device.skew)
            out.append(Event(fallen.start + 50, TOPIC, device.region, value))
        return max(at, fallen.end)

    def _odd(self, device: _Device, beat: Event, chance: float, out: list[Event]) -> None:
        """A beat that may be lost, late or doubled, or falls into a time in which its collector hears nothing."""
        for loss in self._losses.get(device.collector, ()):
            if loss.start <= beat.ts < loss.end:
                if loss.kept:
                    out.append(beat._replace(ts=loss.end + int(chance * 5_000)))
                return
        over = 1.0 - chance
        if over < LOST:
            return
        if over < LOST + LATE:
            out.append(beat._replace(ts=beat.ts + int(self._interval * (0.2 + 1.3 * device.random.random()))))
            return
        out.append(beat)
        if over < LOST + LATE + TWICE:
            out.append(beat._replace(ts=beat.ts + int(self._interval * device.random.random())))


class _Device:
    """Where one device is in its life. `head` is all of its beat's JSON up to the time."""

    __slots__ = ("collector", "down", "downs", "head", "next", "random", "region", "skew")

    def __init__(self, element: Element, random: Random, interval_ms: int, skew: int, downs: list[Down]) -> None:
        self.random = random
        self.region = element.region
        self.collector = element.collector or ""
        interval = b"%g" % (interval_ms / 1000)
        self.head = b'{"element":"%b","collector":"%b","interval_s":%b,"time":' % (
            element.element.encode(),
            self.collector.encode(),
            interval,
        )
        self.skew = skew
        self.downs = downs
        self.down = downs[0].start if downs else _NEVER
        self.next = 0


def _downs(plan: Plan) -> dict[str, list[Down]]:
    """For each device the times in which it is down, in order and without overlap."""
    found: dict[str, list[Down]] = {}
    for incident in plan.incidents:
        for down in incident.downs:
            found.setdefault(down.element, []).append(down)
    return {element: _united(downs) for element, downs in found.items()}


def _united(downs: list[Down]) -> list[Down]:
    united: list[Down] = []
    for down in sorted(downs, key=lambda down: down.start):
        if united and down.start <= united[-1].end:
            last = united[-1]
            united[-1] = Down(last.element, last.start, max(last.end, down.end), last.gasp)
        else:
            united.append(down)
    return united
