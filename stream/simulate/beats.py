"""Heartbeats of every device: regular, jittered, heard by one of several collectors, now and then lost, late or twice.

    device   x    x    x    x  ────── down ──────  x    x    x
    beats    │    │    │    / (gasp or silence)    │    │    │
    topic     │    │    lost                        │        ││  (late, then twice)
    collector ───── loss (sent afterwards, or never) ── delay ── the same once more

This is the bulk of a simulated world, so a beat is one draw and one formatting of bytes. Each device draws for itself,
so that its beats do not depend on the slices in which they are asked for.
"""

from __future__ import annotations

from random import Random
from zlib import crc32

from forewarn.stream.simulate.events import Event
from forewarn.stream.simulate.incidents import Delay, Down, Loss, Plan, Repeat
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
        downs = plan.downs()
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
        self._mishaps: dict[str, list[Loss | Delay | Repeat]] = {}
        mishaps: tuple[Loss | Delay | Repeat, ...] = (*plan.losses, *plan.delays, *plan.repeats)
        for mishap in mishaps:
            self._mishaps.setdefault(mishap.collector, []).append(mishap)

    def until(self, to: int) -> list[Event]:
        """The beats that devices send before `to`; some reach the topic later."""
        out: list[Event] = []
        for device in self._devices:
            if device.next < to or device.down < to:
                self._beat(device, to, out)
        return out

    def _beat(self, device: _Device, to: int, out: list[Event]) -> None:
        draw, interval, latency = device.random.random, self._interval, self._latency
        mishaps = self._mishaps.get(device.collector)
        region, head, skew, at, down = device.region, device.head, device.skew, device.next, device.down
        usual = 1.0 - LOST - LATE - TWICE
        while at < to or down < to:
            if at >= down:
                at = self._fall(device, at, out)
                down = device.down
                continue
            chance = draw()
            arrival = at + 5 + int(chance * latency)
            if mishaps is None and chance < usual:
                out.append(Event(arrival, TOPIC, region, b"%b%d}" % (head, at + skew)))
            else:
                self._odd(device, Event(arrival, TOPIC, region, b"%b%d}" % (head, at + skew)), chance, out)
            at += int(interval * (1 - JITTER + 2 * JITTER * (chance * 977.0 % 1.0)))
        device.next = at

    def _fall(self, device: _Device, at: int, out: list[Event]) -> int:
        """The device is down at `at`, or was: returns when it beats next."""
        fallen = device.downs.pop(0)
        device.down = device.downs[0].start if device.downs else _NEVER
        if fallen.gasp or fallen.said:
            status = b"dying_gasp" if fallen.gasp else b"down"
            value = b'%b%d,"status":"%b"}' % (device.head, fallen.start + device.skew, status)
            self._hand_on(device, Event(fallen.start + (50 if fallen.gasp else 900), TOPIC, device.region, value), out)
        return max(at, fallen.end)

    def _odd(self, device: _Device, beat: Event, chance: float, out: list[Event]) -> None:
        """A beat that may be lost, late or doubled, or that its collector does not hand on as it should."""
        over = 1.0 - chance
        if over < LOST:
            return
        if over < LOST + LATE:
            late = beat._replace(ts=beat.ts + int(self._interval * (0.2 + 1.3 * device.random.random())))
            self._hand_on(device, late, out)
            return
        self._hand_on(device, beat, out)
        if over < LOST + LATE + TWICE:
            again = beat._replace(ts=beat.ts + int(self._interval * device.random.random()))
            self._hand_on(device, again, out)

    def _hand_on(self, device: _Device, beat: Event, out: list[Event]) -> None:
        """What the collector makes of what it hears."""
        spread = crc32(beat.value)
        for mishap in self._mishaps.get(device.collector, ()):
            if not mishap.start <= beat.ts < mishap.end:
                continue
            match mishap:
                case Loss(kept=True):
                    beat = beat._replace(ts=mishap.end + spread % 5_000)
                case Loss():
                    return
                case Delay(late=late):
                    beat = beat._replace(ts=beat.ts + late)
                case Repeat(at=at):
                    out.append(beat._replace(ts=at + spread % 20_000))
        out.append(beat)


class _Device:
    """Where one device is in its life. `head` is all of its beat's JSON up to the time."""

    __slots__ = ("collector", "down", "downs", "head", "next", "random", "region", "skew")

    def __init__(self, element: Element, random: Random, interval_ms: int, skew: int, downs: list[Down]) -> None:
        self.random = random
        self.region = element.region
        self.collector = element.collector or ""
        interval = b"%g" % (interval_ms / 1000)
        told = b'"interval_s":%b,' % interval if element.says_interval else b""
        self.head = b'{"element":"%b","collector":"%b",%b"time":' % (
            element.element.encode(),
            self.collector.encode(),
            told,
        )
        self.skew = skew
        self.downs = downs
        self.down = downs[0].start if downs else _NEVER
        self.next = 0
