"""The customers as the inputs describe them: services, contacts, wishes, quiet hours, consents, by the contract alone.

    customers.profiles, .subscriptions, .preferences, .interactions (STOP, START) ──> Person in force at an instant

Of every item the newest word counts, whoever said it. Where something changes in the very millisecond of a decision
both views are offered, as the two have no order that a reader of topics could know.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.month.lines import Row, instant

#: Words that end and begin text messages in the languages of the month, and what they do to a purpose on `sms`.
STOP, START = frozenset({"STOP", "STOPP", "PARAR", "ARRET"}), frozenset({"START"})
TOPICS = ("customers.profiles", "customers.subscriptions", "customers.preferences", "customers.interactions")


class Service(NamedTuple):
    """One service and what serves it."""

    id: str
    kind: str
    element: str


class Alert(NamedTuple):
    """What was chosen of one kind, and when (epoch ms)."""

    time: int
    channels: tuple[str, ...]
    enabled: bool


class Hours(NamedTuple):
    """Quiet hours, and when they were chosen (epoch ms)."""

    time: int
    start: str
    end: str


Consents = Mapping[tuple[str, str], tuple[int, bool]]


class Person(NamedTuple):
    """One customer. `known`: there is a profile. `crm` and `own` are the two sides' words on alerts and hours."""

    known: bool = False
    services: tuple[Service, ...] = ()
    zone: str | None = None
    vulnerable: bool = False
    contacts: Mapping[str, str] = {}
    cycle_day: int = 0
    crm_alerts: Mapping[str, Alert] = {}
    own_alerts: Mapping[str, Alert] = {}
    crm_hours: Hours | None = None
    own_hours: Hours | None = None
    consents: Consents = MappingProxyType({})

    @property
    def elements(self) -> frozenset[str]:
        """What serves the customer."""
        return frozenset(service.element for service in self.services)

    @property
    def hours(self) -> tuple[str, str] | None:
        """The quiet hours that the customer chose."""
        found = [hours for hours in (self.crm_hours, self.own_hours) if hours is not None]
        newest = max(found, key=lambda hours: (hours.time, hours is self.own_hours), default=None)
        return (newest.start, newest.end) if newest is not None else None

    def enabled(self, kind: str) -> bool:
        """Whether the customer has not switched off this kind of alert."""
        found = [alerts[kind] for alerts in (self.crm_alerts, self.own_alerts) if kind in alerts]
        newest = max(found, key=lambda alert: (alert.time, alert is self.own_alerts.get(kind)), default=None)
        return newest is None or newest.enabled

    def consent(self, purposes: tuple[str, ...], channel: str) -> bool | None:
        """The newest word on any of the purposes and a channel; None without one. At one instant a refusal wins."""
        keys = [(purpose, on) for purpose in (*purposes, "*", "all") for on in (channel, "*", "all")]
        found = [self.consents[key] for key in keys if key in self.consents]
        return max(found, key=lambda word: (word[0], not word[1]))[1] if found else None

    def reached(self, kind: str) -> tuple[str, ...]:
        """Channels on which a service notice may reach the customer: there is an address, and no refusal."""
        return tuple(on for on in self.contacts if self.consent((kind, "service"), on) is not False)


NOBODY = Person()


class People:
    """All customers, folded from the inputs."""

    def __init__(self) -> None:
        self._now: dict[str, Person] = {}
        self._before: dict[str, tuple[int, Person]] = {}

    def get(self, customer: str) -> Person:
        """The customer as of now; `NOBODY` for one that was never heard of."""
        return self._now.get(customer, NOBODY)

    def views(self, customer: str, ts: int) -> tuple[Person, ...]:
        """The customer as of `ts` (epoch ms), which is now: two views if they changed in this millisecond."""
        person = self._now.get(customer, NOBODY)
        since, before = self._before.get(customer, (0, NOBODY))
        return (person, before) if since == ts else (person,)

    def fold(self, row: Row) -> None:
        """Takes a record of one of `TOPICS`."""
        before = self._now.get(row.key, NOBODY)
        after = _folded(before, row)
        if after is before:
            return
        known = self._before.get(row.key)
        if known is None or known[0] != row.ts:
            self._before[row.key] = (row.ts, before)
        self._now[row.key] = after


def _folded(person: Person, row: Row) -> Person:
    match row.topic:
        case "customers.profiles":
            return NOBODY if row.value is None else _described(person, row.value)
        case "customers.subscriptions":
            return _subscribed(person, row.value or {}, row.ts)
        case "customers.preferences":
            return _patched(person, row.value)
        case _:
            return _replied(person, row.value)


def _described(person: Person, profile: dict[str, Any]) -> Person:
    contacts = profile.get("contacts") or {}
    found = {"email": contacts.get("email"), "sms": contacts.get("phone"), "push": contacts.get("push")}
    return person._replace(
        known=True,
        services=tuple(Service(s["service_id"], s["kind"], s["element"]) for s in profile["services"]),
        zone=profile.get("time_zone"),
        vulnerable=profile.get("segment") == "vulnerable",
        contacts={channel: address for channel, address in found.items() if address},
        cycle_day=(profile.get("plan") or {}).get("cycle_day", 0),
    )


def _subscribed(person: Person, said: dict[str, Any], ts: int) -> Person:
    """What the CRM says counts from when it first said so: a dump that repeats it says nothing new."""
    alerts = {}
    for alert in said.get("alerts") or ():
        offered = _alert(alert, ts)
        known = person.crm_alerts.get(alert["kind"])
        alerts[alert["kind"]] = known if known is not None and known[1:] == offered[1:] else offered
    hours, known_hours = said.get("quiet_hours"), person.crm_hours
    if hours is not None and known_hours is not None and (hours["start"], hours["end"]) == known_hours[1:]:
        kept: Hours | None = known_hours
    else:
        kept = Hours(ts, hours["start"], hours["end"]) if hours is not None else None
    consents = _consented(person.consents, said.get("consents") or ())
    return person._replace(crm_alerts=alerts, crm_hours=kept, consents=consents)


def _patched(person: Person, patch: dict[str, Any]) -> Person:
    time = instant(patch["time"])
    alerts = dict(person.own_alerts)
    for alert in patch.get("alerts") or ():
        known = alerts.get(alert["kind"])
        if known is None or time >= known.time:
            alerts[alert["kind"]] = _alert(alert, time)
    hours, kept = patch.get("quiet_hours"), person.own_hours
    if hours is not None and (kept is None or time >= kept.time):
        kept = Hours(time, hours["start"], hours["end"])
    consents = _consented(person.consents, patch.get("consents") or ())
    return person._replace(own_alerts=alerts, own_hours=kept, consents=consents)


def _replied(person: Person, said: dict[str, Any]) -> Person:
    word = (said.get("text") or "").strip().upper()
    if said["kind"] != "reply" or said.get("channel") != "sms" or word not in STOP | START:
        return person
    purpose = "*" if word in STOP else "service"
    choice = {"purpose": purpose, "channel": "sms", "granted": word in START, "time": said["time"]}
    return person._replace(consents=_consented(person.consents, (choice,)))


def _alert(alert: dict[str, Any], time: int) -> Alert:
    return Alert(time, tuple(alert.get("channels") or ()), alert.get("enabled", True))


def _consented(known: Consents, said: Any) -> Consents:
    merged = dict(known)
    for consent in said:
        key, word = (consent["purpose"], consent["channel"]), (instant(consent["time"]), consent["granted"])
        before = merged.get(key)
        if before is None or (word[0], not word[1]) > (before[0], not before[1]):
            merged[key] = word
    return merged
