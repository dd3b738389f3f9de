"""Which partition a key belongs to: murmur2, as the Java client partitions records that have a key.

Source: org.apache.kafka.common.utils.Utils.murmur2, after Austin Appleby's MurmurHash2 with seed 0x9747b28c.
"""

from __future__ import annotations

import struct

_SEED, _M, _MASK = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """The hash of a key, as 32 bits without sign."""
    length = len(key)
    h = _SEED ^ length
    whole = length & ~3
    for k in struct.unpack_from(f"<{length >> 2}I", key):
        k = k * _M & _MASK
        k ^= k >> 24
        h = (h * _M & _MASK) ^ (k * _M & _MASK)
    if whole < length:
        h = (h ^ int.from_bytes(key[whole:], "little")) * _M & _MASK
    h ^= h >> 13
    h = h * _M & _MASK
    return h ^ h >> 15


def partition(key: bytes, partitions: int) -> int:
    """The partition of a key among so many."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
