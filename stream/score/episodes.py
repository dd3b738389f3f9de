"""Episodes: what was said about one outage from a suspicion to its end. A reopened outage is a second episode.

    revisions  suspected  confirmed  monitoring  confirmed  monitoring  restored    suspected  confirmed …
               ├──────────── episode 1 (a relapse within the hysteresis is no end) ─┤├──── episode 2 ────

Invariant: every revision in an open state belongs to exactly one episode.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from forewarn.stream.score.output import Notice, Output, Revision
from forewarn.topics.instants import to_ms, to_rfc3339

#: States in which an outage is going on, one way or another.
LIVE = frozenset({"suspected", "confirmed", "monitoring", "unknown", "planned", "flapping"})
#: Told to customers: the stages that say a service is out.
OUT = frozenset({"confirmed", "still_out"})


#: States of a life that are shown from its beginning, and from its end.
SHOWN = 4


class Episode(Struct, frozen=True, kw_only=True):
    """One episode. Times are epoch ms of publication; None: it never came to that.

    `onset` is when Forewarn thinks that it began. `elements`: every serving element that was ever said to be down in
    it. `into`: the outage that explains it (merged into, or nested under). `told`: first notice by customer.
    """

    outage_id: str
    region: str
    element: str
    onset: int
    suspected: int
    confirmed: int | None
    over: int | None
    last: str
    cause: str | None
    devices_down: int
    elements: frozenset[str]
    into: str | None
    promised: Revision | None
    revisions: tuple[Revision, ...]
    told: Mapping[str, int]

    @property
    def ended(self) -> int:
        """When it was over; an open one goes on for ever."""
        return self.over if self.over is not None else 1 << 62

    @property
    def evidence(self) -> str:
        """The last evidence in words."""
        found = next((r.evidence[-1] for r in reversed(self.revisions) if r.evidence), None)
        if found is None:
            return "no evidence"
        return f"{found.detector} {found.value:.3g} (threshold {found.threshold:.3g}, {found.window_s:g} s)"

    def life(self) -> str:
        """Its states and their times, for a reader."""
        states: list[str] = []
        for before, now in zip((None, *self.revisions), self.revisions, strict=False):
            if before is None or before.state != now.state:
                states.append(f"{now.state} {to_rfc3339(now.at // 1000 * 1000)[11:19]}")
        if len(states) > 2 * SHOWN:
            states[SHOWN:-SHOWN] = [f"… {len(states) - 2 * SHOWN} more"]
        return ", ".join(states)


def episodes(output: Output) -> tuple[Episode, ...]:
    """All episodes, in the order of their beginning."""
    notices: dict[str, list[Notice]] = {}
    for notice in output.notices:
        if notice.kind == "outage" and notice.stage in OUT:
            notices.setdefault(notice.incident, []).append(notice)
    found = [
        episode for name, revisions in output.outages.items() for episode in _cut(revisions, notices.get(name, []))
    ]
    return tuple(sorted(found, key=lambda episode: (episode.suspected, episode.outage_id)))


def _cut(revisions: Sequence[Revision], notices: Sequence[Notice]) -> Iterable[Episode]:
    """Cuts the life of one outage into episodes."""
    parts: list[list[Revision]] = []
    live = False
    for revision in revisions:
        if revision.state in LIVE and not live:
            parts.append([])
        live = revision.state in LIVE
        if parts:
            parts[-1].append(revision)
    for number, part in enumerate(parts):
        until = parts[number + 1][0].at if number + 1 < len(parts) else 1 << 62
        yield _episode(part, first=number == 0, notices=[n for n in notices if part[0].at <= n.at < until])


def _episode(part: Sequence[Revision], *, first: bool, notices: Sequence[Notice]) -> Episode:
    begin, last = part[0], part[-1]
    told: dict[str, int] = {}
    for notice in notices:
        told.setdefault(notice.customer, notice.at)
    live = [revision for revision in part if revision.state in LIVE]
    return Episode(
        outage_id=begin.outage_id,
        region=last.region,
        element=last.element,
        onset=to_ms(begin.started) if first else begin.at,
        suspected=begin.at,
        confirmed=next((r.at for r in part if r.state == "confirmed"), None),
        over=_over(part),
        last=last.state,
        cause=last.cause,
        devices_down=max(r.devices_down for r in part),
        elements=frozenset(name for r in live for name in r.elements or ()),
        into=next((r.merged_into or r.parent for r in reversed(part) if r.merged_into or r.parent), None),
        promised=next((r for r in part if r.etr is not None and r.etr.source == "model"), None),
        revisions=tuple(part),
        told=told,
    )


def _over(part: Sequence[Revision]) -> int | None:
    """When it was over: since when it is restored, if it says so; else when it left the open states."""
    end = next((revision for revision in part if revision.state not in LIVE), None)
    if end is None:
        return None
    return to_ms(end.restored) if end.restored is not None else end.at
