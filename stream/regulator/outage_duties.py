"""What regulators ask about outages, led by correlate: which are large enough, and what is due by when. Pure.

    Case (confirmed, customers, restored) ──> Watched ──judge──> flagged ──step──> obligations: due, met, overdue, ended
    network.field, action `filed` ────────────────────────────────┘

An outage is watched from its confirmation on, by the rule in force on the day (UTC) it began; its row outlives it until
the last duty is done, as a final report is due a month later. Rows: `reg/<outage id>` Watched. Without packs: none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import Case
from forewarn.stream.outages.etr import instant
from forewarn.stream.outages.outbox import wire
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.regulator import duties
from forewarn.stream.regulator.duties import Course, Said, Turn
from forewarn.stream.regulator.pack import OutageRule, Pack, in_force
from forewarn.topics.events.network import FieldAction
from forewarn.topics.events.obligations import Obligation
from forewarn.topics.instants import to_ms, to_rfc3339

TOPIC = "obligations"
#: States of an outage that may be reported: what was dismissed or merged proved to be none, or a part of another.
NONE = frozenset({"dismissed", "merged", "planned"})
#: What is overdue for so long (ms) is not waited for any more.
GIVEN_UP_MS = 90 * 86_400_000


class Flag(Struct, frozen=True, array_like=True, gc=False):
    """One pack's rule that the outage fell under, since when (epoch ms), and its duties by name."""

    pack: str
    since: int
    turns: dict[str, Turn]


class Watched(Struct, frozen=True, array_like=True, gc=False):
    """One outage that was confirmed."""

    region: str
    course: Course
    flags: tuple[Flag, ...] = ()
    void: bool = False

    def settled(self, now: int) -> bool:
        """Whether nothing is asked any more at `now` (epoch ms), or was not done for very long."""
        turns = [turn for flag in self.flags for turn in flag.turns.values()]
        return all(turn.over or (turn.said == "overdue" and now > turn.due + GIVEN_UP_MS) for turn in turns)


WATCHED = Shelf("reg/", Watched)


class OutageDuties:
    """The duties of all outages. `policy`: the hash of the policy, for the evidence."""

    def __init__(self, packs: Iterable[Pack], policy: str) -> None:
        self.packs = {pack.name: pack for pack in packs if pack.outage}
        self.policy = policy
        self.rows: dict[str, Watched] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds what is watched."""
        for key, value in table.items():
            if key.startswith(WATCHED.prefix):
                self.rows[WATCHED.name(key)] = WATCHED.unpack(value)

    def tick(self, unit: Unit, living: Callable[[], list[Case]], case: Callable[[str], Case | None]) -> None:
        """Looks at the outages that are not over (`living`), and at all that are watched; `case` finds one by id."""
        if not self.packs:
            return
        names = {one.outage_id for one in living() if one.confirmed is not None and one.state not in NONE}
        for name in sorted(names | self.rows.keys()):
            was = self.rows.get(name)
            now = self._judged(unit, name, _watched(was, case(name), unit.now))
            if now != was:
                self._keep(unit, name, now)
            if _forgotten(now, case(name), unit.now):
                del self.rows[name]
                unit.delete(WATCHED.key(name))

    def filed(self, unit: Unit, event: FieldAction) -> bool:
        """Staff say that a duty was done: `text` is its name, or `<pack>/<duty>`. False: there is none such open."""
        name = event.outage_id or ""
        row = self.rows.get(name)
        pack, _, duty = (event.text or "").rpartition("/")
        flags = row.flags if row is not None else ()
        named = [flag for flag in flags if duty in flag.turns and pack in ("", flag.pack)]
        for flag in named:
            self._done(unit, name, flag, duty, event)
        return bool(named)

    def _done(self, unit: Unit, name: str, flag: Flag, duty: str, event: FieldAction) -> None:
        row, turn, time = self.rows[name], flag.turns[duty], to_ms(event.time)
        rule = self._rule(flag.pack, row.course.started)
        found = next((one for one in rule.duties if one.name == duty), None) if rule is not None else None
        if rule is None or found is None or turn.over or time <= turn.filed:  # it was said before
            return
        after, said = duties.filed(found, turn, time, flag.since)
        self._emit(unit, name, row, flag, rule, said, event.author)
        done = replace(flag, turns={**flag.turns, duty: after})
        self._keep(unit, name, replace(row, flags=tuple(done if one is flag else one for one in row.flags)))

    def _judged(self, unit: Unit, name: str, row: Watched) -> Watched:
        flags = {flag.pack: flag for flag in row.flags}
        for pack in self.packs.values():
            rule = self._rule(pack.name, row.course.started)
            if rule is None or not pack.holds_for(row.region):
                continue
            flag = flags.get(pack.name)
            if flag is None and not row.void and (since := duties.judge(rule, row.course, unit.now)) is not None:
                flag = Flag(pack.name, since, {})
            if flag is not None:
                flags[pack.name] = self._stepped(unit, name, row, flag, rule)
        return replace(row, flags=tuple(flags.values()))

    def _stepped(self, unit: Unit, name: str, row: Watched, flag: Flag, rule: OutageRule) -> Flag:
        turns = dict(flag.turns)
        if row.void:
            for duty, turn, said in list(duties.ended(turns)):
                turns[duty] = turn
                self._emit(unit, name, row, flag, rule, said)
            return replace(flag, turns=turns)
        while changes := list(duties.step(rule, row.course, flag.since, turns, unit.now)):
            for turn, said in changes:
                turns[said.duty] = turn
                self._emit(unit, name, row, flag, rule, said)
        return replace(flag, turns=turns)

    def _rule(self, pack: str, started: int) -> OutageRule | None:
        known = self.packs.get(pack)
        return in_force(known.outage, datetime.fromtimestamp(started / 1000, UTC).date()) if known is not None else None

    def _keep(self, unit: Unit, name: str, row: Watched) -> None:
        self.rows[name] = row
        unit.put(WATCHED.key(name), WATCHED.pack(row))

    def _emit(
        self, unit: Unit, name: str, row: Watched, flag: Flag, rule: OutageRule, said: Said, author: str | None = None
    ) -> None:
        pack, course = self.packs[flag.pack], row.course
        duty = f"{said.duty}/{said.number + 1}" if said.number else said.duty
        record = Obligation(
            obligation_id=_id(flag.pack, duty, name),
            time=to_rfc3339(unit.now),
            pack=flag.pack,
            jurisdiction=pack.jurisdiction,
            duty=duty,
            incident=name,
            state=said.state,
            since=to_rfc3339(flag.since),
            effective=rule.effective.isoformat(),
            source=rule.source,
            policy=self.policy,
            due=to_rfc3339(said.due),
            met=to_rfc3339(said.met) if said.met is not None else None,
            region=row.region,
            author=author,
            evidence=dict(_figures(course, unit.now)),
        )
        unit.emit(TOPIC, name.encode(), wire(record))


def _figures(course: Course, now: int) -> Iterator[tuple[str, object]]:
    """What the rule was judged by."""
    until = now if course.ended is None else course.ended
    yield "started", to_rfc3339(course.started)
    yield "confirmed", to_rfc3339(course.confirmed)
    if course.ended is not None:
        yield "restored", to_rfc3339(course.ended)
    yield "customers", course.most
    yield "user_minutes", (course.area + course.customers * max(0, until - course.since)) // duties.MINUTE_MS


def _watched(was: Watched | None, case: Case | None, now: int) -> Watched:
    """What is watched of an outage, as it stands now; one that is forgotten stays as it was."""
    if case is None or case.confirmed is None:
        assert was is not None  # only confirmed outages come to be watched
        return was
    row = was or Watched(case.region, Course(case.started, case.confirmed, case.started))
    course, customers = row.course, case.customers or case.claimed or 0
    if case.restored is not None and case.state in ("restored", "closed"):
        if course.ended != case.restored:
            course = replace(course.at(0, case.restored), ended=case.restored)
    elif case.state not in NONE:
        if course.ended is not None:  # a relapse
            course = replace(course.at(0, now), ended=None)
        if customers != course.customers:
            first = replace(course, customers=customers, most=customers)  # the first count holds from the beginning on
            course = course.at(customers, now) if course.most else first
        course = replace(course, expected=instant(case.etr.likely) if case.etr is not None else None)
    return replace(row, course=course, void=case.state in ("dismissed", "merged"))


def _forgotten(row: Watched, case: Case | None, now: int) -> bool:
    over = case is None or case.state in ("closed", "dismissed", "merged")
    return over and row.settled(now)


def _id(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
