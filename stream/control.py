"""`forewarn pause` and `forewarn resume`: one word to every customer partition, over the internal topic `control`.

Invariant: the command returns only when every partition has the word; decide and deliver obey at their next unit.
"""

from __future__ import annotations

import asyncio
import getpass
import time

import msgspec

from forewarn.stream import kafka
from forewarn.stream.settings import Settings
from forewarn.topics.events.messages import Control

TOPIC = "control"
#: The key, and the kind in the record, that stands for all kinds.
EVERYTHING = "*"


async def run(settings: Settings, kind: str, *, paused: bool, author: str) -> int:
    """Writes the word. `kind` is a kind of alerts, `marketing`, or `everything`."""
    word = EVERYTHING if kind == "everything" else kind
    control = Control(kind=word, paused=paused, time=int(time.time() * 1000), author=author or getpass.getuser())
    partitions = await write(settings, control)
    print(f"{kind} is {'paused' if paused else 'resumed'} in {partitions} partitions")
    return 0


async def write(settings: Settings, control: Control) -> int:
    """Writes a word to every partition and returns how many there are. Raises NoSuchTopic."""
    topic = kafka.topic_name(settings, TOPIC)
    async with kafka.producer(settings) as producer:
        partitions = await kafka.partitions_of(producer, topic)
        key, value = control.kind.encode(), msgspec.json.encode(control)
        sends = [await producer.send(topic, value, key=key, partition=number) for number in partitions]
        await asyncio.gather(*sends)
    return len(partitions)
