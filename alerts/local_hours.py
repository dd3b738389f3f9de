"""Hours of the day as a customer's clock shows them: when does a daily stretch of them end? Pure.

             22:00                07:00                    the hour that is left out in spring ends at once,
    ───────────┬────────────────────┬───────────           the one that comes twice in autumn counts both times:
               └─ quiet ────────────┘                      from the first 22:00 to the last 07:00

Invariant: no instant outside a stretch has a wall clock inside it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from forewarn.alerts.wording import parse_zone
from forewarn.topics.events.customers import QuietHours

DAY_MS = 86_400_000


def ends(hours: QuietHours, zone: ZoneInfo, now: int) -> int:
    """The instant (epoch ms) at which the stretch that `now` (epoch ms) lies in is over; 0 when it lies in none.

    Hours whose start is their end are none.
    """
    for start, end in _stretches(hours.start, hours.end, zone, now // DAY_MS):
        if start <= now < end:
            return end
    return 0


def zone_of(name: str | None, default: str) -> ZoneInfo:
    """The zone of that name, else the deployment's, else UTC."""
    return (parse_zone(name) if name else None) or parse_zone(default) or ZoneInfo("UTC")


@lru_cache(maxsize=4096)  # a fan-out asks the same of most of its customers
def _stretches(start: str, end: str, zone: ZoneInfo, day: int) -> tuple[tuple[int, int], ...]:
    """The stretches (epoch ms) that may touch a UTC day, counted from 1970: they begin on a local day around it."""
    first, last = time.fromisoformat(start), time.fromisoformat(end)
    if first == last:
        return ()
    over_midnight = timedelta(days=1 if last < first else 0)
    dates = [date(1970, 1, 1) + timedelta(days=day + shift) for shift in (-2, -1, 0, 1)]
    return tuple((instant(d, first, zone), instant(d + over_midnight, last, zone, last=True)) for d in dates)


def instant(day: date, clock: time, zone: ZoneInfo, *, last: bool = False) -> int:
    """Epoch ms at which a clock in the zone shows this time, the first or last time it does; left out: the leap."""
    early, late = (int(datetime.combine(day, clock, zone).replace(fold=fold).timestamp()) for fold in (0, 1))
    if early <= late:
        return (late if last else early) * 1000
    # PEP 495: in a gap, fold 0 reads the clock by the offset before the leap, and fold 1 by the one after it.
    offset = _offset(zone, early)
    while early - late > 1:
        middle = (early + late) // 2
        late, early = (late, middle) if _offset(zone, middle) == offset else (middle, early)
    return early * 1000


def day_begins(day: date, zone: ZoneInfo) -> int:
    """Epoch ms at which a local day begins."""
    return instant(day, time(), zone)


def _offset(zone: ZoneInfo, seconds: int) -> timedelta | None:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).utcoffset()
