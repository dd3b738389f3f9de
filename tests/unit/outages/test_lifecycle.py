"""The life of one outage, input by input. Seconds of event time."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from forewarn.stream.outages import lifecycle
from forewarn.stream.outages.case import Case, outage_id
from forewarn.stream.outages.lifecycle import Cleared, Confirmed, Elapsed, Input, Suspected
from forewarn.stream.outages.mergers import Absorbed
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.staff import Acted
from forewarn.topics.events.network import FieldActionName
from forewarn.topics.events.outages import Evidence, OutageState

POLICY = OutagePolicy()
EVIDENCE = Evidence("liveness", 1e-9, 1e-6, 300)
NEW = Case("id", "north", "olt-1", False, 0, "suspected", 0)


def suspected(second: int = 0) -> Suspected:
    return Suspected("c", second * 1000, EVIDENCE)


def run(case: Case, *inputs: Input) -> Case:
    for what in inputs:
        case = lifecycle.step(POLICY, case, what)
    return case


def acted(action: FieldActionName, **more: str) -> Acted:
    return Acted(more.pop("id", action), 500_000, "ana", action, **more)  # type: ignore[arg-type]


def test_the_id_is_a_hash_of_element_and_onset() -> None:
    assert outage_id("olt-1", 1) == outage_id("olt-1", 1)
    assert len({outage_id("olt-1", 1), outage_id("olt-1", 2), outage_id("olt-2", 1)}) == 3


def test_blindness_makes_it_unknown_until_the_collectors_report_for_ten_minutes() -> None:
    #  confirm, blind      seen           + 600 s
    #  100 ├── unknown ────1000───────────1600 confirmed
    case = run(NEW, suspected(), Confirmed("c", 100_000, blind="silence"))
    assert case.state == "unknown"
    assert run(case, Confirmed("c", 110_000, blind="silence")) is case
    case = run(case, Elapsed(500_000, blind="silence"), Elapsed(1_000_000), Elapsed(1_599_000))
    assert case.state == "unknown"
    assert run(case, Elapsed(1_600_000)).state == "confirmed"
    assert run(case, Elapsed(1_550_000, blind="silence"), Elapsed(1_600_000)).state == "unknown"
    assert run(case, Cleared("c", 1_100_000)).state == "dismissed"


def test_a_second_source_ends_blindness() -> None:
    case = run(NEW, suspected(), Confirmed("c", 100_000, blind="silence", independent=True))
    assert case.state == "confirmed"


def test_it_stays_open_while_another_suspicion_supports_it() -> None:
    case = run(NEW, suspected(), Suspected("d", 5_000, EVIDENCE), Confirmed("c", 100_000), Cleared("c", 200_000))
    assert case.state == "confirmed"
    assert run(case, Cleared("d", 300_000)).state == "monitoring"


def test_a_reopened_outage_that_clears_again_is_monitored_not_dismissed() -> None:
    case = run(NEW, suspected(), Confirmed("c", 100_000), Cleared("c", 200_000), Elapsed(500_000))
    assert case.state == "restored"
    case = run(case, suspected(600))
    assert (case.state, case.confirmed, case.restored) == ("suspected", 100_000, None)
    assert run(case, Cleared("c", 650_000)).state == "monitoring"


def test_inputs_that_say_nothing_new_give_back_the_same_object() -> None:
    case = run(NEW, suspected())
    assert run(case, suspected(), Cleared("x", 1), Confirmed("x", 1), Elapsed(10**9)) is case
    done = run(case, acted("comment", text="hm"))
    assert run(done, acted("comment", text="other")) is done


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_what_is_over_stays_over(state: OutageState) -> None:
    case = replace(NEW, state=state)
    inputs = (suspected(), Confirmed("c", 1), Cleared("c", 2), Absorbed("x", 3), Elapsed(10**9))
    assert run(case, *inputs, acted("resolve"), acted("dismiss"), acted("merge", into="x")).state == state


def test_an_absorbed_outage_is_merged() -> None:
    case = run(NEW, suspected(), Absorbed("parent", 9))
    assert (case.state, case.merged_into, case.candidates) == ("merged", "parent", ())


def test_planned_work_is_closed_when_it_is_over_and_may_be_confirmed_by_staff() -> None:
    planned = run(replace(NEW, state="planned"), suspected(), Confirmed("c", 100_000))
    assert planned.state == "planned"
    assert run(planned, Cleared("c", 200_000)).state == "closed"
    assert run(planned, acted("confirm")).state == "confirmed"


def test_an_outage_dismissed_by_itself_is_suspected_again_and_one_dismissed_by_staff_is_not() -> None:
    itself = run(NEW, suspected(), Cleared("c", 100_000))
    assert run(itself, suspected(200)).state == "suspected"
    staff = run(NEW, suspected(), acted("dismiss"), Cleared("c", 100_000))
    assert run(staff, suspected(200)).state == "dismissed"


def test_a_confirm_of_what_is_confirmed_already_records_who_said_so() -> None:
    case = run(NEW, suspected(), Confirmed("c", 100_000), acted("confirm", text="seen on site"))
    assert (case.state, case.since, case.author, case.comment) == ("confirmed", 100_000, "ana", "seen on site")
