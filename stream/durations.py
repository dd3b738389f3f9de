"""Durations as people write them on a command line: `90s`, `2m`, `1h30m`, `1d`, `500ms`; a bare number is seconds."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def seconds(text: str) -> float:
    """Seconds of a written duration. Raises ValueError when it is none, or not positive."""
    compact = text.replace(" ", "").lower()
    if re.fullmatch(r"\d+(\.\d+)?", compact):
        total = float(compact)
    elif compact and _PART.sub("", compact) == "":
        total = sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(compact))
    else:
        raise ValueError(f"{text!r} is no duration; write 90s, 2m, 1h30m or 1d")
    if total <= 0:
        raise ValueError(f"{text!r} is no time at all")
    return total


def written(duration_s: float) -> str:
    """The other way round, in the two largest units: `1h 30m`, `90s` as `1m 30s`."""
    whole = round(duration_s)
    days, hours, minutes, rest = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    named = [f"{count}{unit}" for count, unit in parts if count]
    return " ".join(named[:2]) or "0s"
