"""How busy people are: the day's and the week's rhythm that usage, campaigns and performance figures follow."""

from __future__ import annotations

import math

from forewarn.stream.simulate.incidents import DAY, HOUR

#: Epoch day 0 was a Thursday; of Monday to Sunday, how busy evenings and nights are as a whole.
WEEK = (0.96, 0.96, 0.98, 1.0, 1.06, 1.12, 1.08)


def rhythm(at: int) -> float:
    """How busy people are at `at` (epoch ms): 0.3 at seven in the morning, 1.7 at seven in the evening (UTC)."""
    return 1.0 - 0.7 * math.cos((at / HOUR - 7.0) % 24 / 24 * 2 * math.pi)


def local_rhythm(at: int, longitude: float) -> float:
    """The same by the sun at `longitude` (degrees), less in the working week and more at its end."""
    local = at + round(longitude / 15.0 * HOUR)
    return (1.0 - 0.7 * math.cos((local / HOUR - 7.0) % 24 / 24 * 2 * math.pi)) * WEEK[(local // DAY + 3) % 7]
