"""Compensation for delayed repair: a sum for each day on which a customer is still out, after so many working days.

    confirmed ──> row `a/<pack>/<outage>` = the first day that counts ──timer──> walk over its customers ──> obligations
                         ▲                                                          └─ done: the next day ─┘
                         └── over: the row goes

A walk may be repeated: what it writes of a customer and a day is the same, byte for byte. Without packs: no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from forewarn.alerts.companions import broken, working
from forewarn.alerts.customers import Customers, another_access
from forewarn.alerts.fanout import FanOut, Purpose
from forewarn.alerts.incidents import Incident, Incidents
from forewarn.alerts.ledger import Ledger
from forewarn.alerts.local_hours import zone_of
from forewarn.alerts.proposal import Rules, digest
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.stream.regulator.pack import CompensationRule, Pack, in_force
from forewarn.stream.regulator.working_days import after, local_date, midnight
from forewarn.topics.events.obligations import Obligation
from forewarn.topics.instants import to_rfc3339

PREFIX = b"a/"
SCHEMA = b"\x01"
#: Timer of the next day that counts; its subject is `<pack>/<outage>`, as is that of the walk.
DAY = "compensation.day"


class Compensation:
    """The compensation of one partition's customers."""

    def __init__(
        self, rules: Rules, *, customers: Customers, incidents: Incidents, ledger: Ledger, fan_out: FanOut
    ) -> None:
        self.rules = rules
        self.packs = {pack.name: pack for pack in rules.packs if pack.compensation}
        self.customers = customers
        self.incidents = incidents
        self.ledger = ledger
        self.fan_out = fan_out
        fan_out.add("compensation", Purpose(self._members, self._visit, self._walked))

    def seen(self, unit: Unit, incident: Incident) -> None:
        """A revision of an outage arrived: one that is confirmed is waited for, once."""
        if not self.packs or incident.confirmed is None or incident.over:
            return
        for pack in self.packs.values():
            rule = _rule(pack, incident)
            subject = f"{pack.name}/{incident.outage_id}"
            if rule is not None and unit.get(PREFIX + subject.encode()) is None:
                since = incident.time if incident.reopened else incident.started
                self._await(unit, subject, first_day(pack, rule, since))

    def fire(self, unit: Unit, timer: Timer) -> None:
        """A day that counts has begun."""
        incident = self.incidents.by_id.get(timer.subject.partition("/")[2])
        if incident is None or incident.over:
            self.fan_out.stop(unit, timer.subject)
            unit.delete(PREFIX + timer.subject.encode())
        else:
            self.fan_out.start(unit, "compensation", timer.subject)

    def _await(self, unit: Unit, subject: str, due: int) -> None:
        unit.put(PREFIX + subject.encode(), SCHEMA + b"%d" % due)
        unit.arm(due, subject, DAY)

    def _members(self, subject: str) -> set[str]:
        return self.customers.of(self.incidents.elements(subject.partition("/")[2]))

    def _visit(self, unit: Unit, subject: str, customer: str) -> None:
        name, _, outage = subject.partition("/")
        pack, incident = self.packs.get(name), self.incidents.by_id.get(outage)
        rule = _rule(pack, incident) if pack is not None and incident is not None else None
        if pack is None or incident is None or rule is None or not self._out(unit, incident, rule, customer):
            return
        for day in self._days(unit, subject, rule):
            self._owed(unit, pack, rule, incident, customer, day)

    def _walked(self, unit: Unit, subject: str) -> None:
        """All customers have been looked at: the next day is waited for."""
        pack, incident = self.packs.get(subject.partition("/")[0]), self.incidents.by_id.get(subject.partition("/")[2])
        rule = _rule(pack, incident) if pack is not None and incident is not None else None
        days = list(self._days(unit, subject, rule)) if rule is not None else []
        if rule is not None and days:
            self._await(unit, subject, _next(days[-1], rule))

    def _days(self, unit: Unit, subject: str, rule: CompensationRule) -> Iterator[int]:
        """The beginnings (epoch ms) of the days that count and were not looked at, up to today."""
        value = unit.get(PREFIX + subject.encode())
        day = int(value[1:]) if value is not None else unit.now + 1
        while day <= unit.now:
            yield day
            day = _next(day, rule)

    def _out(self, unit: Unit, incident: Incident, rule: CompensationRule, customer: str) -> bool:
        """Whether a service of the kinds that count is out, and nothing else carries it."""
        person = self.customers.get(unit, customer)
        up = working(self.incidents, person)
        down = [service for service in broken(self.incidents, incident, person) if service.kind in rule.kinds]
        return any(not any(another_access(service, other) for other in up) for service in down)

    def _owed(
        self, unit: Unit, pack: Pack, rule: CompensationRule, incident: Incident, customer: str, day: int
    ) -> None:
        date = local_date(day, zone_of(rule.time_zone, "UTC"))
        duty = f"compensation/{date.isoformat()}"
        self.ledger.obligation(
            unit,
            Obligation(
                obligation_id=digest(pack.name, duty, incident.outage_id, customer),
                time=to_rfc3339(day),
                pack=pack.name,
                jurisdiction=pack.jurisdiction,
                duty=duty,
                incident=incident.outage_id,
                state="due",
                since=to_rfc3339(incident.started),
                effective=rule.effective.isoformat(),
                source=rule.source,
                policy=self.ledger.policy,
                customer=customer,
                region=incident.region,
                amount=rule.per_day,
                currency=rule.currency,
                evidence={"after_working_days": rule.after_working_days, **_doubt(pack, rule, date.year)},
            ),
        )


def first_day(pack: Pack, rule: CompensationRule, since: int) -> int:
    """The beginning (epoch ms) of the first day that counts of what has been out since then (epoch ms)."""
    zone = zone_of(rule.time_zone, "UTC")
    return after(since, rule.after_working_days, zone, frozenset(pack.holidays.get(rule.calendar, ())))


def _rule(pack: Pack, incident: Incident) -> CompensationRule | None:
    """The rule in force where and when an outage began."""
    if not pack.holds_for(incident.region):
        return None
    return in_force(pack.compensation, local_date(incident.started, zone_of(pack.compensation[0].time_zone, "UTC")))


def _next(day: int, rule: CompensationRule) -> int:
    zone = zone_of(rule.time_zone, "UTC")
    return midnight(local_date(day, zone) + timedelta(days=1), zone)


def _doubt(pack: Pack, rule: CompensationRule, year: int) -> dict[str, object]:
    """What the evidence says of a year for which the pack knows no holidays."""
    known = {day.year for day in pack.holidays.get(rule.calendar, ())}
    return {"holidays": "unknown"} if known and year not in known else {}
