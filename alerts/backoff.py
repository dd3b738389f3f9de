"""When to try again: exponential backoff with full jitter, made repeatable. Pure.

Full jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015) spreads retries best; here the
draw is a hash of what is tried and how often, so that a fold decides the same on every replay.
"""

from __future__ import annotations

from hashlib import blake2b


def backoff(name: str, attempt: int, *, base: int, cap: int) -> int:
    """A pause in ms after the attempt numbered from 1: evenly spread over 0 to min(cap, base * 2^(attempt-1))."""
    longest = min(cap, base * (1 << min(attempt - 1, 30)))
    draw = int.from_bytes(blake2b(f"{name}/{attempt}".encode(), digest_size=8).digest(), "big")
    return draw * longest >> 64
