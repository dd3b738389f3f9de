"""Succession: which notice of an incident makes which other one pointless. Pure.

confirmed  estimated  restored          what is unsent when a later stage arrives is superseded by it;
────┬──────────┬─────────┬────> offset  a closing stage whose earlier ones all went unsent is so itself

An incident that comes back (class `reopened-1`), or is moved (`moved-1`), begins anew: what was not sent of the time
before is superseded.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from forewarn.alerts.parcels import Parcel, Stand

#: Stages that follow one another, by kind; equal ranks restate one thing (a new estimate, a higher threshold). A stage
#: that is not named stands alone, and nothing follows `restored`: whoever was told of an outage is owed its end.
RANKS: dict[str, dict[str, int]] = {
    "outage": {"confirmed": 0, "estimated": 1, "re_estimated": 1, "overdue": 1, "restored": 2},
    "maintenance": {"announced": 0, "moved": 0, "started": 1, "overrun": 2, "completed": 3, "cancelled": 3},
    # Each is the newest word on the visit: after a delay it may be moved, and be reminded of anew.
    "appointment": dict.fromkeys(("confirm", "remind", "rescheduled", "delayed", "en_route", "missed", "cancelled"), 0),
    "usage": {"threshold": 0},
}

#: Stages that say nothing to someone who was told none of the earlier ones.
CLOSING = frozenset({("outage", "restored"), ("maintenance", "completed"), ("maintenance", "cancelled")})


class Verdict(Struct, frozen=True):
    """What is to become of a parcel and its fellows: `superseded` end now; `wait` for an answer under way."""

    superseded: tuple[Parcel, ...]
    wait: bool


def judge(parcel: Parcel, fellows: Sequence[Parcel]) -> Verdict:
    """Judges a waiting parcel among the other parcels of its customer and incident.

    `superseded` may hold the parcel itself. It waits while an earlier stage is under way, because whether it is to be
    sent, and in which order, hangs on that answer.
    """
    place = rank(parcel)
    if place is None:
        return Verdict((), wait=False)
    outdated = tuple(f for f in fellows if f.stand == Stand.WAITING and overtakes(parcel, f))
    if any(f.stand != Stand.UNTOLD and overtakes(f, parcel) for f in fellows):
        return Verdict((*outdated, parcel), wait=False)
    earlier = [f for f in fellows if (other := rank(f)) is not None and other < place]
    under_way = any(f.stand == Stand.ATTEMPTING for f in fellows if f in earlier or f.channel == parcel.channel)
    if is_closing(parcel) and earlier and not under_way and not _opened(earlier):
        return Verdict((*outdated, parcel), wait=False)
    return Verdict(outdated, wait=under_way)


def _opened(earlier: Sequence[Parcel]) -> bool:
    """Whether the last that was told of these leaves something to be closed."""
    told = [parcel for parcel in earlier if parcel.told]
    return bool(told) and not is_closing(max(told, key=lambda parcel: rank(parcel) or (0, 0)))


def rank(parcel: Parcel) -> tuple[int, int] | None:
    """The parcel's turn, and its place among the stages of its incident; None when it stands alone."""
    place = RANKS.get(parcel.kind, {}).get(parcel.stage)
    return None if place is None else (parcel.turn, place)


def is_closing(parcel: Parcel) -> bool:
    """Whether the parcel only closes what an earlier stage opened."""
    return (parcel.kind, parcel.stage) in CLOSING


def overtakes(later: Parcel, earlier: Parcel) -> bool:
    """Whether `later` makes an unsent `earlier` parcel of the same incident pointless.

    On the same channel every stage that follows does, in rank or, at one rank, in the log; a closing stage on all
    channels, and whatever is said when the incident has come back on all, of what was said before.
    """
    ours, theirs = rank(later), rank(earlier)
    if ours is None or theirs is None:
        return False
    if later.turn != earlier.turn:
        return later.turn > earlier.turn
    if is_closing(later) and not is_closing(earlier):
        return True
    return later.channel == earlier.channel and (ours, later.offset) > (theirs, earlier.offset)
