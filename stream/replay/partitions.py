"""Partition numbers in a replay: by murmur2 of the key, as the Java client and every producer of the contract do."""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2

from forewarn.stream.engine.role import Layout


@lru_cache(maxsize=1 << 18)
def partition_of(key: bytes, count: int) -> int:
    """The partition of `key` among `count`."""
    if count == 1:
        return 0
    partition: int = (murmur2(key) & 0x7FFFFFFF) % count
    return partition


def layout_of(text: str) -> Layout:
    """Reads `8` (every group) or `region=8,customer=4`. Raises ValueError with what is wrong."""
    if text.strip().isdecimal():
        counts = {"region": int(text), "customer": int(text)}
    else:
        counts = {}
        for part in text.split(","):
            group, _, number = part.partition("=")
            if group.strip() not in ("region", "customer") or not number.strip().isdecimal():
                raise ValueError(f"{part!r} is not region=N or customer=N")
            counts[group.strip()] = int(number)
    if min(counts.values()) < 1:
        raise ValueError("a topic has at least one partition")
    return Layout(counts.get("region", 1), counts.get("customer", 1))
