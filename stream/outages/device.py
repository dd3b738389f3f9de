"""One device that beats, and what its beats say about it. Pure; the state is changed in place, as the profile asks.

Invariant: a device's state follows from the newest thing said about it by event time and from the clock, whatever the
order in which things arrive. At equal times "down" wins over "up".
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.groups import HELD, SPENT, VEILED, Node
from forewarn.stream.outages.habit import Habit
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.network import Heartbeat

#: Intervals that the p99 gap is taken over.
SPAN = 100
#: Kinds that nothing hangs on.
LEAVES = frozenset({"onu", "cpe"})
#: The slot of a device that nothing fresh was ever heard of: it is not expected, and counts nowhere.
UNHEARD = -1


class Spec(Struct, frozen=True, array_like=True, gc=False):
    """What is known of an element, and kept: by the inventory, or as learned. `interval` is ms, 0 = not said."""

    region: str
    parents: tuple[str, ...] = ()
    kind: str | None = None
    collector: str | None = None
    interval: int = 0
    inventory: bool = False


def learned_spec(event: Heartbeat, region: str, was: Spec | None = None) -> Spec:
    """What a beat teaches of an element that the inventory does not know."""
    parents = (event.parent,) if event.parent else (was.parents if was is not None else ())
    collector = event.collector or (was.collector if was is not None else None)
    return Spec(region, parents, was.kind if was is not None else None, collector)


class Place:
    """What many devices share: their spec, and what their beats say of parent, collector and interval.

    The hot path compares a beat with this and needs nothing else while nothing changes. `heard` is the newest event
    time of a beat from here (epoch ms, no later than it arrived); `expected` and `down` count its devices.
    """

    __slots__ = ("collector", "down", "expected", "heard", "interval_s", "key", "parent", "parents", "row", "spec")

    def __init__(
        self,
        spec: Spec,
        row: bytes,
        *,
        parents: tuple[Node, ...],
        parent: str | None,
        collector: str | None,
        interval_s: float | None,
    ) -> None:
        self.spec = spec
        self.row = row
        self.key = spec.region.encode()
        self.parents = parents
        self.parent = parent
        self.collector = collector
        self.interval_s = interval_s
        self.heard = 0
        self.expected = 0
        self.down = 0

    @property
    def behind(self) -> str | None:
        """The collector that these devices are heard through."""
        return self.collector or self.spec.collector

    @property
    def interval(self) -> int:
        """The beat interval that was said, by the beats or by the inventory, in ms; 0 when nobody did."""
        return int(self.interval_s * 1000) if self.interval_s else self.spec.interval


class Down(Struct, frozen=True, array_like=True, gc=False):
    """That a device is down. Times are epoch ms.

    `since`: when that was known, by explicit word or because its silence had lasted long enough; `missed`: the first
    beat it missed, our best guess of the onset; `seen`: its newest event time; `said`: by explicit word. `spent`: it
    was left over when its outage ended, and raises no other. `gasp`: its last word was a dying gasp. `held`: it
    flaps, and counts in no window until that is over. `veiled`: nor does it, as its collector was not heard either.
    """

    since: int
    missed: int
    seen: int
    said: bool
    spent: bool = False
    gasp: bool = False
    held: bool = False
    veiled: bool = False

    @property
    def counts(self) -> bool:
        """Whether it counts in windows."""
        return not (self.spent or self.veiled or self.held)

    def bucket(self, width: int) -> int:
        """Where groups with buckets of `width` ms count it."""
        return SPENT if self.spent else VEILED if self.veiled else HELD if self.held else self.since // width


class Seen(Struct, frozen=True, array_like=True, gc=False):
    """The last beat of a device that beats seldom, and the interval it was last given (ms)."""

    seen: int
    interval: int


SPECS = Shelf("e/", Spec)
DOWNS = Shelf("d/", Down)
SEEN = Shelf("s/", Seen)


class Device(Struct, gc=False):
    """One device. Times are epoch ms.

    `seen` is the newest event time. `usual` is the longest gap after which a beat tells nothing new: three intervals
    for a healthy device whose interval is known, 0 for one that needs a closer look at each beat.
    """

    element: str
    place: Place
    seen: int = 0
    usual: int = 0
    interval: int = 0
    slot: int = UNHEARD
    down: Down | None = None
    habit: Habit | None = None


class Turn(Enum):
    """What a word about a device changed."""

    OLD = "old"  #: older than what is known, repeated, or too late to say anything of now
    FIRST = "first"  #: the first sign of it: from now on it is expected
    ALIVE = "alive"
    UP = "up"
    DOWN = "down"
    AMENDED = "amended"  #: still down, but as of another time


def usual_gap(policy: OutagePolicy, device: Device) -> int:
    """Ms that a gap may last before it is a long one."""
    return int(policy.silent_intervals * device.interval)


def patience(policy: OutagePolicy, device: Device) -> int:
    """Ms of silence after which a device is down: max(3 x its interval, its p99 gap) (detection.md A)."""
    usual = usual_gap(policy, device)
    return max(usual, device.habit.p99(device.seen - SPAN * device.interval)) if device.habit is not None else usual


def said_down(device: Device, at: int, *, gasp: bool = False) -> Turn:
    """Folds an explicit down, or a dying gasp, of event time `at`; at equal times the gasp says more."""
    was = device.down
    if at < device.seen or (was is not None and was.said and at == device.seen and (was.gasp or not gasp)):
        return Turn.OLD
    device.seen = at
    fresh = Down(at, at, at, True, gasp=gasp)
    device.down = fresh if was is None else replace(was, seen=at, said=True, gasp=gasp)
    if was is not None:
        return Turn.AMENDED
    return Turn.DOWN


def beat(
    policy: OutagePolicy, device: Device, at: int, *, clock: int, arrival: int, learn: bool, again: bool = False
) -> Turn:
    """Folds one beat of event time `at` that arrived at `arrival`; `learn`: its gap may teach something.

    `again`: the beat was folded before a restart, and what a long gap taught then was kept.
    """
    habit, first = device.habit, device.slot == UNHEARD
    if habit is not None and habit.skew:
        habit.skew = 0 if at + patience(policy, device) > clock else habit.skew  # its clock was set right
        at += habit.skew
    if at <= device.seen:
        return Turn.OLD
    gap, device.seen = at - device.seen, at
    if at + patience(policy, device) <= clock and (device.down is not None or first):
        return _late(policy, device, at, arrival)
    if first:
        return Turn.FIRST
    was, device.down = device.down, None
    if learn and not (was is not None and (was.said or was.veiled)):
        _learn(policy, device, at, gap, again=again)
    return Turn.ALIVE if was is None else Turn.UP


def _late(policy: OutagePolicy, device: Device, at: int, arrival: int) -> Turn:
    """A beat that says only that the device was alive once: it restores nothing, unless the device's clock is slow."""
    habit = device.habit = device.habit or Habit()
    was = device.down
    if habit.came_late(at, arrival):
        device.seen, device.down = at + habit.skew, None
        return Turn.FIRST if was is None else Turn.UP
    if was is None:
        return Turn.OLD
    device.down = replace(was, seen=at, said=False, gasp=False)
    return Turn.AMENDED


def silent(policy: OutagePolicy, device: Device) -> Down:
    """Marks a device down whose patience is over."""
    seen = device.seen
    device.down = Down(seen + patience(policy, device), seen + device.interval, seen, False)
    return device.down


def settle(policy: OutagePolicy, device: Device) -> None:
    """Says how close a look the next beat needs, after anything about the device changed."""
    habit = device.habit
    special = habit is not None and (habit.learning or habit.skew > 0)
    attention = special or device.down is not None or device.slot == UNHEARD or is_slow(policy, device)
    device.usual = 0 if attention else usual_gap(policy, device)


def is_slow(policy: OutagePolicy, device: Device) -> bool:
    """Whether a device beats so seldom that its last beat is kept in the table, not read again after a restart."""
    return patience(policy, device) > policy.longest_silence_s * 1000


def start_learning(policy: OutagePolicy, device: Device) -> None:
    """Takes the said interval, or the default one until it is learned."""
    said = device.place.interval
    device.interval = said or device.interval or int(policy.interval_s * 1000)
    if not said:
        device.habit = device.habit or Habit()
        device.habit.learning = True


def forget_habit(device: Device) -> bool:
    """Drops what an ordinary device's gaps once taught, when the last hundred show nothing of it. True: it did."""
    habit = device.habit
    if habit is None or habit.learning or habit.skew:
        return False
    if habit.longs and habit.longs[-1][0] > device.seen - SPAN * device.interval:
        return False
    device.habit = None
    return True


def _learn(policy: OutagePolicy, device: Device, at: int, gap: int, *, again: bool) -> None:
    habit, interval = device.habit, device.interval
    if gap > usual_gap(policy, device) and not again:
        habit = device.habit = habit or Habit()
        habit.long_gap(at, gap, span=SPAN * interval, most=int(policy.gap_intervals * interval))
        habit.learning = habit.learning or not device.place.interval
    if habit is not None and habit.learning and (learned := habit.learn(gap, policy.learn_gaps)):
        device.interval = learned
        if not habit.longs and not habit.skew:
            device.habit = None
