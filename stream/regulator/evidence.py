"""Evidence: what each obligation came to, with what it rests on, as one row. Pure.

    obligations (each change of state) ──┐
    outages.revisions (the newest) ──────┼──> Evidence, in the order of pack, duty, incident, customer ──> CSV, JSON
    decisions (held by hours) ───────────┘

Invariant: the rows depend on the records alone, in whatever order or however often they come, so the same topics give
the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from forewarn.alerts.reasons import Reason
from forewarn.topics.events.obligations import Obligation
from forewarn.topics.instants import Instant, to_ms, to_rfc3339

#: Which state of several counts, when they bear one time.
RANKS = {"due": 0, "overdue": 1, "ended": 2, "met": 3}
#: What stands for a pack where only the decision is known.
HOURS = "solicitation_hours"


class Revision(Struct, frozen=True):
    """An outage as far as evidence speaks of it (`outages.revisions`)."""

    outage_id: str
    revision: int
    state: str
    region: str
    element: str
    started: Instant
    restored: Instant | None = None
    cause: str | None = None
    customers: int | None = None


class Held(Struct, frozen=True):
    """A decision as far as evidence speaks of it (`decisions`); the customer is the record's key."""

    decision_id: str
    time: Instant
    subject_id: str
    kind: str
    reason: str
    policy: str
    channel: str | None = None
    customer: str = ""


class Evidence(Struct, frozen=True, kw_only=True):
    """One obligation. Instants are RFC 3339 text; `late_s`: how much later than due it was met."""

    pack: str
    jurisdiction: str | None = None
    duty: str
    incident: str
    customer: str | None = None
    state: str
    since: str
    due: str | None = None
    met: str | None = None
    late_s: float | None = None
    amount: Decimal | None = None
    currency: str | None = None
    author: str | None = None
    region: str | None = None
    element: str | None = None
    started: str | None = None
    restored: str | None = None
    customers: int | None = None
    user_minutes: int | None = None
    cause: str | None = None
    effective: str | None = None
    source: str | None = None
    policy: str
    id: str


def evidence(
    obligations: Iterable[Obligation], revisions: Iterable[Revision] = (), held: Iterable[Held] = ()
) -> list[Evidence]:
    """One row for each obligation, and for each solicitation that was held because of the hour."""
    stories: dict[str, list[Obligation]] = {}
    for one in obligations:
        stories.setdefault(one.obligation_id, []).append(one)
    outages: dict[str, Revision] = {}
    for revision in revisions:
        if revision.outage_id not in outages or revision.revision > outages[revision.outage_id].revision:
            outages[revision.outage_id] = revision
    decisions = {one.decision_id: one for one in held if one.reason == Reason.SOLICITATION_HOURS}
    rows = [_row(story, outages.get(story[0].incident)) for story in stories.values()]
    rows += [_hours(one) for one in decisions.values()]
    return sorted(rows, key=lambda row: (row.pack, row.incident, row.customer or "", row.since, row.due or "", row.id))


def as_csv(rows: Iterable[Evidence]) -> bytes:
    """The rows as CSV (RFC 4180) with a header; what is not known is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    names = Evidence.__struct_fields__
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in names])
    return out.getvalue().encode()


def as_json(rows: Iterable[Evidence]) -> bytes:
    """The rows as a JSON array, one row a line."""
    encode = msgspec.json.Encoder(decimal_format="number").encode
    lines = b",\n".join(encode(row) for row in rows)
    return b"[\n" + lines + b"\n]\n" if lines else b"[]\n"


def _row(story: list[Obligation], outage: Revision | None) -> Evidence:
    last = max(story, key=lambda one: (RANKS[one.state], one.time, one.policy))
    first = min(story, key=lambda one: (RANKS[one.state], one.time, one.policy))
    figures: dict[str, Any] = last.evidence if isinstance(last.evidence, dict) else {}
    overdue = any(one.state == "overdue" for one in story)
    late = _since(last.due, last.met) if last.met is not None else None
    return Evidence(
        pack=last.pack,
        jurisdiction=last.jurisdiction,
        duty=last.duty,
        incident=last.incident,
        customer=last.customer,
        state="met late" if last.state == "met" and (overdue or (late or 0) > 0) else last.state,
        since=first.since,
        due=last.due,
        met=last.met,
        late_s=late if late is not None and late > 0 else None,
        amount=last.amount,
        currency=last.currency,
        author=last.author,
        region=last.region or (outage.region if outage is not None else None),
        element=outage.element if outage is not None else None,
        started=_text(outage.started) if outage is not None else figures.get("started"),
        restored=_text(outage.restored) if outage is not None else figures.get("restored"),
        customers=figures.get("customers", outage.customers if outage is not None else None),
        user_minutes=figures.get("user_minutes"),
        cause=outage.cause if outage is not None else None,
        effective=last.effective,
        source=last.source,
        policy=last.policy,
        id=last.obligation_id,
    )


def _hours(one: Held) -> Evidence:
    return Evidence(
        pack=HOURS,
        duty=f"{one.kind}/{one.channel}" if one.channel else one.kind,
        incident=one.subject_id,
        customer=one.customer,
        state="met",
        since=_text(one.time) or "",
        policy=one.policy,
        id=one.decision_id,
    )


def _text(instant: Instant | None) -> str | None:
    return to_rfc3339(to_ms(instant)) if instant is not None else None


def _since(due: str | None, met: str | None) -> float | None:
    """Seconds from one instant to the other."""
    if due is None or met is None:
        return None
    decode = msgspec.convert
    return (to_ms(decode(met, Instant)) - to_ms(decode(due, Instant))) / 1000


def _cell(value: object) -> str:
    return "" if value is None else str(value)
