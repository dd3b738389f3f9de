"""100,000 poison records among good ones: every one dead-lettered with its own bytes, every neighbour applied."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

import msgspec
import pytest

from tests.conftest import KafkaAddress
from tests.faults.feeder import now
from tests.faults.generator import Generator
from tests.faults.ledger import Input
from tests.faults.model import Model
from tests.faults.oracle import judge
from tests.faults.place import Place
from tests.faults.poison import Pair, poison
from tests.faults.seen import TABLE, TOPICS, Seen

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

POISONS, GOOD, BATCH = 100_000, 10_000, 2_000
SEED = 6
TOPIC = "usage.records"


async def produce(place: Place, pairs: list[Pair]) -> None:
    """Produces in order; a record without key goes to the first partition."""
    topic = place.prefix + TOPIC
    sends = [
        await place.producer.send(topic, value, key=key, partition=None if key is not None else 0)
        for key, value in pairs
    ]
    await asyncio.gather(*sends)


async def flood(place: Place, generator: Generator, random: Random) -> tuple[list[Input], Counter[bytes]]:
    """Produces good and poison records, mixed; what was good, and the poisons' bytes."""
    good: list[Input] = []
    bad: Counter[bytes] = Counter()
    for start in range(0, POISONS, BATCH):
        poisons = [poison(random, start + number, now()) for number in range(BATCH)]
        usage = generator.usage(GOOD * BATCH // POISONS, now())
        bad.update(letter(*pair) for pair in poisons)
        good += usage
        pairs = iter([(one.key.encode(), msgspec.json.encode(one.value)) for one in usage])
        step = len(poisons) // len(usage)
        await produce(
            place,
            [
                pair
                for at in range(0, len(poisons), step)
                for pair in (next(pairs, None), *poisons[at : at + step])
                if pair is not None
            ],
        )
    return good, bad


def letter(key: bytes | None, value: bytes) -> bytes:
    """What identifies a dead letter: the record's own bytes."""
    return (key or b"") + b" " + value


async def test_poison_is_dead_lettered_and_its_neighbours_are_applied(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    random, generator = Random(SEED), Generator(SEED)
    async with Place(kafka.bootstrap, prefix, tmp_path) as place:
        base = list(generator.base(now()))
        await place.produce(base)
        worker = await place.start("decide")
        await place.settle("decide")
        good, bad = await flood(place, generator, random)
        await place.settle("decide", timeout_s=90)
        seen = Seen(place, topics=(*TOPICS, TABLE, "dead.letters"))
        await seen.more()
        assert worker.code is None, worker.tail()

    report = judge(Model([*base, *good]), seen, mailed=False)
    assert not report.violations, str(report)
    letters = seen.rows["dead.letters"]
    assert Counter(letter(row.key, row.value) for row in letters) == bad
    headers = [dict(row.headers) for row in letters]
    assert {one["dlq.topic"] for one in headers} == {TOPIC.encode()}
    assert all(one["dlq.reason"] for one in headers)
    assert len({(one["dlq.partition"], one["dlq.offset"]) for one in headers}) == POISONS
