"""What an operator tunes about estimated times of restoration (ETR). Fields ending in `_s` are seconds.

The repair times assumed before an operator's own outages have taught better ones are lognormal: that is what repairs of
computers and networks were found to follow (Schroeder and Gibson, "A large-scale study of failures in high-performance
computing systems", IEEE TDSC 7(4), 2010). Their medians are set from published figures, with `spread` 0.7 (mean = 1.28
medians):

- power: customers of United States utilities waited 2 h on average without major events (EIA, annual electric power
  industry report for 2017: 2 h a year, 1.0 interruptions);
- fibre: the median of outages reportable to the FCC, mostly cable cuts, was a little under 3 h (Network Reliability
  Steering Committee, 1999);
- equipment: 2 h on average (Grover, "Mesh-based survivable networks", 2003, after To and Neusy 1994); radio and
  upstream are taken as equipment;
- weather and damage need hands on site, often many: taken as 4 h, the upper end of the above;
- a cause not known yet: between equipment and fibre.
"""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

DAY_S = 86_400.0

Duration = Annotated[float, Meta(ge=0.1, le=400 * DAY_S)]

Spread = Annotated[float, Meta(ge=0.01, le=3)]

#: Classes of hours: at work, on call, asleep.
HOURS = ("day", "off", "night")
#: Median repair time by cause, in seconds (sources above).
MEDIANS_S: dict[str, float] = {
    "power": 5_600.0,
    "fibre": 10_000.0,
    "equipment": 5_600.0,
    "radio": 5_600.0,
    "upstream": 5_600.0,
    "weather": 14_400.0,
    "damage": 14_400.0,
    "unknown": 7_200.0,
}


class EtrPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults suit an access network with crews that work by day and are on call by night."""

    #: Whether outages without a crew's word are given an estimate.
    model: bool = True
    #: Median repair times assumed at first, by cause; a cause that is not named has the built-in one.
    medians_s: dict[str, Duration] = {}
    #: Standard deviation of the logarithm of repair times of one cause, size and hour.
    spread: Spread = 0.7
    #: So many outages weigh as much as that assumption.
    strength: Annotated[float, Meta(gt=0, le=1000)] = 2.0
    #: How far, in the logarithm, operators lie apart, and what was assumed of a cause from what is true of it ...
    operator_apart: Spread = 1.0
    cause_apart: Spread = 0.3
    #: ... and how far outages of different kinds of element, size (from one class to the next), hour and region do.
    place_apart: Spread = 0.2
    size_apart: Spread = 0.1
    hour_apart: Spread = 0.3
    region_apart: Spread = 0.1
    #: So many outages weigh as much as what is assumed of how they scatter.
    cell_strength: Annotated[float, Meta(gt=0, le=1000)] = 40.0
    #: Outages remembered in each class of cause, kind of element, size and hour: the newest ones.
    kept: Annotated[int, Meta(ge=10, le=2000)] = 200
    #: Limits between the classes of size, in devices at and below what has failed.
    sizes: tuple[Annotated[int, Meta(ge=1)], ...] = (4, 16, 64, 256, 1_024, 4_096, 16_384)
    #: Time zone of the hours at which crews work; without one they go by the sun, where the longitude is known.
    time_zone: str = ""
    #: A new estimate is issued when `likely` or `latest` moves by more than this share of the time that remained ...
    moved_share: Annotated[float, Meta(gt=0, le=10)] = 0.25
    #: ... times are rounded to the longest of these that is at most a sixth of the time that remains.
    steps_s: tuple[Duration, ...] = (60.0, 300.0, 900.0, 1_800.0)
    #: When a promise passes, staff have this long to give a new one before an estimate takes its place.
    overdue_wait_s: Annotated[float, Meta(ge=0, le=DAY_S)] = 900.0

    def __post_init__(self) -> None:
        if unknown := sorted(self.medians_s.keys() - MEDIANS_S.keys()):
            raise ValueError(f"medians_s: there is no cause {unknown[0]!r}; there are {', '.join(MEDIANS_S)}")
        try:
            ZoneInfo(self.time_zone or "UTC")
        except (KeyError, ValueError):  # what ZoneInfo raises for no such zone, and for what cannot be one
            raise ValueError(f"time_zone: there is no time zone {self.time_zone!r}") from None

    def median_s(self, cause: str) -> float:
        """The median repair time, in seconds, that is assumed for a cause."""
        return self.medians_s.get(cause, MEDIANS_S[cause])
