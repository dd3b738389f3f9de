"""Kinds of incident: who falls silent when, and what is back when."""

from __future__ import annotations

from random import Random

import pytest

from forewarn.stream.simulate.incidents import HOUR, MINUTE, Down, Incident, Kind, Plan
from forewarn.stream.simulate.layout import build
from forewarn.stream.simulate.repairs import LONGEST, SHORTEST, repair_ms
from forewarn.stream.simulate.size import Size
from forewarn.stream.simulate.trouble import flapping, lingering, maintenance, outage
from forewarn.stream.simulate.works import cancelled, moved

NETWORK = build(1, Size())
START = 1_767_571_200_000
OLT, PON, NODE = (NETWORK.by_id[name] for name in ("r01-olt-1", "r01-olt-1-pon-1", "r01-node-1"))


def made(kind: Kind, element: str, minutes: float, seed: int = 1) -> Incident:
    return outage(NETWORK, Random(seed), kind, NETWORK.by_id[element], START, START + round(minutes * MINUTE), 0)


def kinds(names: tuple[str, ...]) -> set[str]:
    return {NETWORK.by_id[name].kind for name in names}


def test_a_crashed_olt_takes_all_behind_it_at_once() -> None:
    incident = made("equipment", OLT.element, 30)
    assert set(incident.silent) == set(NETWORK.beating(OLT.element))
    assert all(START <= down.start <= START + 2_000 for down in incident.downs)
    assert all(incident.end <= down.end <= incident.end + 60_000 for down in incident.downs)
    assert incident.facing


def test_a_cut_fibre_leaves_the_equipment_at_its_near_end_running() -> None:
    incident = made("fibre_cut", OLT.element, 30)
    assert OLT.element not in incident.silent
    assert kinds(incident.silent) >= {"onu"}


def test_a_splitter_takes_a_part_of_its_pon() -> None:
    incident = made("splitter", PON.element, 30)
    assert 3 <= len(incident.silent) < len(NETWORK.beating(PON.element))


def test_homes_without_power_gasp_at_once_while_the_olt_lives_on_its_battery() -> None:
    """homes ▔▔\\______________ gasp        OLT ▔▔▔▔▔▔▔▔▔▔▔▔▔▔ on battery"""
    incident = made("power", OLT.element, 20)  # no battery is empty so soon
    assert kinds(incident.silent) <= {"onu", "cpe"}
    assert sum(down.gasp for down in incident.downs) >= 0.5 * len(incident.downs)
    assert OLT.element in {battery.element for battery in incident.batteries}
    assert all(battery.empty is None for battery in incident.batteries)


def test_an_olt_dies_when_its_battery_is_empty_before_the_power_is_back() -> None:
    """homes ▔▔\\______________/▔▔        OLT ▔▔▔▔▔▔battery▔▔\\____/▔▔"""
    incident = made("power", OLT.element, 200)
    died = next(down for down in incident.downs if down.element == OLT.element)
    battery = next(battery for battery in incident.batteries if battery.element == OLT.element)
    assert battery.empty is not None
    assert battery.empty >= START + 25 * MINUTE
    assert battery.empty <= died.start <= battery.empty + 2_000
    assert died.end >= incident.end
    assert set(incident.silent) >= set(NETWORK.beating(OLT.element))


def test_fewer_than_three_homes_without_power_are_an_outage_only_when_their_site_dies() -> None:
    incident = made("mass_power", "r20-core", 200)  # a sparse region
    assert min(battery.start for battery in incident.batteries) == START
    assert incident.start >= START + 25 * MINUTE
    assert all(incident.start <= down.start for down in incident.downs)


def test_a_mass_outage_leaves_what_has_generators() -> None:
    incident = made("mass_power", "r01-core", 60)
    assert not {"core", "aggregation"} & kinds(incident.silent)
    homes = NETWORK.in_region("r01", "onu", "cpe")
    assert len([e for e in homes if e.element in incident.silent]) > 0.85 * len(homes)


def test_a_blip_is_nothing_to_tell_customers_of() -> None:
    assert not made("blip", OLT.element, 3).facing


def test_a_flapping_pon_comes_and_goes_with_all_on_it() -> None:
    incident = flapping(NETWORK, Random(1), PON, START, START + HOUR, 0, 60_000)
    assert set(incident.silent) == set(NETWORK.beating(PON.element))
    spans = sorted({(down.start, down.end) for down in incident.downs})
    assert len(spans) > 8
    assert all(3 * 60_000 < end - start < 3.5 * 60_000 for start, end in spans)
    assert not incident.facing


def test_work_that_overruns_keeps_devices_down_beyond_its_window() -> None:
    on_time = maintenance(NETWORK, Random(1), OLT, START, START + HOUR, 0, overrun=0)
    late = maintenance(NETWORK, Random(1), OLT, START, START + HOUR, 0, overrun=20 * MINUTE)
    assert all(down.start > START and down.end < START + HOUR for down in on_time.downs)
    assert all(START + HOUR + 15 * MINUTE < down.end < START + HOUR + 20 * MINUTE for down in late.downs)


def test_work_that_was_moved_takes_nothing_down_in_its_first_window() -> None:
    first, second = (START, START + HOUR), (START + 3 * HOUR, START + 4 * HOUR)
    incident = moved(NETWORK, Random(1), OLT, first, second, 0)
    assert all(second[0] <= down.start and down.end <= second[1] for down in incident.downs)
    assert incident.work is not None
    assert incident.work.told is not None
    assert incident.work.told < first[0]


def test_cancelled_work_takes_nothing_down_but_a_real_outage_may_come_in_its_place() -> None:
    work, broken = cancelled(NETWORK, Random(1), OLT, (START, START + HOUR), 0, broken=True)
    assert not work.downs
    assert broken.facing
    assert START < broken.start < broken.end <= START + HOUR


def test_service_that_stays_dead_is_a_part_of_what_was_down() -> None:
    incident = made("equipment", OLT.element, 30)
    part = lingering(NETWORK, Random(1), incident, incident.end + HOUR)
    assert part is not None
    assert set(part.devices) < set(incident.silent)
    assert part.start == incident.end


def test_times_down_of_one_device_are_united() -> None:
    one, other = made("equipment", OLT.element, 30), made("fibre_cut", PON.element, 60)
    downs = Plan(incidents=(one, other)).downs()
    device = other.silent[0]
    assert downs[device] == [Down(device, downs[device][0].start, downs[device][0].end)]
    assert downs[device][0].end >= other.end


@pytest.mark.parametrize("cause", ["fibre", "power", "equipment", "radio", "upstream"])
def test_repairs_take_longer_at_night_and_for_more_devices(cause: str) -> None:
    def mean(devices: int, hour: float) -> float:
        random = Random(5)
        return sum(repair_ms(random, cause, devices, hour) for _ in range(300)) / 300

    assert SHORTEST <= mean(8, 12.0) <= LONGEST
    assert mean(8, 2.0) > 1.2 * mean(8, 12.0)
    assert mean(128, 12.0) > 1.2 * mean(8, 12.0)


def test_repairs_of_fibre_take_longer_than_those_of_equipment() -> None:
    fibre, equipment = (sorted(repair_ms(Random(n), c, 8, 12.0) for n in range(400)) for c in ("fibre", "equipment"))
    assert fibre[200] > 1.5 * equipment[200]
