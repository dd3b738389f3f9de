"""One kind of trouble alone in an otherwise ordinary world: `forewarn simulate --scenario NAME`.

    world   ░░40 min░░[ scene 1 ]░░░░ 4 h ░░░░[ scene 2, in another region ]░░░░ …

A scenario is one function that makes the plan of one scene; it is played as often as the world has room for. Everyday
noise (devices switched off, wrong clocks, beats lost or late, idle alarms) goes on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from msgspec import Struct

from forewarn.stream.simulate import everyday
from forewarn.stream.simulate.incidents import HOUR, MINUTE, Delay, Kind, Loss, Plan, Repeat, merged
from forewarn.stream.simulate.layout import PLACES
from forewarn.stream.simulate.network import Element, Network
from forewarn.stream.simulate.plan import MASS, degradation, heard, holiday, mass, touched
from forewarn.stream.simulate.repairs import local_hour, repair_ms
from forewarn.stream.simulate.size import Size, draws
from forewarn.stream.simulate.slots import Slots
from forewarn.stream.simulate.trouble import BLIP, CAUSES, flapping, lingering, maintenance, outage
from forewarn.stream.simulate.works import cancelled, moved

#: From the beginning of one scene to that of the next; none lasts longer than LONGEST.
EVERY, LONGEST = 4 * HOUR, 150 * MINUTE
#: Alarms that each device raises within the first minute of a flood.
FLOOD = 15


class Stage(Struct, frozen=True, kw_only=True):
    """Where and when one scene plays: the `number`th, from `start`, over by `latest` (epoch ms), in `region`."""

    network: Network
    size: Size
    random: Random
    number: int
    start: int
    latest: int
    region: str

    def one(self, *kinds: str) -> Element:
        """An element of one of these kinds, in the scene's region or else in the first that has one."""
        found = self.network.in_region(self.region, *kinds)
        found = found or [e for e in self.network.elements if e.kind in kinds]
        if not found:
            raise ValueError(f"this network has no {' or '.join(kinds)}: give it more devices")
        return self.random.choice(found)

    def until(self, element: Element, kind: Kind) -> int:
        """When an outage of this kind that begins with the scene is mended."""
        devices = len(self.network.beating(element.element))
        longitude = PLACES[self.network.regions.index(element.region) % len(PLACES)][2]
        cause = CAUSES.get(kind, "equipment")
        return min(self.latest, self.start + repair_ms(self.random, cause, devices, local_hour(self.start, longitude)))

    def after(self, minutes: float) -> int:
        """So many minutes from the scene's beginning, or its latest end."""
        return min(self.latest, self.start + round(minutes * MINUTE))


Scene = Callable[[Stage], Plan]


def _outage(kind: Kind, *places: str) -> Scene:
    def scene(stage: Stage) -> Plan:
        element = stage.one(*places)
        end = stage.until(element, kind)
        return Plan(incidents=(outage(stage.network, stage.random, kind, element, stage.start, end, stage.number),))

    return scene


def _quiet(stage: Stage) -> Plan:
    return Plan()


def _blip(stage: Stage) -> Plan:
    end = stage.start + round(stage.random.uniform(*BLIP))
    element = stage.one("olt", "node", "aggregation")
    return Plan(incidents=(outage(stage.network, stage.random, "blip", element, stage.start, end, stage.number),))


def _battery(stage: Stage) -> Plan:
    """So long without power that every battery is empty before it is back, as far as the scene lasts."""
    element = stage.one("olt")
    one = outage(stage.network, stage.random, "power", element, stage.start, stage.latest, stage.number)
    return Plan(incidents=(one,))


def _crossing(stage: Stage) -> Plan:
    metros = [e for e in stage.network.elements if e.element.endswith("-metro")]
    if not metros:
        raise ValueError("this network has no aggregation that serves two regions: give each 40 devices")
    element = stage.random.choice(metros)
    end = stage.until(element, "cross_region")
    one = outage(stage.network, stage.random, "cross_region", element, stage.start, end, stage.number)
    return Plan(incidents=(one,))


def _mass(stage: Stage) -> Plan:
    regions = stage.network.regions
    hit = tuple(sorted(stage.random.sample(regions, max(1, round(len(regions) * MASS)))))
    incidents = mass(stage.network, stage.random, hit, stage.start, stage.latest, stage.number)
    return Plan(incidents=tuple(incidents))


def _flood(stage: Stage) -> Plan:
    """Cores of several regions fail at once, and all behind them cry."""
    cores = [stage.network.in_region(region, "core")[0] for region in stage.network.regions]
    hit = sorted(stage.random.sample(cores, max(1, len(cores) // 4)), key=lambda core: core.element)
    incidents = tuple(
        outage(
            stage.network, stage.random, "upstream", core, stage.start + index * 2_000, stage.after(40),
            stage.number * 100 + index, flood=FLOOD,
        )
        for index, core in enumerate(hit)
    )  # fmt: skip
    return Plan(incidents=incidents)


def _flapping(stage: Stage) -> Plan:
    element = stage.one("pon", "node") if stage.number % 3 == 2 else stage.one("onu", "cpe", "cell")
    interval = stage.size.interval_ms
    one = flapping(stage.network, stage.random, element, stage.start, stage.after(60), stage.number, interval)
    return Plan(incidents=(one,))


def _degradation(stage: Stage) -> Plan:
    element = stage.one(*(("core",) if stage.number % 3 == 2 else ("olt", "node", "cell")))
    return Plan(degradations=(degradation(stage.random, element, stage.start, stage.latest, stage.number),))


def _work(overrun: int) -> Scene:
    def scene(stage: Stage) -> Plan:
        end = stage.after(60)
        element = stage.one("olt", "node", "cell")
        number = stage.number
        one = maintenance(stage.network, stage.random, element, stage.start, end, number, overrun=overrun)
        return Plan(incidents=(one,))

    return scene


def _moved(stage: Stage) -> Plan:
    middle = stage.after(60)
    first, second = (stage.start, middle), (middle + 15 * MINUTE, max(middle + 60 * MINUTE, stage.latest))
    element = stage.one("olt", "node", "cell")
    return Plan(incidents=(moved(stage.network, stage.random, element, first, second, stage.number),))


def _cancelled(stage: Stage) -> Plan:
    element, span = stage.one("olt", "node"), (stage.start, stage.after(90))
    broken = stage.number % 2 == 1
    return Plan(incidents=tuple(cancelled(stage.network, stage.random, element, span, stage.number, broken=broken)))


def _collector(stage: Stage) -> str:
    return stage.random.choice(list(heard(stage.network)))


def _loss(kept: bool) -> Scene:
    def scene(stage: Stage) -> Plan:
        name, end = f"collector_loss-{stage.number:04d}", stage.after(20)
        return Plan(losses=(Loss(id=name, collector=_collector(stage), start=stage.start, end=end, kept=kept),))

    return scene


def _blind(stage: Stage) -> Plan:
    """A collector is lost; meanwhile an OLT fails in a region that it does not hear."""
    collector = _collector(stage)
    blind = heard(stage.network)[collector]
    seeing = [region for region in stage.network.regions if region not in blind]
    if not seeing:
        raise ValueError("every collector hears every region: there must be at least eight regions")
    loss = Loss(
        id=f"collector_loss-{stage.number:04d}",
        collector=collector,
        start=stage.start,
        end=stage.after(20),
        kept=stage.random.random() < 0.5,
    )
    element = stage.random.choice(stage.network.in_region(stage.random.choice(seeing), "olt"))
    begin, end = stage.after(4), max(stage.after(35), stage.until(element, "equipment"))
    one = outage(stage.network, stage.random, "equipment", element, begin, end, stage.number)
    return Plan(losses=(loss,), incidents=(one,))


def _late(stage: Stage) -> Plan:
    late = stage.random.randrange(20_000, 80_000)
    name = f"late_beats-{stage.number:04d}"
    end = stage.after(40)
    return Plan(delays=(Delay(id=name, collector=_collector(stage), start=stage.start, end=end, late=late),))


def _replayed(stage: Stage) -> Plan:
    """While an OLT is down, a collector that heard it sends once more what it had heard before."""
    element = stage.one("olt")
    end = max(stage.after(45), stage.until(element, "equipment"))
    one = outage(stage.network, stage.random, "equipment", element, stage.start, end, stage.number)
    back = stage.start - 20 * MINUTE
    name = f"replayed_beats-{stage.number:04d}"
    assert element.collector is not None
    repeat = Repeat(id=name, collector=element.collector, start=back, end=stage.start, at=stage.after(12))
    return Plan(incidents=(one,), repeats=(repeat,))


def _demand(stage: Stage) -> Plan:
    return Plan(demands=(holiday(stage.random, stage.start, stage.latest, stage.number),))


def _tiny(stage: Stage) -> Plan:
    """All of the smallest region, or its OLT, in turn."""
    sizes = {region: sum(e.beats for e in stage.network.in_region(region)) for region in stage.network.regions}
    region = min(sizes, key=lambda name: sizes[name])
    element = stage.network.in_region(region, ("core", "olt")[stage.number % 2])[0]
    end = max(stage.after(20), stage.until(element, "equipment"))
    one = outage(stage.network, stage.random, "equipment", element, stage.start, end, stage.number)
    return Plan(incidents=(one,))


def _still_out(stage: Stage) -> Plan:
    element = stage.one("olt")
    one = outage(stage.network, stage.random, "equipment", element, stage.start, stage.after(30), stage.number)
    part = lingering(stage.network, stage.random, one, stage.after(120))
    return Plan(incidents=(one,), lingering=(part,) if part else ())


#: Name -> what it is, in a few words, and the scene.
SCENARIOS: dict[str, tuple[str, Scene]] = {
    "quiet": ("nothing but everyday noise", _quiet),
    "fibre_cut": ("a fibre to a PON, an OLT or an aggregation is cut", _outage("fibre_cut", "pon", "olt")),
    "splitter": ("a part of one PON", _outage("splitter", "pon")),
    "power": ("homes dark, the OLT or node on battery", _outage("power", "olt", "node")),
    "battery": ("the same, until the batteries are empty", _battery),
    "olt_crash": ("an OLT with all behind it", _outage("equipment", "olt")),
    "node_crash": ("a cable node or DSLAM", _outage("equipment", "node")),
    "cell": ("one cell", _outage("cell", "cell")),
    "upstream": ("a region's core", _outage("upstream", "core")),
    "cross_region": ("an aggregation that serves two regions", _crossing),
    "mass_outage": ("no power in 30 % of the regions at once", _mass),
    "alarm_flood": ("several cores at once, each device alarms 15 times in a minute", _flood),
    "blip": ("everything behind a node for a minute or two", _blip),
    "flapping": ("a line, a cell or a PON that comes and goes", _flapping),
    "degradation": ("loss and failed sessions creep, nothing falls silent", _degradation),
    "planned": ("announced work", _work(0)),
    "overrun": ("work that ends 30 minutes late", _work(30 * MINUTE)),
    "moved": ("work moved to a later window", _moved),
    "cancelled": ("work called off; every second time something then breaks there", _cancelled),
    "collector_loss": ("a collector hears nothing", _loss(kept=False)),
    "collector_replay": ("... and sends afterwards what it missed", _loss(kept=True)),
    "blind_outage": ("... while an OLT fails behind another one", _blind),
    "late_beats": ("a collector hands on late", _late),
    "replayed_beats": ("old beats come again in the middle of an outage", _replayed),
    "skew": ("one clock in ten is off by up to 90 s", _quiet),
    "demand": ("a holiday: sessions fall everywhere", _demand),
    "tiny_region": ("outages of the smallest region", _tiny),
    "still_out": ("after an outage a part stays dead although it beats; its customers say so", _still_out),
}
NAMES = tuple(SCENARIOS)


def staged(seed: int, size: Size, network: Network, start: int, end: int, name: str) -> Plan:
    """The scenario alone in [start, end), epoch ms. Raises ValueError where the network has no room for it."""
    _, scene = SCENARIOS[name]
    slots = Slots(network, start, end)
    plans: list[Plan] = []
    at, number = slots.first, 0
    while at + 5 * MINUTE < slots.last:
        latest = min(at + LONGEST, slots.last)
        stage = Stage(
            network=network,
            size=size,
            random=draws(seed, f"scenario/{name}/{number}"),
            number=number,
            start=at,
            latest=latest,
            region=network.regions[(seed + number) % len(network.regions)],
        )
        plan = scene(stage)
        plans.append(plan)
        for region in _regions(network, plan):
            slots.take([region], at, latest)
        at, number = at + EVERY, number + 1
    plans.append(everyday.plan(seed, network, start, end, slots, skewed=0.1 if name == "skew" else everyday.SKEWED))
    return merged(plans)


def _regions(network: Network, plan: Plan) -> tuple[str, ...]:
    if plan.losses or plan.delays or plan.repeats or plan.demands:
        return network.regions
    regions = [r for incident in plan.incidents for r in touched(network, network.by_id[incident.element])]
    return tuple(dict.fromkeys([*regions, *(one.region for one in plan.degradations)]))
