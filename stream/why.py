"""`forewarn why CUSTOMER`: the story of one customer, from the ledger and the delivery log, read by a person.

    decisions ──────────┐
    customers.answers ──┤
    notifications.log ──┼──> steps in time order ──> text, or JSON lines
    delivery.receipts ──┘

Only the customer's partition is read. Invariant: every row about the customer appears, in the order in which things
happened; an outcome of a message names the message it belongs to.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer
from msgspec import Struct
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from forewarn.alerts.reasons import Reason
from forewarn.stream.kafka import partitions_of, read_to_end, reader, topic_name
from forewarn.stream.replay.partitions import partition_of
from forewarn.stream.settings import Settings
from forewarn.topics.events.messages import CustomerAnswer, Decision, NotificationLog, Receipt
from forewarn.topics.instants import to_ms, to_rfc3339

TOPICS: dict[str, type[Decision] | type[CustomerAnswer] | type[NotificationLog] | type[Receipt]] = {
    "decisions": Decision,
    "customers.answers": CustomerAnswer,
    "notifications.log": NotificationLog,
    "delivery.receipts": Receipt,
}

#: Width of a line's first column: an instant with milliseconds.
MARGIN = 26

#: Colours of outcomes: it was told, it waits or is held, it was not told.
STYLES = {
    "green": frozenset({"sent", "delivered", "approved", "answered"}),
    "yellow": frozenset({"deferred", "held", "ambiguous", "superseded"}),
    "red": frozenset({"dropped", "failed", "bounced", "expired", "complained"}),
}

Known = Decision | CustomerAnswer | NotificationLog | Receipt


class Step(Struct, frozen=True, omit_defaults=True):
    """One thing that happened, or was decided not to. `time` is RFC 3339; `why` the reason in a sentence."""

    time: str
    what: str
    outcome: str
    id: str
    kind: str | None = None
    stage: str | None = None
    incident: str | None = None
    channel: str | None = None
    reason: str | None = None
    why: str | None = None
    rule: str | None = None
    evidence: Any = None
    policy: str | None = None
    attempt: int | None = None
    error: str | None = None


def story(known: Iterable[Known], incident: str | None = None) -> list[Step]:
    """The steps of one customer in time order; with `incident` only those of that outage, cycle or campaign.

    What was decided stands before what came of it when both bear the same instant.
    """
    rows = list(known)
    decisions = {row.subject_id: row for row in rows if isinstance(row, Decision)}
    steps = [
        (
            _ms(row.time),
            _rank(row),
            number,
            _decided(row) if isinstance(row, Decision | CustomerAnswer) else _delivered(row, decisions),
        )
        for number, row in enumerate(rows)
    ]
    ordered = [step for *_, step in sorted(steps, key=lambda step: step[:3])]
    return [step for step in ordered if incident in (None, step.incident)]


def tell(customer: str, steps: Sequence[Step]) -> Iterator[str]:
    """The lines a person reads."""
    if not steps:
        yield f"Nothing is recorded about {customer}: no message and no marketing request was considered."
        return
    for step in steps:
        yield f"{step.time:<{MARGIN}}{_headline(step)}"
        for line in _details(step):
            yield f"{'':<{MARGIN}}{line}"


async def run(settings: Settings, customer: str, *, as_json: bool, incident: str | None = None) -> int:
    """Prints the story; 0, or 1 when there is none. Raises NoSuchTopic when the topics are not there."""
    steps = story(await read(settings, customer), incident)
    if as_json:
        encode = msgspec.json.Encoder(decimal_format="number").encode
        sys.stdout.writelines(encode(step).decode() + "\n" for step in steps)
    elif sys.stdout.isatty() and steps:
        show(steps, Console(highlight=False))
    else:
        sys.stdout.writelines(line + "\n" for line in tell(customer, steps))
    return 0 if steps else 1


def show(steps: Sequence[Step], console: Console) -> None:
    """The same for a terminal: by day (UTC), what was told and what was not by colour, details in grey."""
    day = ""
    for step in steps:
        if step.time[:10] != day:
            day = step.time[:10]
            console.print(Text(f"\n{datetime.fromisoformat(day):%A, %d %B %Y}", style="bold"))
        console.print(Text.assemble((f"{step.time[11:19]}  ", "dim"), (_headline(step), _style(step.outcome))))
        for line in _details(step):
            console.print(Padding(Text(line.strip(), style="dim"), (0, 0, 0, 12)))


async def read(settings: Settings, customer: str) -> list[Known]:
    """Everything that is recorded about a customer, from the partition its key belongs to."""
    key = customer.encode()
    known: list[Known] = []
    async with reader(settings) as consumer:
        for topic, event in TOPICS.items():
            decode = msgspec.json.Decoder(event).decode
            values = _values(consumer, topic_name(settings, topic), key)
            known.extend([decode(value) async for value in values])
    return known


async def _values(consumer: AIOKafkaConsumer, topic: str, key: bytes) -> AsyncIterator[bytes]:
    partitions = await partitions_of(consumer, topic)
    async for record in read_to_end(consumer, topic, [partition_of(key, len(partitions))]):
        if record.key == key and record.value is not None:
            yield record.value


def _decided(row: Decision | CustomerAnswer) -> Step:
    return Step(
        time=to_rfc3339(_ms(row.time)),
        what=row.subject,
        outcome=row.outcome,
        id=row.subject_id,
        kind=row.kind,
        stage=row.stage,
        incident=row.incident,
        channel=row.channel,
        reason=row.reason,
        why=_meaning(row.reason),
        rule=row.rule,
        evidence=row.evidence,
        policy=row.policy,
    )


def _delivered(row: NotificationLog | Receipt, decisions: dict[str, Decision]) -> Step:
    """What became of a message; kind, stage and incident are those of the decision behind it."""
    about = decisions.get(row.notification_id)
    log = row if isinstance(row, NotificationLog) else None
    return Step(
        time=to_rfc3339(_ms(row.time)),
        what="delivery" if log is not None else "receipt",
        outcome=row.outcome if isinstance(row, NotificationLog) else row.status,
        id=row.notification_id,
        kind=about.kind if about is not None else None,
        stage=about.stage if about is not None else None,
        incident=about.incident if about is not None else None,
        channel=row.channel,
        attempt=log.attempt if log is not None else None,
        error=row.error,
    )


def _headline(step: Step) -> str:
    subject = " ".join(part for part in (step.kind or "message", step.incident, step.stage) if part)
    by = f" by {step.channel}" if step.channel else ""
    if step.what in ("notification", "marketing"):
        return f"{subject}{by}: {step.outcome}, {step.reason}"
    attempt = f", attempt {step.attempt}" if step.attempt else ""
    error = f" ({step.error})" if step.error else ""
    return f"  {step.what} of {subject}{by}{attempt}: {step.outcome}{error}"


def _details(step: Step) -> Iterator[str]:
    if step.why:
        yield f"  {step.why}"
    if isinstance(step.evidence, dict) and step.evidence:
        yield "  " + ", ".join(f"{name} {_plain(value)}" for name, value in step.evidence.items())
    marks = [f"rule {step.rule}" if step.rule else "", f"policy {step.policy}" if step.policy else "", f"id {step.id}"]
    yield "  " + ", ".join(mark for mark in marks if mark)


def _style(outcome: str) -> str:
    return next((style for style, outcomes in STYLES.items() if outcome in outcomes), "")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(part)}" for name, part in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _meaning(reason: str) -> str | None:
    """The reason in a sentence; None for a word of a later release."""
    return next((known.meaning for known in Reason if known == reason), None)


def _rank(row: Known) -> int:
    return (Decision, CustomerAnswer, NotificationLog, Receipt).index(type(row))


def _ms(instant: str | datetime | int) -> int:
    """Epoch ms of an instant, as text or as decoded."""
    return to_ms(datetime.fromisoformat(instant) if isinstance(instant, str) else instant)
