"""The harness is itself checked: with a guarantee taken out of the product, the oracle must say so, and say which."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.faults.child import KILLED
from tests.faults.conftest import Run, Runs
from tests.faults.feeder import Feeder, now
from tests.faults.generator import Generator
from tests.faults.haunting import Haunting, haunt_decide
from tests.faults.ledger import BEGUN, KNOWN, MENDED, Input
from tests.faults.oracle import Report
from tests.faults.place import Place
from tests.faults.verdict import verdict

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]

#: Long enough to wait for what is missing; a mutant never brings it.
MISSING_S = 3.0


async def judged(bootstrap: str, prefix: str, folder: Path, *, mutant: str, crash_at: str | None = None) -> Report:
    """A mutated worker of role decide folds usage, dying at `crash_at` if given; then a mutated one finishes."""
    async with Place(bootstrap, prefix, folder) as place:
        feeder = Feeder(place, Generator(3, customers=12), usage=300)
        await feeder.base()
        first = await place.start("decide", mutant=mutant)
        await place.settle("decide")
        async with feeder:
            if crash_at is not None:
                await first.kill()
                child = await place.start("decide", mutant=mutant, crash_at=crash_at)
                assert await child.wait(40) == KILLED
                await place.start("decide", mutant=mutant)
            await asyncio.sleep(2.0)
        return await verdict(place, "decide", timeout_s=MISSING_S)


async def race(bootstrap: str, prefix: str, folder: Path, *, mutant: str) -> Report:
    """An outage is in the customers' log, then marketing asks; the worker's reading of the outage is slow."""
    async with Place(bootstrap, prefix, folder, customer=1) as place:
        feeder = Feeder(place, Generator(4, customers=12))
        await feeder.base()
        await place.start("decide", mutant=mutant)
        await feeder.feed([mark()])
        await place.settle("decide")
        down = feeder.generator.served_by("olt-a")
        elements = sorted({feeder.generator.element_of(customer) for customer in down})
        since = now()
        await feeder.feed([impact(1, "confirmed", elements, since), mark()])
        await feeder.feed([Input(topic, "olt-a", {"customers": down, "time": now()}) for topic in (BEGUN, KNOWN)])
        await feeder.feed(feeder.generator.requests(20, now()))
        await asyncio.sleep(4.0)
        await feeder.feed([Input(MENDED, "olt-a", {"customers": down, "time": now()})])
        await feeder.feed([impact(2, "restored", None, since), mark()])
        return await verdict(place, "decide", timeout_s=15.0)


def mark() -> Input:
    """Correlate's word that detection is up to date."""
    return Input("outages.impact", "progress", {"type": "progress", "tick": now(), "event_time": now()}, 0)


def impact(revision: int, state: str, elements: list[str] | None, since: int) -> Input:
    """One revision of an outage as correlate tells the customers' partitions."""
    told: dict[str, object] = {
        "type": "impact",
        "outage_id": "o1",
        "revision": revision,
        "time": now(),
        "state": state,
        "region": "north",
        "element": "olt-a",
        "started": since,
        "elements": elements,
        "elements_revision": 1,
        "chunk": 0,
        "chunks": 1,
    }
    return Input("outages.impact", "o1/0", {name: value for name, value in told.items() if value is not None}, 0)


RUNS: dict[str, Run] = {
    "no dedup": partial(judged, mutant="no-dedup"),
    "ack early": partial(judged, mutant="ack-early", crash_at="append.before:6"),
    "forget outputs": partial(judged, mutant="forget-outputs", crash_at="outputs.before:6"),
    "no fence": partial(haunt_decide, point="append.before:6", mutant="pause,no-fence", timeout_s=MISSING_S),
    "no barrier": partial(race, mutant="slow-impact,no-barrier"),
    "slow impact": partial(race, mutant="slow-impact"),
}


async def test_without_dedup_repeated_records_are_found_counted_twice(runs: Runs) -> None:
    report: Report = await runs["no dedup"]
    assert "state" in report.kinds
    assert report.figures["doubled"] > 0
    assert report.figures["lost"] == 0


async def test_with_progress_before_the_append_lost_records_are_found(runs: Runs) -> None:
    report: Report = await runs["ack early"]
    assert "state" in report.kinds
    assert report.figures["lost"] > 0


async def test_without_repeating_the_last_outputs_lost_alerts_are_found(runs: Runs) -> None:
    report: Report = await runs["forget outputs"]
    assert {"alert", "alert notice"} & report.kinds
    assert "state" not in report.kinds


async def test_without_fencing_what_a_zombie_writes_is_found(runs: Runs) -> None:
    haunting: Haunting = await runs["no fence"]
    assert haunting.report.kinds & {"repeat differs", "alert", "decisions", "state"}, str(haunting.report)


async def test_without_the_gates_barrier_marketing_in_an_outage_is_found(runs: Runs) -> None:
    report: Report = await runs["no barrier"]
    assert "approved in an outage" in report.kinds


async def test_with_the_gates_barrier_slow_reading_approves_nothing_in_an_outage(runs: Runs) -> None:
    report: Report = await runs["slow impact"]
    assert not report.violations, str(report)
