"""How one reader says times, amounts and names: locale and time zone in, short texts out. Pure.

`Words` is a template folder's own vocabulary (`templates/<language>/words.toml`), so a new language is a new folder.
Numbers, dates and plurals come from CLDR by Babel. Nothing here reads a clock; what is said of an instant depends on
the instant alone, so the same context gives the same words for everyone in one locale and zone.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit
from msgspec import Struct

MINUTE_MS = 60_000
FIRST = re.compile(r"\b1\b")

#: CLDR names of the units that buckets are counted in (lower case); other units are written as they are.
UNITS = {
    "b": "digital-byte",
    "byte": "digital-byte",
    "bytes": "digital-byte",
    "kb": "digital-kilobyte",
    "mb": "digital-megabyte",
    "gb": "digital-gigabyte",
    "tb": "digital-terabyte",
    "s": "duration-second",
    "sec": "duration-second",
    "second": "duration-second",
    "seconds": "duration-second",
    "min": "duration-minute",
    "minute": "duration-minute",
    "minutes": "duration-minute",
    "h": "duration-hour",
    "hour": "duration-hour",
    "hours": "duration-hour",
}

#: ISO 4217 codes: the unit of what is counted in money.
CURRENCIES = frozenset(Locale.parse("en").currencies)

#: Bytes and kilobytes are too fine to read: they are said in the largest unit that leaves a number of 1 or more (SI).
SCALED = {"b": 1, "byte": 1, "bytes": 1, "kb": 1000}
SCALE = (("tb", 10**12), ("gb", 10**9), ("mb", 10**6), ("kb", 10**3), ("b", 1))


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """A language's vocabulary. `clock` is a CLDR pattern; `time` and `moment` are filled with {clock} and {day},
    `weekday` with {weekday} and {day}, `window` (of one day) with {day}, {start} and {end}, `span` (over midnight) with
    {start} and {end}. `first` is what the first of a month is called where that is not its number."""

    clock: str
    time: str
    moment: str
    weekday: str
    window: str
    span: str
    cause: dict[str, str]
    bucket: dict[str, str]
    visit: dict[str, str]
    first: str = ""


class Speech:
    """Words and formats of one locale and time zone. Every method is a function of its arguments alone."""

    def __init__(self, words: Words, locale: Locale, zone: tzinfo, *, name_zone: bool) -> None:
        self.words = words
        self.locale = locale
        self.name = str(locale)
        #: The locale as a BCP 47 tag.
        self.tag = self.name.replace("_", "-")
        self.zone = zone
        self.name_zone = name_zone

    def local(self, ms: int) -> datetime:
        """The local time of an instant (epoch ms), zoned."""
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(self.zone)

    def day(self, ms: int) -> str:
        """The local date, without a year: `November 22`, `22. November`."""
        return self._date(self.local(ms).date(), "MMMMd")

    def weekday(self, ms: int) -> str:
        """The local date with its weekday: `Tuesday, November 24`."""
        local = self.local(ms).date()
        return self.words.weekday.format(weekday=_weekday(local, self.name), day=self._date(local, "MMMMd"))

    def full_day(self, ms: int) -> str:
        """The local date with its year: `November 24, 2026`."""
        return self._date(self.local(ms).date(), "yMMMMd")

    def window(self, start: int, end: int, *, short: bool = False) -> str:
        """A span of time with its day, `short` for a text message; over midnight each end has its day."""
        first, last = self.local(start), self.local(end)
        if first.date() != last.date():
            return self.words.span.format(start=self.moment(start), end=self.moment(end))
        day = self._date(first.date(), "MMMEd") if short else self.weekday(start)
        clocks = (self.words.time.format(clock=self._clock(local)) for local in (first, last))
        return self.words.window.format(day=day, **dict(zip(("start", "end"), clocks, strict=True)))

    def moment(self, ms: int) -> str:
        """Time and date: `4:30 pm on November 22`."""
        local = self.local(ms)
        return self.words.moment.format(clock=self._clock(local), day=self._date(local.date(), "MMMMd"))

    def time(self, ms: int, *, same_day_as: int) -> str:
        """The time, and the date only when it is another local day than that of `same_day_as`."""
        local = self.local(ms)
        if local.date() != self.local(same_day_as).date():
            return self.moment(ms)
        return self.words.time.format(clock=self._clock(local))

    def _date(self, day: date, skeleton: str) -> str:
        text = _date(day, skeleton, self.name)
        return FIRST.sub(self.words.first, text, count=1) if self.words.first and day.day == 1 else text

    def _clock(self, local: datetime) -> str:
        clock = _clock(local.time(), self.words.clock, self.name)
        return f"{clock} {local.tzname()}" if self.name_zone else clock

    def duration(self, ms: int) -> str:
        """A length of time in days and hours, hours and minutes, or minutes; at least one minute."""
        minutes = max(1, round(ms / MINUTE_MS))
        days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
        parts = (("day", days), ("hour", hours)) if days else (("hour", hours), ("minute", rest))
        return " ".join(_unit(count, f"duration-{unit}", "long", self.name) for unit, count in parts if count)

    def listing(self, names: tuple[str, ...]) -> str:
        """Several names as one enumerates them: `North, East and West`."""
        return str(format_list(names, locale=self.locale))

    def percent(self, percent: float) -> str:
        """A percentage, 80 = 80 %."""
        return _percent(percent, self.name)

    def amount(self, amount: int | Decimal, unit: str) -> str:
        """An amount with its unit, to at most two decimals, rounded half to even; bytes in the unit one would say."""
        return _amount(amount, unit, self.name)

    def number(self, number: float | Decimal) -> str:
        """A number to at most two decimals."""
        return _number(Decimal(str(number)), self.name)

    def money(self, amount: float | Decimal, currency: str) -> str:
        """An amount of money, `currency` as in ISO 4217."""
        return _money(Decimal(str(amount)), currency, self.name)

    def change(self, amount: float | Decimal, currency: str) -> str:
        """A difference in money, with its sign."""
        value = Decimal(str(amount))
        return f"{'-' if value < 0 else '+'}{_money(abs(value), currency, self.name)}"

    def visit(self, kind: str) -> str:
        """What people call an appointment of that kind."""
        return self.words.visit.get(kind, kind)

    def cause(self, cause: str | None) -> str:
        """What caused it, in words; a crew's free text as it is; nothing for what nobody knows."""
        return self.words.cause.get(cause, cause) if cause else ""

    def bucket(self, bucket: str) -> str:
        """What people call the bucket; an operator's own bucket by its own name."""
        return self.words.bucket.get(bucket.lower(), bucket)


# Caches are keyed by naive dates and times: zoned ones are equal when they are the same instant in two zones.
# Locales are given by name, whose hash is known.


@lru_cache(4096)
def _date(day: date, skeleton: str, locale: str) -> str:
    return str(format_skeleton(skeleton, datetime.combine(day, time()), locale=locale))


@lru_cache(4096)
def _weekday(day: date, locale: str) -> str:
    return format_date(day, "EEEE", locale=locale)


@lru_cache(4096)
def _money(amount: Decimal, currency: str, locale: str) -> str:
    return format_currency(amount, currency, locale=locale)


@lru_cache(4096)
def _clock(clock: time, pattern: str, locale: str) -> str:
    return format_time(clock, pattern, locale=locale).replace("AM", "am").replace("PM", "pm")


@lru_cache(4096)
def _percent(percent: float, locale: str) -> str:
    return str(format_percent(Decimal(str(percent)) / 100, locale=locale, decimal_quantization=False))


def _amount(amount: int | Decimal, unit: str, locale: str) -> str:
    name = unit.lower()
    if name in SCALED:
        size = amount * SCALED[name]
        name, factor = _scale(size)
        amount = Decimal(size) / factor
    if unit in CURRENCIES:
        return _money(Decimal(amount), unit, locale)
    if name in UNITS:
        return _unit(round(Decimal(amount), 2), UNITS[name], "short", locale)
    return f"{_number(amount, locale)} {unit}"


def _scale(size: int | Decimal) -> tuple[str, int]:
    """The largest unit in which so many bytes are 1 or more, and its bytes."""
    for name, factor in SCALE:
        if size >= factor or -size >= factor:
            return name, factor
    return SCALE[-1]


@lru_cache(4096)
def _number(amount: int | Decimal, locale: str) -> str:
    return format_decimal(amount, format="#,##0.##", locale=locale)


@lru_cache(16384)
def _unit(amount: int | Decimal, unit: str, length: str, locale: str) -> str:
    return format_unit(amount, unit, length, locale=locale)  # type: ignore[arg-type] # Babel's Literal of three words


@lru_cache(1024)
def parse_locale(name: str) -> Locale | None:
    """The locale behind `de-AT`, `de_AT` or `de_AT.UTF-8`; its language when the territory is unknown; or None."""
    tag = name.split(".")[0].split("@")[0].replace("-", "_")
    for candidate in (tag, tag.split("_")[0]):
        try:
            return Locale.parse(candidate)
        except (ValueError, TypeError, UnknownLocaleError):
            continue
    return None


@lru_cache(1024)
def parse_zone(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name, or None when there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return None
    except KeyError:
        return None
