"""What a device may cost in memory (performance: at most 400 bytes), counted by the allocator at a small scale.

Six thousand devices fill the indexes as badly as half a million do: just beyond the half of what they have room for.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

from forewarn.stream.engine.core import Core
from tests.bench.device_memory import beat, opened, restarted

REGIONS, DEVICES, MOST = 6, 6_000, 400


def a_device(work: Callable[[], object]) -> float:
    """Bytes that the result of `work` keeps, a device."""
    gc.collect()
    tracemalloc.start()
    kept = work()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept is not None
    return held / DEVICES


def test_a_device_costs_at_most_400_bytes_before_and_after_a_restart() -> None:
    warm = opened({})
    beat(warm, 1)  # what is made once in a process is no device's

    def learned() -> Core:
        core = opened({})
        beat(core, REGIONS)
        return core

    table = learned().table

    def again() -> Core:
        """From bytes of their own, as records have them."""
        return restarted(((bytes(bytearray(key)), bytes(bytearray(value))) for key, value in table.items()), REGIONS)

    before, after = a_device(learned), a_device(again)
    assert before <= MOST
    assert after <= MOST
