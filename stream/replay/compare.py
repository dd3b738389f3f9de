"""Two policies over the same input: who would have been told what under one and not under the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from msgspec import UNSET, Struct, UnsetType
from rich.console import Console
from rich.table import Table

from forewarn.stream.replay.lines import Produced

#: Rows that a table shows of each side; JSON has them all.
ROWS = 40


class Told(Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """One message to one customer. Contact and text stay out of it."""

    notification_id: str
    customer: str
    kind: str
    stage: str
    incident: str
    channel: str
    time: str
    class_: str | UnsetType = UNSET

    @classmethod
    def of(cls, record: Produced) -> Told:
        """What a record of `notifications` says."""
        value: dict[str, Any] = orjson.loads(record.value or b"{}")
        return cls(
            notification_id=value["notification_id"],
            customer=(record.key or b"").decode(),
            kind=value["kind"],
            stage=value["stage"],
            incident=value["incident"],
            channel=value["channel"],
            time=value["time"],
            class_=value.get("class", UNSET),
        )


class Difference(Struct, frozen=True):
    """What each of two policies would have told that the other would not; `both` counts what is common."""

    policies: tuple[str, str]
    only_first: tuple[Told, ...]
    only_second: tuple[Told, ...]
    both: int


def difference(policies: tuple[str, str], first: Iterable[Told], second: Iterable[Told]) -> Difference:
    """Compares by notification id, which depends on what is said to whom and not on when."""
    one, other = ({told.notification_id: told for told in side} for side in (first, second))
    return Difference(
        policies,
        tuple(told for identity, told in one.items() if identity not in other),
        tuple(told for identity, told in other.items() if identity not in one),
        sum(identity in other for identity in one),
    )


def show(found: Difference, console: Console) -> None:
    """The difference as tables, the longest sides cut short."""
    first, second = found.policies
    for title, rows in (
        (f"told under {second}, not under {first}", found.only_second),
        (f"told under {first}, not under {second}", found.only_first),
    ):
        table = Table("customer", "kind", "stage", "incident", "channel", "time", title=f"{title}: {len(rows)}")
        for told in rows[:ROWS]:
            stage = told.stage if told.class_ is UNSET else f"{told.stage} {told.class_}"
            table.add_row(told.customer, told.kind, stage, told.incident, told.channel, told.time)
        if len(rows) > ROWS:
            table.caption = f"and {len(rows) - ROWS} more; --json has them all"
        console.print(table)
    console.print(f"told under both: {found.both}")
