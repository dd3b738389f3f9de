"""How long repairs take: lognormal by cause, longer for large ones and at night.

    minutes = lognormal(median of the cause, sigma) x (1 + size) x (night: 1.5)

Times to repair are commonly found to be lognormal (e.g. Gunawi et al., "Why does the cloud stop computing?", SoCC 2016;
Markopoulou et al., "Characterization of failures in an operational IP backbone network", IEEE/ACM ToN 2008, which also
gives the order of the medians: optical faults take longest, routers and planned work less). The figures here are
an ordinary access network's, chosen so that a day holds several; nothing in detection knows them.
"""

from __future__ import annotations

import math
from random import Random

from forewarn.stream.simulate.incidents import HOUR, MINUTE

#: Median minutes and sigma of the logarithm, by cause.
MEDIANS: dict[str, tuple[float, float]] = {
    "fibre": (85.0, 0.45),
    "power": (55.0, 0.55),
    "equipment": (38.0, 0.5),
    "radio": (48.0, 0.5),
    "upstream": (24.0, 0.5),
}
NIGHT = 1.5
SHORTEST, LONGEST = 6 * MINUTE, 6 * HOUR


def local_hour(at: int, longitude: float) -> float:
    """The hour of the day by the sun at `longitude` (degrees), for `at` in epoch ms."""
    return (at / HOUR + longitude / 15.0) % 24.0


def repair_ms(random: Random, cause: str, devices: int, hour: float) -> int:
    """How long it takes to mend, in ms; `devices` that are down, `hour` of the local day in which it begins."""
    median, sigma = MEDIANS[cause]
    minutes = random.lognormvariate(math.log(median), sigma)
    minutes *= 1.0 + 0.12 * math.log2(max(1.0, devices / 8))
    if hour < 6.0 or hour >= 22.0:
        minutes *= NIGHT
    return min(LONGEST, max(SHORTEST, round(minutes * MINUTE)))
