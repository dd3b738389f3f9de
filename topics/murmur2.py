"""The partition of a key under its older name; see partitioner.py."""

from __future__ import annotations

from forewarn.topics.partitioner import murmur2
from forewarn.topics.partitioner import partition as partition_of

__all__ = ["murmur2", "partition_of"]
