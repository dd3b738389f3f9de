"""The duties that one outage brings under one rule: when they are due, met, overdue, or asked no more. Pure.

    confirmed ─── lasts long enough, is large enough ───> flagged ──┬─ notification ── due ── met │ overdue
                                                                    └─ update ── due ── due ── due ── ended

`flagged` is when the thresholds were reached, `judge` says it from the area under the number of customers: an outage is
looked at every few seconds, so the instant is computed, not that of the look. Invariant: a duty is said to be due once,
and ends as met, overdue (and perhaps met later) or ended.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.regulator.pack import Duty, OutageRule
from forewarn.topics.events.obligations import ObligationState

MINUTE_MS = 60_000


class Course(Struct, frozen=True, array_like=True, gc=False):
    """What of an outage counts. Instants are epoch ms.

    `area`: customers times ms until `since`, from where on there are `customers`; `most` of them at one time. `ended`:
    when service was back. `expected`: when it is expected to be.
    """

    started: int
    confirmed: int
    since: int
    customers: int = 0
    most: int = 0
    area: int = 0
    ended: int | None = None
    expected: int | None = None

    def at(self, customers: int, time: int) -> Course:
        """The course with another number of customers from `time` on."""
        area = self.area + self.customers * max(0, time - self.since)
        return replace(
            self, customers=customers, most=max(self.most, customers), area=area, since=max(time, self.since)
        )


class Turn(Struct, frozen=True, array_like=True, gc=False):
    """How far a duty is: its number (of one that recurs), when that is due, and what was `said` of it.

    `filed`: when it was done last, by the operator's word (epoch ms, 0: never).
    """

    number: int
    due: int
    said: ObligationState | None = None
    over: bool = False
    filed: int = 0


class Said(Struct, frozen=True):
    """A change of a duty's state. `number`: 0 for the first, or only, time."""

    duty: str
    number: int
    state: ObligationState
    due: int
    met: int | None = None


def judge(rule: OutageRule, course: Course, now: int) -> int | None:
    """When (epoch ms) an outage reached the rule's thresholds; None while it has not."""
    end = now if course.ended is None else course.ended
    reached = [course.confirmed, course.started + round(rule.lasting_s * 1000) + rule.longer]
    if rule.expected and course.expected is not None and course.expected >= reached[1]:
        reached[1] = course.confirmed
    if rule.services is not None:
        if course.most < rule.services:
            return None
        reached.append(course.confirmed)
    if rule.user_minutes is not None:
        wanted = rule.user_minutes * MINUTE_MS
        missing = wanted - course.area
        if missing > 0 and not course.customers:
            return None
        reached.append(course.since + (-(-int(missing) // course.customers) if missing > 0 else 0))
    when = max(reached)
    expects = rule.expected and course.expected is not None and course.ended is None
    return when if when <= (now if expects else end) else None


def step(
    rule: OutageRule, course: Course, flagged: int, turns: dict[str, Turn], now: int
) -> Iterator[tuple[Turn, Said]]:
    """What is to be said of the duties at `now` (epoch ms), each with the turn that follows. Asked again until it is
    silent, it says everything."""
    for duty in rule.duties:
        turn = turns.get(duty.name)
        if turn is None:
            base = flagged if duty.after == "flagged" else course.confirmed
            turn = Turn(0, base + round(duty.within_s * 1000))
        if not turn.over:
            yield from _next(duty, course, flagged, turn, now)


def filed(duty: Duty, turn: Turn, time: int, flagged: int) -> tuple[Turn, Said]:
    """The duty was done at `time` (epoch ms)."""
    said = Said(duty.name, turn.number, "met", turn.due, time)
    after = replace(turn, said="met", over=True) if duty.every_s is None else _following(duty, turn, flagged)
    return replace(after, filed=time), said


def ended(turns: dict[str, Turn]) -> Iterator[tuple[str, Turn, Said]]:
    """The outage proved to be none: nothing is asked any more."""
    for name, turn in turns.items():
        if not turn.over:
            yield name, replace(turn, said="ended", over=True), Said(name, turn.number, "ended", turn.due)


def _next(duty: Duty, course: Course, flagged: int, turn: Turn, now: int) -> Iterator[tuple[Turn, Said]]:
    """One thing to say of a duty that is open."""
    if duty.every_s is not None and course.ended is not None and course.ended <= turn.due:
        yield replace(turn, said="ended", over=True), Said(duty.name, turn.number, "ended", turn.due)
    elif turn.said is None:
        yield replace(turn, said="due"), Said(duty.name, turn.number, "due", turn.due)
    elif now >= turn.due and turn.said != "overdue":
        late = replace(turn, said="overdue") if duty.every_s is None else _following(duty, turn, flagged)
        yield late, Said(duty.name, turn.number, "overdue", turn.due)


def _following(duty: Duty, turn: Turn, flagged: int) -> Turn:
    """The next turn of a duty that recurs; over when no more follows."""
    due = turn.due + round((duty.every_s or 0) * 1000)
    last = duty.until_s is not None and due > flagged + round(duty.until_s * 1000)
    return Turn(turn.number + 1, due, over=last, filed=turn.filed)
