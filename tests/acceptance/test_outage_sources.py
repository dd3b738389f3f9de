"""Independent sources: what they confirm together, what each of them does alone, and flapping."""

from __future__ import annotations

import pytest

from forewarn.topics.partitioner import partition as partition_of
from tests.acceptance.correlate_world import Teller


def network() -> Teller:
    """agg-1 ── olt-1 ── onu-1 to onu-4 (all in north)."""
    teller = Teller()
    teller.inventory("agg-1", kind="aggregation")
    teller.inventory("olt-1", kind="olt", parent="agg-1")
    onus = [f"onu-{i}" for i in range(1, 5)]
    for onu in onus:
        teller.inventory(onu, kind="onu", parent="olt-1")
    teller.beating(*onus)
    teller.pass_time(60)
    return teller


@pytest.mark.parametrize("place", ["agg-1", "olt-1", "onu-1"])
@pytest.mark.parametrize("first", ["devices", "kpi"])
def test_devices_and_a_kpi_on_the_same_way_up_confirm_each_other_at_once(place: str, first: str) -> None:
    #  60 devices ├── 65 kpi: confirmed         or the other way round
    teller = network()
    if first == "devices":
        teller.suspect("olt-1")
        teller.pass_time(5)
        teller.suspect(place, detector="kpi")
    else:
        teller.suspect(place, detector="kpi")
        teller.pass_time(5)
        teller.suspect("olt-1")
    assert teller.state("olt-1") == "confirmed"
    assert {row["state"] for row in teller.world.outages().values()} <= {"confirmed", "merged"}
    assert {found["detector"] for found in teller.outage("olt-1")["evidence"]} >= {"liveness"}


def test_a_kpi_of_the_whole_region_confirms_what_its_devices_say() -> None:
    teller = network()
    teller.suspect("north", detector="kpi", whole_region=True)
    teller.pass_time(5)
    assert teller.state("north") == "suspected"
    teller.suspect("olt-1")
    assert (teller.state("olt-1"), teller.state("north")) == ("confirmed", "merged")
    assert teller.outage("north")["parent"] == teller.outage("olt-1")["outage_id"]


def test_two_detectors_of_the_same_devices_are_one_source() -> None:
    teller = network()
    teller.suspect("olt-1", detector="liveness")
    teller.suspect("olt-1", detector="sparse")
    teller.pass_time(30)
    assert teller.state("olt-1") == "suspected"


@pytest.mark.parametrize("detector", ["kpi", "degradation"])
def test_what_no_device_backs_stays_suspected_and_is_dismissed_when_it_clears(detector: str) -> None:
    teller = network()
    teller.suspect("olt-1", detector=detector, value=0.4, threshold=0.5, window_s=900)
    teller.pass_time(3600)
    assert teller.state("olt-1") == "suspected"
    evidence = {"detector": detector, "value": 0.4, "threshold": 0.5, "window_s": 900.0}
    assert teller.outage("olt-1")["evidence"] == [evidence]
    teller.clear("olt-1", detector=detector)
    assert teller.state("olt-1") == "dismissed"


def test_degradation_does_not_confirm_what_devices_say() -> None:
    teller = network()
    teller.suspect("olt-1", detector="degradation")
    teller.suspect("olt-1")
    assert teller.state("olt-1") == "suspected"


def test_an_outage_ends_with_its_devices_though_a_kpi_is_still_low() -> None:
    teller = network()
    teller.suspect("olt-1")
    teller.suspect("olt-1", detector="kpi")
    teller.clear("olt-1")
    assert teller.state("olt-1") == "monitoring"
    teller.pass_time(305)
    assert teller.state("olt-1") == "restored"
    teller.clear("olt-1", detector="kpi")
    teller.pass_time(1800)
    assert teller.state("olt-1") == "closed"


def test_a_flapping_line_is_an_incident_of_its_own_that_closes_when_it_calms_down() -> None:
    teller = network()
    teller.suspect("onu-1", detector="flapping", value=3200, threshold=3000, window_s=900)
    teller.pass_time(600)
    row = teller.outage("onu-1")
    assert (row["state"], row["evidence"][0]["detector"], "confirmed" in row) == ("flapping", "flapping", False)
    teller.clear("onu-1", detector="flapping")
    assert teller.state("onu-1") == "closed"


def test_a_flapping_element_that_fails_for_good_is_the_same_incident() -> None:
    teller = network()
    teller.suspect("olt-1", detector="flapping")
    teller.pass_time(60)
    teller.suspect("olt-1")
    assert teller.outage("olt-1")["state"] == "suspected"
    teller.confirm("olt-1")
    assert teller.outage("olt-1")["state"] == "confirmed"
    teller.clear("olt-1")
    teller.pass_time(305)
    assert teller.outage("olt-1")["state"] == "restored"


def test_what_fails_below_a_flapping_element_is_an_outage_of_its_own() -> None:
    teller = network()
    teller.suspect("agg-1", detector="flapping")
    teller.suspect("olt-1")
    assert (teller.state("agg-1"), teller.state("olt-1")) == ("flapping", "suspected")


def test_an_outage_that_two_partitions_suspect_ends_when_both_see_it_over() -> None:
    teller = Teller(partitions=2)
    teller.inventory("core-1", region="a", kind="core")
    other = next(name for name in "bcde" if partition_of(name.encode(), 2) != partition_of(b"a", 2))
    for region in ("a", other):
        teller.suspect("core-1", region=region)
        teller.confirm("core-1", region=region)
    assert len(teller.world.outages()) == 1
    teller.clear("core-1", region="a")
    assert teller.state("core-1") == "confirmed"
    teller.clear("core-1", region=other)
    assert teller.state("core-1") == "monitoring"
