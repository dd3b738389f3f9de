"""What customers were promised about an outage's end, and what to tell those whose promise no longer holds. Pure.

    told confirmed ── no time known ──> one becomes known ───────────> estimated
        │
        └─ "by 4:30 pm" ─┬─ another time that matters ───────────────> re_estimated 1, 2 ...   (stage `materiality`)
                         ├─ 4:30 passed, a later time is known ──────> re_estimated
                         └─ 4:30 passed, nothing better is known ────> overdue 1, 2 ...

The time named is the latest of the interval, the one that nine in ten outages keep; an estimate's is rounded up to the
policy's step, a crew's word is passed on as it is. Invariant: what is told next depends on what this customer was told
last, so someone told later, or of an outage merged into this one, is neither corrected needlessly nor left with a time
that has passed.
"""

from __future__ import annotations

from datetime import datetime

from forewarn.alerts.incidents import Incident
from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.alerts.told import Entry, Message, Status
from forewarn.alerts.turns import reopening, turn_of

#: Stages that name a time, or may.
PROMISING = ("confirmed", "estimated", "re_estimated", "overdue")
#: Stages that follow `confirmed` while the outage lasts.
UPDATES = frozenset(PROMISING) - {"confirmed"}


def promise(policy: AlertPolicy, incident: Incident, now: int) -> int:
    """The instant (epoch ms) that customers are told service is back by; 0 when none is known that lies ahead."""
    if incident.etr is None:
        return 0
    latest = _ms(incident.etr.latest)
    if incident.etr.source == "model":
        step = ms(policy.promise_step_s)
        latest = -(-latest // step) * step
    return latest if latest > now else 0


def covering(policy: AlertPolicy, promised: int, others: tuple[Incident, ...], now: int) -> int:
    """The promise, if it holds for the other outages of the same message, too; else 0."""
    return promised if all(0 < promise(policy, other, now) <= promised for other in others) else 0


def last(entry: Entry) -> Message | None:
    """The last message that was, or is about to be, told of what was to be expected; None without `confirmed`."""
    told = [m for m in entry.messages if m.stage in PROMISING and (m.owed or m.status == Status.SUPERSEDED)]
    return told[-1] if told else None


def update(
    policy: AlertPolicy, incident: Incident, entry: Entry, now: int, turn: int = 0
) -> tuple[str, str | None] | None:
    """Stage and class of what is to be told to someone who was told `confirmed`; None for nothing.

    `turn`: how often the outage has come back for them.
    """
    told = last(entry)
    if told is None:
        return None
    current = promise(policy, incident, now)
    if told.promise == 0:
        return ("estimated", reopening(turn)) if current else None
    if current:
        return ("re_estimated", _number(entry, "re_estimated", turn)) if current != told.promise else None
    passed = now >= told.promise + ms(policy.group_wait_s)
    return ("overdue", _number(entry, "overdue", turn)) if passed and told.stage != "overdue" else None


def news(policy: AlertPolicy, incident: Incident, told: int, now: int) -> bool:
    """Whether what is known now matters to someone who was told `told` (epoch ms; 0: no time).

    A move matters by its size. A later estimate, moreover, only once it is likelier than not that the promised time
    will pass: an estimate of what has lasted long moves on by itself, and an outage of usual length is to need no
    more than two messages. In a storm only the large moves matter.
    """
    current = promise(policy, incident, now)
    if not current or current == told:
        return False
    if told <= now:
        return True
    moved = abs(current - told)
    if moved < ms(policy.promise_step_s):
        return False
    large = moved > ms(policy.etr_moved_s) or moved > policy.etr_moved_share * (told - now)
    if incident.storm:
        large = moved > ms(policy.storm_etr_moved_s)
    assert incident.etr is not None  # there is a promise
    lingers = incident.etr.source == "model" and current > told
    return large and not (lingers and _ms(incident.etr.likely) <= told)


def _number(entry: Entry, stage: str, turn: int) -> str | None:
    """The class of the next message of a stage: one that was refused or failed keeps its number."""
    classes = [m.class_ for m in entry.messages if m.stage == stage and m.class_ and turn_of(m.class_) == turn]
    newest = max((int(class_.rpartition("/")[2]) for class_ in classes), default=0)
    settled = not newest or entry.settled(stage, reopening(turn, newest))
    return reopening(turn, newest + 1 if settled else newest)


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
