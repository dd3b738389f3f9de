"""How many messages a second the channels alone hand over, on one core: `python -m tests.bench.channels`.

    this process, one core: N sends under way ──> SMTP relay, SMS centre in a process of its own

What the whole worker does, Kafka, table and log with it, is job (e) of `make bench` (delivery.py). Each message must be
counted on the other side, or the run is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from typing import NamedTuple

from forewarn.alerts.channels.email import EmailChannel
from forewarn.alerts.channels.protocol import Channel, Delivered, Message
from forewarn.alerts.channels.smpp_session import Smsc
from forewarn.alerts.channels.sms import SmsChannel
from forewarn.alerts.channels.smtp_pool import Relay
from tests.bench.delivery import GOALS
from tests.bench.other_side import OtherSide

TEXT = "Outage in Linden since 8:30 pm. Expected back by 10:15 pm. We will text you when service is restored."
TO = {"email": "ada@example.com", "sms": "+4915112345678"}


def message(channel: str, to: str, number: int) -> Message:
    """An outage notice; its words are those of all the others."""
    html = f"<html><p>{TEXT}</p></html>"
    return Message(
        f"n{number}", 0, "outage", "confirmed", channel, to, "en", "Outage", TEXT, html, 1_895_379_400_000, "ada"
    )


class Measured(NamedTuple):
    """Messages a second of wall-clock time, and a second of this process's own work: the other side may be slower."""

    rate: float
    per_core: float


async def measure(channel: Channel, to: str, messages: int, under_way: int) -> Measured:
    """Hands over so many messages, so many of them under way at once. Raises when one was not taken."""
    numbers = iter(range(messages))

    async def hand_over() -> None:
        for number in numbers:
            answer = await channel.send(message(channel.name, to, number))
            if not isinstance(answer, Delivered):
                raise RuntimeError(f"{channel.name}: {answer}")

    began, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(hand_over() for _ in range(under_way)))
    return Measured(messages / (time.perf_counter() - began), messages / (time.process_time() - worked))


async def run(name: str, port: int, messages: int) -> Measured:
    """One channel, warmed up."""
    channel: Channel
    if name == "email":
        channel = EmailChannel(Relay("127.0.0.1", port, connections=16), "alerts@nordnet.example")
    else:
        channel = SmsChannel(Smsc("127.0.0.1", port, "forewarn", None, "Forewarn"))
    await measure(channel, TO[name], messages // 10, 16)
    measured = await measure(channel, TO[name], messages, 16)
    await channel.close()
    return measured


def main() -> int:
    """0 when every message of every channel arrived, else 1. Goals are printed, not judged: machines differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=3_000)
    messages = parser.parse_args().messages
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    wrong = 0
    for name, goal in GOALS.items():
        with OtherSide(name, cores[1:] or cores) as other:
            found = asyncio.run(run(name, other.port, messages))
            arrived = other.count()
        wrong += arrived != messages + messages // 10
        print(
            f"{name}: {found.rate:,.0f} messages/s, {found.per_core:,.0f} a second of one core's work (goal {goal:,}); "
            f"{arrived:,} arrived"
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
