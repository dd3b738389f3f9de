"""The partition of a key, as Kafka's Java client computes it. Pure.

Source: org.apache.kafka.common.utils.Utils.murmur2 (seed 0x9747b28c) and BuiltInPartitioner.partitionForKey.
"""

from __future__ import annotations

_M = 0x5BD1E995
_SEED = 0x9747B28C
_32 = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit hash, unsigned."""
    length = len(data)
    h = _SEED ^ length
    whole = length & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * _M & _32
        k = (k ^ k >> 24) * _M & _32
        h = h * _M & _32 ^ k
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _32
    h = (h ^ h >> 13) * _M & _32
    return h ^ h >> 15


def partition_of(key: bytes, count: int) -> int:
    """The partition of `key` among `count`."""
    return (murmur2(key) & 0x7FFFFFFF) % count
