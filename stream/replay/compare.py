"""Two policies over the same input: who would have been told what under one and not under the other, and why not.

    replay under A ──> Heard: what was told, why the rest was not ──┐
                                                                    ├──> Difference ──> tables, or JSON
    replay under B ──> Heard ───────────────────────────────────────┘

An approved campaign counts as told. Invariant: what is told under both by the same channel is in neither list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from forewarn.stream.replay.lines import Produced

#: Rows that a table shows of each side; JSON has them all.
ROWS = 40
#: Why the other policy told it not in this way, where its ledger names no stage's reason.
OTHER_CHANNEL, NOT_CONSIDERED = "other_channel", "not_considered"

#: What a decision and a message about the same have in common: customer, kind, stage, incident or request.
Subject = tuple[str, str, str, str]


class Told(Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """One message to one customer. Contact and text stay out of it. `otherwise`: why the other policy did not tell it.

    Of an approved campaign, kind and stage are `marketing` and `approved`, `incident` is the campaign.
    """

    notification_id: str
    customer: str
    kind: str
    stage: str
    incident: str
    channel: str
    time: str
    class_: str | UnsetType = UNSET
    otherwise: str | UnsetType = UNSET

    @classmethod
    def of(cls, record: Produced) -> Told:
        """What a record of `notifications` or `marketing.approved` says."""
        value: dict[str, Any] = orjson.loads(record.value or b"{}")
        customer = (record.key or b"").decode()
        if record.topic == "marketing.approved":
            return cls(
                notification_id=value["request_id"],
                customer=customer,
                kind="marketing",
                stage="approved",
                incident=value["campaign"],
                channel=value["channel"],
                time=value["decided"],
            )
        return cls(
            notification_id=value["notification_id"],
            customer=customer,
            kind=value["kind"],
            stage=value["stage"],
            incident=value["incident"],
            channel=value["channel"],
            time=value["time"],
            class_=value.get("class", UNSET),
        )

    @property
    def subject(self) -> Subject:
        """What a decision about the same is found by."""
        if self.kind == "marketing":
            return self.customer, self.kind, "", self.notification_id
        return self.customer, self.kind, self.stage, self.incident


class Heard:
    """What one replay said: `told` in order, and the last reason for each thing that was considered and not told."""

    def __init__(self, told: Iterable[Told] = (), reasons: Mapping[Subject, str] | None = None) -> None:
        self.told = list(told)
        self.reasons = dict(reasons or {})

    def take(self, record: Produced) -> None:
        """Hears one record that a role wrote."""
        if record.topic in ("notifications", "marketing.approved"):
            self.told.append(Told.of(record))
        elif record.topic == "decisions":
            self._decided((record.key or b"").decode(), orjson.loads(record.value or b"{}"))

    def _decided(self, customer: str, row: dict[str, Any]) -> None:
        if row["outcome"] in ("sent", "approved") or row["reason"] == "duplicate":
            return
        incident = row["subject_id"] if row["subject"] == "marketing" else row.get("incident", "")
        self.reasons[customer, row["kind"], row.get("stage", ""), incident] = row["reason"]

    def otherwise(self, told: Told, by: set[Subject]) -> str:
        """Why this was not told here; `by`: what was told here at all."""
        if told.subject in by and told.kind != "marketing":
            return OTHER_CHANNEL
        return self.reasons.get(told.subject, NOT_CONSIDERED)


class Count(Struct, frozen=True):
    """How much of a kind and stage is told under one policy only, by the other's reason."""

    kind: str
    stage: str
    otherwise: str
    messages: int
    customers: int


class Difference(Struct, frozen=True):
    """What each of two policies would have told that the other would not; `both` counts what is common."""

    policies: tuple[str, str]
    only_first: tuple[Told, ...]
    only_second: tuple[Told, ...]
    both: int
    counts_first: tuple[Count, ...] = ()
    counts_second: tuple[Count, ...] = ()


def difference(policies: tuple[str, str], first: Heard, second: Heard) -> Difference:
    """Compares by notification id, which depends on what is said to whom and not on when."""
    one, other = ({told.notification_id: told for told in side.told} for side in (first, second))
    only_first, only_second = _only(one, other, second), _only(other, one, first)
    both = sum(identity in other for identity in one)
    return Difference(policies, only_first, only_second, both, _counts(only_first), _counts(only_second))


def _only(these: Mapping[str, Told], those: Mapping[str, Told], elsewhere: Heard) -> tuple[Told, ...]:
    by = {told.subject for told in elsewhere.told}
    missing = (told for identity, told in these.items() if identity not in those)
    return tuple(replace(told, otherwise=elsewhere.otherwise(told, by)) for told in missing)


def _counts(told: Iterable[Told]) -> tuple[Count, ...]:
    """The most frequent first."""
    messages: Counter[tuple[str, str, str]] = Counter()
    customers: dict[tuple[str, str, str], set[str]] = {}
    for each in told:
        group = (each.kind, each.stage, str(each.otherwise))
        messages[group] += 1
        customers.setdefault(group, set()).add(each.customer)
    ordered = sorted(messages, key=lambda group: (-messages[group], group))
    return tuple(Count(*group, messages[group], len(customers[group])) for group in ordered)


def show(found: Difference, console: Console) -> None:
    """The difference as tables: by kind and reason, then who, the longest lists cut short."""
    first, second = found.policies
    sides = (
        (second, first, found.only_second, found.counts_second),
        (first, second, found.only_first, found.counts_first),
    )
    for here, there, rows, counts in sides:
        title = f"told under {here}, not under {there}: {len(rows)}"
        if counts:
            console.print(_summary(title, f"why not under {there}", counts))
            console.print(_list(f"why not under {there}", rows))
        else:
            console.print(title)
    console.print(f"told under both: {found.both}")


def _summary(title: str, why: str, counts: tuple[Count, ...]) -> Table:
    table = Table("kind", "stage", why, title=title)
    table.add_column("messages", justify="right")
    table.add_column("customers", justify="right")
    for count in counts:
        table.add_row(count.kind, count.stage, count.otherwise, str(count.messages), str(count.customers))
    return table


def _list(why: str, rows: tuple[Told, ...]) -> Table:
    table = Table("time", "customer", "kind", "stage", "incident", "channel", why)
    for told in rows[:ROWS]:
        stage = told.stage if told.class_ is UNSET else f"{told.stage} {told.class_}"
        table.add_row(told.time, told.customer, told.kind, stage, told.incident, told.channel, str(told.otherwise))
    if len(rows) > ROWS:
        table.caption = f"and {len(rows) - ROWS} more; --json has them all"
    return table
