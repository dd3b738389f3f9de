"""Inputs from transactional producers (Kafka Streams, Flink, Debezium): what was aborted never happened, and the end of
a transaction, which is an offset without a record, holds nothing up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from tests.conftest import KafkaAddress
from tests.faults.place import Place
from tests.faults.seen import Seen

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

PLAN = {
    "plan_id": "p", "name": "Plan", "price": 10, "currency": "EUR", "cycle_day": 1,
    "buckets": [{"bucket": "data", "allowance": 100, "unit": "MB"}],
}  # fmt: skip
PROFILE = {"customer": "c1", "name": "One", "services": [], "plan": PLAN, "contacts": {"email": "one@example.net"}}


def usage(record_id: str, amount: int) -> Mapping[str, Any]:
    at = datetime.now(UTC).isoformat()
    return {"record_id": record_id, "bucket": "data", "amount": amount, "start": at}


class Transactions:
    """A producer of one deployment that writes in transactions."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.producer = AIOKafkaProducer(bootstrap_servers=place.bootstrap, transactional_id=f"{place.prefix}upstream")

    async def send(self, topic: str, *values: Mapping[str, Any], commit: bool = True) -> None:
        await self.producer.begin_transaction()
        for value in values:
            await self.producer.send_and_wait(
                self.place.prefix + topic, msgspec.json.encode(value), key=b"c1", partition=0
            )
        await (self.producer.commit_transaction() if commit else self.producer.abort_transaction())


async def test_aborted_usage_is_not_counted_and_the_gate_waits_for_no_transactions_end(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    async with Place(kafka.bootstrap, prefix, tmp_path, customer=1) as place:
        upstream = Transactions(place)
        await upstream.producer.start()
        try:
            await upstream.send("customers.profiles", PROFILE)
            await upstream.send("usage.records", usage("u1", 30))
            await upstream.send("usage.records", usage("u2", 60), commit=False)
            await upstream.send("usage.records", usage("u3", 25))
            await place.start("decide")
            await place.settle("decide")
            await upstream.send("customers.profiles", PROFILE)
            asked = time.monotonic()
            request = {"request_id": "m1", "time": datetime.now(UTC).isoformat(), "campaign": "x", "channel": "email"}
            await upstream.send("marketing.requests", request)
            seen = Seen(place)
            while not seen.rows["marketing.held"]:
                await asyncio.sleep(0.2)
                await seen.more()
                assert time.monotonic() - asked < 25, f"no answer before the barrier's time-out\n{place.tails()}"
            alerts = [row.read for row in seen.rows["usage.alerts"]]
            assert [(alert["percent"], alert["used"]) for alert in alerts] == [(50, 55)]
        finally:
            await upstream.producer.stop()
