"""The values of a policy that the checker is given: those that its file names, read as plain TOML.

What the checker needs must be named in the file: it knows no defaults.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple


class Cap(NamedTuple):
    """At most `limit` messages in any stretch of `window` ms, of a kind and a channel where they are named."""

    name: str
    limit: int
    window: int
    kind: str | None
    channel: str | None

    def covers(self, kind: str, channel: str) -> bool:
        """Whether a message counts."""
        return self.kind in (None, kind) and self.channel in (None, channel)


class Given(NamedTuple):
    """Policy values; times in ms."""

    lease: int
    request_life: int
    hysteresis: int
    caps: tuple[Cap, ...]
    uncapped: frozenset[str]
    quiet: tuple[str, str] | None
    zone: str
    critical: frozenset[str]
    critical_for_vulnerable: frozenset[str]
    consent_kinds: frozenset[str]
    channels: tuple[str, ...]


def read(path: Path) -> Given:
    """The values that a policy file names."""
    alerts = tomllib.loads(path.read_text())["alerts"]
    quiet = alerts.get("quiet_hours")
    return Given(
        lease=_ms(alerts["lease_s"]),
        request_life=_ms(alerts["request_life_s"]),
        hysteresis=_ms(alerts["left_hysteresis_s"]),
        caps=tuple(
            Cap(cap["name"], cap["limit"], _ms(cap["window_s"]), cap.get("kind"), cap.get("channel"))
            for cap in alerts["caps"]
        ),
        uncapped=frozenset(alerts["uncapped_kinds"]),
        quiet=(quiet["start"], quiet["end"]) if quiet is not None else None,
        zone=alerts["default_time_zone"],
        critical=frozenset(alerts["critical_kinds"]),
        critical_for_vulnerable=frozenset(alerts["critical_for_vulnerable"]),
        consent_kinds=frozenset(alerts["consent_kinds"]),
        channels=tuple(alerts["channels"]),
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
