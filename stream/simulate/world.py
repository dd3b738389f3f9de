"""A whole simulated world: what it is, what goes wrong in it, and everything it sends, in the order of time.

    build ─> (network, customers) ─> plan ─> sources ─> merged by time, a slice at a time

Invariant: records leave in the order of their time, whatever the slices; the same setting gives the same ones.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import itemgetter

import msgspec
from msgspec import Struct

from forewarn.stream.simulate import campaigns, customers, network, plan, reports, truth
from forewarn.stream.simulate.beats import Beats
from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.events import Event, Script, Source
from forewarn.stream.simulate.incidents import Plan
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.size import Size
from forewarn.stream.simulate.usage import Usage

#: What is known of network and customers reaches the topics before the first beat, in this time.
PREFACE_MS = 60_000
_time = itemgetter(0)


class Setting(Struct, frozen=True, kw_only=True):
    """Where and when a world plays, and what goes wrong. `span` is start and end in epoch ms.

    `extra`: records beside all others; `pushes` and `usage_pace` as in `Usage`; `requests_a_day`: per customer.
    """

    seed: int
    size: Size
    span: tuple[int, int]
    network: Network
    customers: tuple[Customer, ...]
    plan: Plan
    extra: tuple[Event, ...] = ()
    pushes: tuple[tuple[int, Customer], ...] = ()
    usage_pace: float = 1.0
    requests_a_day: float = campaigns.REQUESTS_A_DAY


def setting(seed: int, size: Size, start: int, end: int) -> Setting:
    """The world of a seed in [start, end), epoch ms."""
    net = network.build(seed, size)
    return Setting(
        seed=seed,
        size=size,
        span=(start, end),
        network=net,
        customers=customers.build(seed, size, net),
        plan=plan.draw(seed, size, net, start, end),
    )


class World:
    """Sends what a setting holds."""

    def __init__(self, setting: Setting) -> None:
        seed, size, net, people, plan = (
            setting.seed,
            setting.size,
            setting.network,
            setting.customers,
            setting.plan,
        )
        start, end = setting.span
        self.setting = setting
        self._served = campaigns.behind(people)
        self._usage = Usage(seed, people, start, end, setting.pushes, setting.usage_pace)
        self._sources: Sequence[Source] = (
            Script(_preface(setting)),
            Script(reports.planned_work(plan, start - 12_000)),
            Beats(seed, size, net, plan, start),
            Script(reports.alarms(seed, net, plan, start, end)),
            reports.Kpis(seed, net, plan, start),
            Script(reports.crews(seed, plan)),
            Script(campaigns.contacts(seed, plan, people, self._served, start, end)),
            self._usage,
            campaigns.Campaigns(seed, people, start, setting.requests_a_day),
            Script(setting.extra),
        )
        self._early: list[Event] = []

    @property
    def first(self) -> int:
        """Epoch ms of the first record: what is known is sent before the world starts."""
        return self.setting.span[0] - PREFACE_MS

    def until(self, to: int) -> list[Event]:
        """Everything that reaches its topic before `to` and was not handed out yet, in the order of time."""
        events = self._early
        for source in self._sources:
            events.extend(source.until(to))
        events.sort(key=_time)
        cut = bisect_left(events, to, key=_time)
        self._early = events[cut:]
        del events[cut:]
        return events

    def slices(self, length_ms: int) -> Iterator[list[Event]]:
        """The whole world, `length_ms` at a time."""
        end = self.setting.span[1]
        at = self.first
        while at < end:
            at = min(at + length_ms, end)
            yield self.until(at)

    def planned_truth(self) -> Iterator[bytes]:
        """The truth that is known beforehand, as lines."""
        one = self.setting
        return truth.planned(one.seed, one.size, one.network, one.plan, self._served, one.span)

    def reached_truth(self) -> Iterator[bytes]:
        """The truth about usage since the last call, as lines."""
        return truth.reached(self._usage.crossings())


def _preface(setting: Setting) -> Iterator[Event]:
    """Inventory first, then customers, then what they want to hear."""
    begin = setting.span[0] - PREFACE_MS
    encode = msgspec.json.encode
    yield from reports.inventory(setting.network, setting.size, begin, 15_000)
    count = max(1, len(setting.customers))
    for number, customer in enumerate(setting.customers):
        at = begin + 15_000 + number * 20_000 // count
        yield Event(at, "customers.profiles", customer.customer, encode(customers.profile(customer)))
        if customer.wishes is not None:
            wishes = customers.subscription(customer, customer.wishes, begin)
            yield Event(at + 5_000, "customers.subscriptions", customer.customer, encode(wishes))
