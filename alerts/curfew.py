"""Curfew: local hours in which a regulator allows no solicitations by some channels. Pure.

21:00 ──────── held ──────── 08:00 ──────── allowed ──────── 21:00      by the clock of whom it is for
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from forewarn.alerts.local_hours import ends
from forewarn.stream.regulator.pack import Pack, in_force
from forewarn.topics.events.customers import QuietHours

#: What the gate answers about, as it stands beside the kinds of alerts.
MARKETING = "marketing"


def curfew(packs: Iterable[Pack], kind: str, channel: str, zone: ZoneInfo, now: int) -> int:
    """Until when (epoch ms) a message of a kind may not come by a channel; 0: it may now."""
    until = 0
    for pack in packs:
        rule = in_force(pack.solicitation, datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).date())
        if rule is not None and channel in rule.channels and (kind == MARKETING or kind in rule.kinds):
            until = max(until, ends(QuietHours(start=rule.to, end=rule.from_), zone, now))
    return until
