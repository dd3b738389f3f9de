"""One outage as correlate leads it: what is kept of it, and how its revisions read outside. Pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

from msgspec import Struct

from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.outages import Etr, Evidence, ImpactChunk, Measures, Outage, OutageState
from forewarn.topics.instants import to_rfc3339

#: Elements that a revision lists at most.
LISTED = 5000


#: Why detect's word is not enough: a partition is read late, or what it hears its devices through is silent.
Sight = Literal["lag", "silence"]


class Case(Struct, frozen=True, array_like=True):
    """One outage. Times are epoch ms of event time.

    `candidates` are the open suspicions of detect behind it. `since`: when it entered its state. `sighted`: when
    its collectors reported again after they had been blind. `digest` is that of the set of elements last sent;
    `sent` is the broker time of the last revision; `stale` is since when it may have changed, 0 if it has not.
    `peak`: most serving elements down at once. `overdue`: the promise that passed and was said to have passed;
    `hidden`: the cause was not known at the first estimate. `held`: detect has confirmed it. `also`: what else it is
    about (`name_of`), after a merger. `said`: elements that are out by their customers' word. `reopened`: how often it
    was opened again after its restoration. `overrun`: since when its planned work has been late. `cause_given`: staff
    named the cause. `gasps`: devices that died with a gasp, by suspicion; `powerless`, `lightless`: most elements at
    once with alarms that say so; `on_battery`: its power had failed before. `unseen`: the most devices that were out
    of sight at once, of an outage of nothing else; `blind_by`: why it is unknown; `paged`: the operator was paged
    about that. `noticed`: when the first customer was told. `approved`: staff approved that customers are told.
    `ends`: suspicions that detect gave up for one of this planned work, and that are behind outages which began before
    it: they end with it. `onsets`: when each suspicion began; `outlived`: when its devices were back while a KPI or the
    like was still suspected. `flapped`: its devices fell and came back shortly before, so that only detect, which waits
    for longer, confirms it.
    """

    outage_id: str
    region: str
    element: str
    whole_region: bool
    started: int
    state: OutageState
    since: int
    revision: int = 0
    candidates: tuple[str, ...] = ()
    collectors: tuple[str, ...] = ()
    detected: int | None = None
    confirmed: int | None = None
    restored: int | None = None
    declared: bool = False
    sighted: int | None = None
    cause: str | None = None
    etr: Etr | None = None
    hidden: bool = False
    merged_into: str | None = None
    maintenance_id: str | None = None
    evidence: tuple[Evidence, ...] = ()
    hold: bool | None = None
    muted: bool | None = None
    text: str | None = None
    author: str | None = None
    comment: str | None = None
    claimed: int | None = None
    actions: tuple[str, ...] = ()
    devices_down: int = 0
    devices_expected: int = 0
    elements_total: int = 0
    elements_revision: int = 0
    chunks: int = 0
    digest: bytes = b""
    stale: int = 0
    sent: int = 0
    customers: int | None = None
    peak: int = 0
    overdue: int | None = None
    held: bool = False
    also: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    parent: str | None = None
    reopened: int = 0
    overrun: int | None = None
    cause_given: bool = False
    gasps: dict[str, int] = {}
    powerless: int = 0
    lightless: int = 0
    on_battery: bool = False
    unseen: int = 0
    paged: bool = False
    blind_by: Sight | None = None
    noticed: int | None = None
    approved: bool = False
    ends: tuple[str, ...] = ()
    onsets: dict[str, int] = {}
    outlived: int | None = None
    flapped: bool = False


CASES = Shelf("o/", Case)

#: States in which an outage takes part in correlation.
OPEN = frozenset({"suspected", "confirmed", "monitoring", "planned", "unknown", "flapping"})
#: States that nothing but an operator changes any more.
OVER = frozenset({"closed", "dismissed", "merged"})


def outage_id(element: str, onset: int) -> str:
    """The id of an outage: a hash of its element and its onset (epoch ms), of no clock and no random."""
    return blake2b(f"{element}\0{onset}".encode(), digest_size=8).hexdigest()


def name_of(element: str, region: str, *, whole_region: bool) -> str:
    """What an outage is about, in one word: an element and a region may be called the same."""
    return f"region/{region}" if whole_region else f"element/{element}"


def unseen_name(region: str) -> str:
    """What an outage of what is unseen of a region is about, until it is confirmed."""
    return f"unseen/{region}"


def outage(case: Case, now: int, elements: list[str] | None = None, *, told: Measures | None = None) -> Outage:
    """The revision as `outages` shows it, and with `elements` as `outages.revisions` does; `told`: its measures."""
    return Outage(
        outage_id=case.outage_id,
        revision=case.revision,
        time=to_rfc3339(now),
        state=case.state,
        region=case.region,
        element=case.element,
        started=to_rfc3339(case.started),
        devices_down=case.devices_down,
        devices_expected=case.devices_expected,
        elements_total=case.elements_total,
        detected=_text(case.detected),
        confirmed=_text(case.confirmed),
        restored=_text(case.restored),
        customers=case.customers if case.customers is not None else case.claimed,
        cause=case.cause,
        elements=tuple(elements[:LISTED]) if elements is not None else None,
        etr=case.etr,
        parent=case.parent,
        merged_into=case.merged_into,
        maintenance_id=case.maintenance_id,
        overrun=_text(case.overrun),
        evidence=case.evidence,
        hold=case.hold,
        author=case.author,
        comment=case.comment,
        page=True if case.paged and case.state == "unknown" else None,
        measures=told,
    )


def impact(case: Case, now: int, chunk: int = 0, elements: tuple[str, ...] | None = None) -> ImpactChunk:
    """One chunk of the revision for the customers' partitions; without `elements` the set is as it was."""
    return ImpactChunk(
        outage_id=case.outage_id,
        revision=case.revision,
        time=now,
        state=case.state,
        region=case.region,
        element=case.element,
        started=case.started,
        elements_revision=case.elements_revision,
        chunk=chunk,
        chunks=case.chunks,
        elements=elements,
        confirmed=case.confirmed,
        restored=case.restored,
        cause=case.cause,
        etr=case.etr,
        parent=case.parent,
        merged_into=case.merged_into,
        maintenance_id=case.maintenance_id,
        overrun=case.overrun,
        reopened=case.reopened,
        hold=case.hold,
        muted=case.muted,
        text=case.text,
    )


def _text(ms: int | None) -> str | None:
    return None if ms is None else to_rfc3339(ms)
