"""How large a simulated world is, and the draws that make it."""

from __future__ import annotations

from random import Random
from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=1)]


class Size(Struct, frozen=True, kw_only=True):
    """The size of a world. `devices` are elements that beat; passive ones (a PON, a power area) come on top."""

    regions: Count = 20
    devices: Count = 2_000
    customers: Count = 5_000
    interval_s: float = 60.0

    @property
    def collectors(self) -> int:
        """How many collectors hear the devices; each hears several regions, and each region is heard by two."""
        return max(2, self.regions // 4)

    @property
    def interval_ms(self) -> int:
        """Milliseconds between two heartbeats of one device."""
        return round(self.interval_s * 1000)


def draws(seed: int, name: str) -> Random:
    """A stream of random numbers of its own for each part, so that one part's draws never shift another's.

    A text seeds `Random` through SHA-512, so it does not depend on Python's hash seed.
    """
    return Random(f"forewarn/{seed}/{name}")
