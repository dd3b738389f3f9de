"""A small world in real time for `forewarn demo`: trouble begins soon and does not stop.

    s   0         12 ─────────── 37            70 ──── 92        130 …
        beats     an OLT down    repaired      next trouble, in another region, and so on
          5 9 14 20 30  customers come close to their allowance
                  18…36  campaigns ask for those who are cut off, and for others all along

All of it goes through the public topics; the demo has no other way in.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

from aiokafka import AIOKafkaProducer
from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.policy import Policy
from forewarn.stream.simulate import customers, layout
from forewarn.stream.simulate.campaigns import CAMPAIGNS, affected, behind, request
from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.events import Event
from forewarn.stream.simulate.incidents import HOUR, Incident, Kind, Plan
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.sinks import KafkaSink, to_kafka
from forewarn.stream.simulate.size import Size, draws
from forewarn.stream.simulate.trouble import flapping, outage
from forewarn.stream.simulate.world import Setting, World

#: The first outage: seconds from the first beat until it begins and until it is repaired.
FIRST_S = (12.0, 37.0)
#: The ones after it begin so far apart, and last so long.
APART_S, LENGTH_S = 60.0, (20.0, 30.0)
#: When customers come close to their allowance.
PUSHES_S = (5.0, 9.0, 14.0, 20.0, 30.0, 45.0, 60.0, 80.0, 110.0, 150.0)
#: When campaigns ask for customers of the first outage; such a request lives this long.
ASKED_S = (18.0, 24.0, 28.0, 31.0, 34.0)
LIFE_MS = 15 * 60_000
_OTHERS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("cell", ("cell",)),
    ("fibre_cut", ("olt",)),
    ("power", ("olt",)),
    ("equipment", ("node",)),
)
#: Numbers of the requests made for this scene, apart from those of the campaigns.
_FIRST_REQUEST = 9_000_000


class Scene(Struct, frozen=True, kw_only=True):
    """The size of the demo's world and how long it lasts."""

    seed: int = 7
    regions: int = 6
    devices: int = 300
    customers: int = 400
    hours: float = 12.0


async def run_live(producer: AIOKafkaProducer, policy: Policy, scene: Scene, *, prefix: str = "") -> None:
    """Plays the scene from now on, in real time, until it is cancelled or over. Beats come as the policy expects."""
    world = World(setting(policy, scene, int(time.time() * 1000)))
    sink = KafkaSink(producer, prefix)
    await to_kafka(world, sink, speed=1.0, truth=None, progress=lambda at: None)


def setting(policy: Policy, scene: Scene, start: int) -> Setting:
    """The scene as a world that starts at `start`, epoch ms."""
    size = Size(
        regions=scene.regions,
        devices=scene.devices,
        customers=scene.customers,
        interval_s=policy.outages.interval_s,
    )
    net = layout.build(scene.seed, size)
    near, people = _near(customers.build(scene.seed, size, net))
    end = start + round(scene.hours * HOUR)
    incidents = tuple(_incidents(scene.seed, size, net, people, start, end))
    return Setting(
        seed=scene.seed,
        size=size,
        span=(start, end),
        network=net,
        customers=people,
        plan=Plan(incidents=incidents),
        extra=tuple(_requests(incidents[0], people, start)),
        pushes=tuple((start + _ms(at), customer) for at, customer in zip(PUSHES_S, near, strict=False)),
        usage_pace=60.0,
        requests_a_day=150.0,
    )


def _near(people: tuple[Customer, ...]) -> tuple[list[Customer], tuple[Customer, ...]]:
    """Some customers who want to hear of their usage by e-mail, put close to their allowance; nobody else is."""
    chosen: list[Customer] = []
    everyone: list[Customer] = []
    for customer in people:
        near = len(chosen) < len(PUSHES_S) and _listens(customer, "usage") and customer.plan[3] is not None
        one = replace(customer, near=near, wishes=customer.wishes and replace(customer.wishes, quiet=None))
        if near and one.wishes is not None:
            one = replace(one, wishes=replace(one.wishes, thresholds=None))
            chosen.append(one)
        everyone.append(one)
    return chosen, tuple(everyone)


def _listens(customer: Customer, kind: str) -> bool:
    """Whether e-mail about `kind` reaches the customer."""
    wishes = customer.wishes
    return bool(customer.email and wishes and wishes.channel == "email" and kind not in wishes.off)


def _incidents(
    seed: int, size: Size, net: Network, people: tuple[Customer, ...], start: int, end: int
) -> Iterator[Incident]:
    """The first outage where most customers hear of it; then one after the other, in turn through the regions."""
    random = draws(seed, "scene")
    first = _most_heard(net, people)
    begin, over = (start + _ms(at) for at in FIRST_S)
    yield outage(net, random, "equipment", net.by_id[first], begin, over, 0)
    regions = [region for region in net.regions if region != net.by_id[first].region] or list(net.regions)
    number = 1
    begin += _ms(APART_S)
    while begin < end - HOUR // 60:
        yield _next(random, size, net, regions[number % len(regions)], begin, number)
        begin += _ms(APART_S)
        number += 1


def _next(random: Random, size: Size, net: Network, region: str, begin: int, number: int) -> Incident:
    if number % 5 == 2:
        device = random.choice(net.in_region(region, "onu", "cpe"))
        return flapping(net, random, device, begin, begin + _ms(40), number, size.interval_ms)
    kind, places = _OTHERS[number % len(_OTHERS)]
    over = begin + _ms(random.uniform(*LENGTH_S))
    return outage(net, random, kind, random.choice(net.in_region(region, *places)), begin, over, number)


def _most_heard(net: Network, people: tuple[Customer, ...]) -> str:
    """The OLT behind which most customers want to hear of outages and have consented to marketing, by e-mail."""
    served = behind([customer for customer in people if _reachable(customer)])
    olts = [element.element for element in net.elements if element.kind == "olt"]
    return max(olts, key=lambda olt: sum(len(served.get(element, ())) for element in net.cut_off(olt)))


def _reachable(customer: Customer) -> bool:
    """Whether nothing but an outage keeps marketing from the customer (vulnerable ones are told critically of it)."""
    marketing = customer.wishes is not None and customer.wishes.marketing
    return marketing and not customer.near and customer.segment != "vulnerable" and _listens(customer, "outage")


def _requests(incident: Incident, people: tuple[Customer, ...], start: int) -> Iterator[Event]:
    """Campaigns that ask for the customers of an outage while it lasts."""
    served = behind([customer for customer in people if _reachable(customer)])
    names = affected(incident, served)
    for number, name in enumerate(names[: len(ASKED_S)]):
        at = start + _ms(ASKED_S[number])
        campaign = CAMPAIGNS[number % len(CAMPAIGNS)]
        yield request(at, _FIRST_REQUEST + number, name, campaign, "email", 50, LIFE_MS)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
