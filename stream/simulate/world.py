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

from forewarn.stream.simulate import (
    alarms,
    appointments,
    bills,
    campaigns,
    contacts,
    crews,
    crm,
    customers,
    layout,
    plan,
    preferences,
    reports,
    scenarios,
    truth,
)
from forewarn.stream.simulate.beats import Beats
from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.events import Event, Script, Source
from forewarn.stream.simulate.incidents import Plan
from forewarn.stream.simulate.kpis import Kpis
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.raw import Raw
from forewarn.stream.simulate.size import Size
from forewarn.stream.simulate.usage import Usage

#: What is known of network and customers reaches the topics before the first beat, in this time.
PREFACE_MS = 60_000
_time = itemgetter(0)


class Setting(Struct, frozen=True, kw_only=True):
    """Where and when a world plays, and what goes wrong. `span` is start and end in epoch ms.

    `extra`: records beside all others; `pushes`, `usage_pace`, `usage_share` as in `Usage`; `requests_a_day` of each;
    `warm_up_ms`: for how long before the start performance figures are known, and nothing else;
    `raw_share`: of the elements, how many speak VES and TMF642.
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
    usage_share: float = 1.0
    requests_a_day: float = campaigns.REQUESTS_A_DAY
    warm_up_ms: int = 0
    scenario: str | None = None
    raw_share: float = 0.0


def setting(
    seed: int,
    size: Size,
    start: int,
    end: int,
    *,
    scenario: str | None = None,
    intensity: float = 1.0,
    usage_share: float = 1.0,
    warm_up_ms: int = 0,
    raw_share: float = 0.0,
) -> Setting:
    """The world of a seed in [start, end), epoch ms: the mix of a bad month, or one scenario alone.

    Raises ValueError where the network has no room for the scenario.
    """
    net = layout.build(seed, size)
    if scenario is None:
        wrong = plan.draw(seed, size, net, start, end, intensity)
    else:
        wrong = scenarios.staged(seed, size, net, start, end, scenario)
    return Setting(
        seed=seed,
        size=size,
        span=(start, end),
        network=net,
        customers=customers.build(seed, size, net),
        plan=wrong,
        usage_share=usage_share,
        warm_up_ms=warm_up_ms,
        scenario=scenario,
        raw_share=raw_share,
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
        self._bills = bills.bills(seed, people, start, end)
        self._raw = Raw(seed, net, setting.raw_share) if setting.raw_share else None
        self._usage = Usage(seed, people, start, end, setting.pushes, setting.usage_pace, setting.usage_share)
        self._sources: Sequence[Source] = (
            Script(_preface(setting)),
            Script(reports.planned_work(plan, start - 12_000)),
            Beats(seed, size, net, plan, start),
            Script(alarms.alarms(seed, net, plan, start, end)),
            Kpis(seed, net, plan, start - setting.warm_up_ms),
            Script(crews.crews(seed, plan)),
            Script(contacts.contacts(seed, plan, people, self._served, start, end)),
            Script(appointments.appointments(seed, people, start, end)),
            Script(preferences.preferences(seed, people, start, end)),
            Script(bills.sent(self._bills, start - 16_000, 4_000)),
            self._usage,
            campaigns.Campaigns(seed, people, start, setting.requests_a_day),
            Script(setting.extra),
        )
        self._early: list[Event] = []

    @property
    def first(self) -> int:
        """Epoch ms of the first record: what is known is sent before the world starts."""
        return _first(self.setting)

    def until(self, to: int) -> list[Event]:
        """Everything that reaches its topic before `to` and was not handed out yet, in the order of time."""
        events = self._early
        for source in self._sources:
            events.extend(source.until(to))
        events.sort(key=_time)
        cut = bisect_left(events, to, key=_time)
        self._early = events[cut:]
        del events[cut:]
        return events if self._raw is None else [self._raw(event) for event in events]

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
        return truth.planned(
            one.seed,
            one.size,
            one.network,
            one.plan,
            self._served,
            one.span,
            bills=self._bills,
            scenario=one.scenario,
        )

    def reached_truth(self) -> Iterator[bytes]:
        """The truth about usage since the last call, as lines."""
        return truth.reached(self._usage.crossings())


def _first(setting: Setting) -> int:
    return setting.span[0] - setting.warm_up_ms - PREFACE_MS


def _preface(setting: Setting) -> Iterator[Event]:
    """Inventory first, then customers, then what they want to hear."""
    begin = _first(setting)
    encode = msgspec.json.encode
    yield from reports.inventory(setting.network, setting.size, begin, 15_000)
    count = max(1, len(setting.customers))
    for number, customer in enumerate(setting.customers):
        at = begin + 15_000 + number * 20_000 // count
        yield Event(at, "customers.profiles", customer.customer, encode(crm.profile(customer, setting.span[0])))
        if customer.wishes is not None:
            wishes = crm.subscription(customer, customer.wishes, begin)
            yield Event(at + 5_000, "customers.subscriptions", customer.customer, encode(wishes))
