"""What a customer is to be told of a planned work now, given what they were told before. Pure.

    ├── 72 h ──┬────── 24 h ──────┬── 1 h ──┬───── window ─────┬── overdue ──> time
     announced   announced          announced  started            overrun ... completed
                     └─ moved: the announcements of the new window are told anew, as classes of their own
                     └─ cancelled: to those who were told

Of announcements that are due the last one counts, so work that is announced late has one at once and those still ahead.
`moved`, `completed` and `cancelled` go to those who were told what they end: `completed` to those who heard that it
began or overran, the others to those who heard of it at all. Class: which announcement, which turn of the work.
"""

from __future__ import annotations

from msgspec import Struct

from forewarn.alerts.told import Entry, Message
from forewarn.alerts.turns import turn_of
from forewarn.alerts.work_schedule import Schedule
from forewarn.alerts.works import Work

#: Stages that tell of a work, those of them that say that service may be gone now, and those that end the story.
OPENING = frozenset({"announced", "moved", "started", "overrun"})
UNDER_WAY = frozenset({"started", "overrun"})
CLOSING = frozenset({"completed", "cancelled"})


class Owed(Struct, frozen=True):
    """One message that is to be told."""

    stage: str
    class_: str | None = None


def owed(work: Work, entry: Entry, schedule: Schedule, now: int) -> Owed | None:
    """The message that the customer of a work is to be told at `now` (epoch ms), if they were not."""
    found = _due(work, entry, schedule, now)
    if found is None or entry.settled(found.stage, found.class_) or not schedule.tells(work, found.stage):
        return None
    return found


def gone(work: Work, entry: Entry) -> Owed | None:
    """The same for a customer whom the work does not concern any more."""
    return _ended(work, entry, "completed" if _heard(entry, UNDER_WAY) else "cancelled")


def concerned(entry: Entry) -> bool:
    """Whether the customer waits for the end of what they were told, or are about to be."""
    return any(message.owed for message in _open(entry))


def ended(stage: str, entry: Entry) -> tuple[Message, ...]:
    """The messages that a message of this stage goes on from: it is for those who were told one of them."""
    if stage in ("moved", "cancelled"):
        return tuple(_open(entry))
    return tuple(m for m in _open(entry) if m.stage in UNDER_WAY) if stage == "completed" else ()


def class_of(turn: int, lead: str = "") -> str | None:
    """The class of a message in a turn of the work; `lead`: which of several of its stage."""
    parts = [part for part in (lead, f"moved-{turn}" if turn else "") if part]
    return "/".join(parts) or None


def _due(work: Work, entry: Entry, schedule: Schedule, now: int) -> Owed | None:
    if work.over:
        return _ended(work, entry, work.status)
    if work.late:
        return Owed("overrun", class_of(work.turn, str(work.late) if work.late > 1 else ""))
    if work.status == "started":
        return Owed("started", class_of(work.turn))
    if now >= work.start:
        return None
    knows = any(message.owed for message in _open(entry) if turn_of(message.class_) < work.turn)
    moved = Owed("moved", class_of(work.turn))
    moving = work.previous is not None and knows and not entry.settled(moved.stage, moved.class_)
    if moving and schedule.tells(work, moved.stage):
        return moved
    return _announced(work, entry, schedule, now)


def _announced(work: Work, entry: Entry, schedule: Schedule, now: int) -> Owed | None:
    """The last announcement that is due, unless the news of the move came after it was."""
    due = [(at, name) for at, name in schedule.due(work) if at <= now]
    if not due:
        return None
    at, name = due[-1]
    moved = entry.message("moved", class_of(work.turn))
    if moved is not None and moved.owed and moved.time >= at:
        return None
    return Owed("announced", class_of(work.turn, name))


def _ended(work: Work, entry: Entry, stage: str) -> Owed | None:
    return Owed(stage, class_of(work.turn)) if ended(stage, entry) else None


def _heard(entry: Entry, stages: frozenset[str]) -> bool:
    return any(message.owed for message in _open(entry) if message.stage in stages)


def _open(entry: Entry) -> list[Message]:
    """The messages that tell of the work since its story was last ended."""
    closed = max((turn_of(m.class_) for m in entry.messages if m.stage in CLOSING and m.owed), default=-1)
    return [m for m in entry.messages if m.stage in OPENING and turn_of(m.class_) > closed]
