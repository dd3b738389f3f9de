"""Job (e): the whole of role deliver, from `notifications` to a local relay or SMS centre.

    notifications (preloaded) ──> worker: table, changelog, log, sends ──> relay, SMS centre on the broker's core
                                    └── CPU of all its threads                └── counts: the position

Each message is one customer's notice of an outage, rendered by the product's own templates. Invariant: a run in which a
message was not taken, or was taken twice, has no figure.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import msgspec

from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.preview import preview
from forewarn.alerts.render import renderer_of
from forewarn.topics import partitioner
from forewarn.topics.instants import to_rfc3339
from tests.bench.contestant import Trial, stop
from tests.bench.contestants.forewarn_worker import Forewarn
from tests.bench.measure import Run, follow, memory_mb, summarise
from tests.bench.other_side import OtherSide, Taken
from tests.bench.throughput import clear, settled
from tests.bench.usage_input import Keyed

#: Messages a second and core that are aimed at.
GOALS = {"email": 500, "sms": 1_000}
VALID_MS = 4 * 3_600_000


def settings(channel: str, port: int) -> dict[str, str]:
    """What the worker is told of the relay, or of the SMS centre."""
    if channel == "email":
        return {"FOREWARN_SMTP_PORT": str(port)}
    smpp = {"HOST": "127.0.0.1", "PORT": str(port), "SYSTEM_ID": "forewarn", "SOURCE": "Forewarn"}
    return {f"FOREWARN_SMPP_{name}": value for name, value in smpp.items()}


def notices(channel: str, messages: int, partitions: int) -> Iterator[Keyed]:
    """So many notices, each to a customer and about an outage of its own, so that none overtakes another."""
    words = preview(
        renderer_of(AlertPolicy()), "outage", "confirmed", channel=channel, locale="en", time_zone="Europe/London"
    ).message
    now = round(time.time() * 1000)
    common: dict[str, object] = {
        "time": to_rfc3339(now),
        "kind": "outage",
        "stage": "confirmed",
        "channel": channel,
        "locale": "en",
        "text": words.text,
        "valid_until": to_rfc3339(now + VALID_MS),
        "critical": False,
    }
    if channel == "email":
        common |= {"subject": words.subject, "html": words.html}
    for number in range(messages):
        key = f"c{number:07d}".encode()
        to = f"c{number:07d}@example.com" if channel == "email" else f"+49151{number:08d}"
        own = {"notification_id": f"n{number}", "incident": f"o{number}", "to": to}
        yield partitioner.partition(key, partitions), key, msgspec.json.encode(common | own), None


async def run(trial: Trial, channel: str, messages: int, broker: int, other: OtherSide) -> Run:
    """One repetition: prepared, preloaded, started, followed until all is taken and logged, judged, cleared away."""
    ours = Forewarn()
    await ours.prepare(trial)
    await trial.cluster.preload(trial.input, notices(channel, messages, trial.partitions), trial.partitions)
    worker = await ours.start(trial)

    async def position() -> int:
        return await asyncio.to_thread(other.count)

    try:
        samples = await follow(position, worker.pid, broker, messages, alive=lambda: worker.returncode is None)
        peak = memory_mb(worker.pid)
        await settled(trial, ours.output(trial))
    finally:
        await stop(worker)
    verdict = judge(messages, await asyncio.to_thread(other.taken))
    await clear(trial)
    return summarise(ours.name, samples, peak, verdict)


def judge(messages: int, taken: Taken) -> str:
    """Empty if every message was taken once, else what is wrong."""
    missing, doubled = messages - taken.different, taken.total - taken.different
    return f"{missing} messages missing, {doubled} taken twice" if missing or doubled else ""
