"""Partition numbers in a replay: by murmur2 of the key, as the Java client and every producer of the contract do."""

from __future__ import annotations

from functools import lru_cache

from forewarn.stream.engine.role import Layout
from forewarn.topics.partitioner import partition


@lru_cache(maxsize=1 << 18)
def partition_of(key: bytes, count: int) -> int:
    """The partition of `key` among `count`."""
    return 0 if count == 1 else partition(key, count)


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
