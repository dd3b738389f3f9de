"""What customers say and do (`customers.interactions`): calls, complaints, help pages, replies, answers to surveys.

outage    ─── calls, help pages ───┬─ restored ── surveys
                                   └─ "still out", where service of a part stays dead
any day   help pages (some twice), complaints, STOP, HELP and START in the customer's language
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from forewarn.stream.simulate.campaigns import affected
from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import DAY, HOUR, MINUTE, Incident, Lingering, Plan
from forewarn.stream.simulate.size import draws
from forewarn.topics.instants import to_rfc3339

Served = Mapping[str, tuple[Customer, ...]]
TOPIC = "customers.interactions"
#: Of the customers of an outage, how many call, look for help and answer the survey.
CALLS, LOOKS, ANSWERS = 0.02, 0.04, 0.06
#: Of those whose service stays dead, how many say so.
SAYS_SO = 0.4
#: Of all customers, a day.
HELP_A_DAY, COMPLAINTS_A_DAY, WORDS_A_DAY = 0.01, 0.0005, 0.001
#: Of those who look for help, how many look again within the hour.
AGAIN = 0.3
_STILL = {
    "en": ("still out", "Still no internet", "not working yet"),
    "de": ("immer noch kein Internet", "geht noch nicht", "Störung besteht weiter"),
    "es": ("sigue sin funcionar", "todavía sin internet"),
    "fr": ("toujours en panne", "toujours pas d'internet"),
}
_WORDS = {
    "en": ("STOP", "STOP", "HELP", "START"),
    "de": ("STOPP", "STOP", "HILFE", "START"),
    "es": ("PARAR", "STOP", "AYUDA", "INICIO"),
    "fr": ("ARRET", "STOP", "AIDE", "DEBUT"),
}


def contacts(
    seed: int, plan: Plan, customers: Sequence[Customer], served: Served, start: int, end: int
) -> Iterator[Event]:
    """Everything that customers say and do in [start, end), epoch ms; about an incident also later."""
    for incident in plan.incidents:
        if incident.facing:
            yield from _about(draws(seed, f"contacts/{incident.id}"), incident, affected(incident, served))
    for one in plan.lingering:
        yield from _still_out(draws(seed, f"contacts/{one.id}"), one, served)
    days = (end - start) / DAY
    random = draws(seed, "contacts")
    for customer in customers:
        yield from _any_day(random, customer, start, end, days)


def _about(random: Random, incident: Incident, names: Sequence[str]) -> Iterator[Event]:
    length = incident.end - incident.start
    for name in names:
        if random.random() < CALLS:
            yield from _case(random, incident, name)
        if random.random() < LOOKS:
            at = incident.start + random.randrange(MINUTE, max(2 * MINUTE, length))
            yield _said(name, at, f"help-{incident.id}-{name}", "help_viewed", {"topic": "outage"})
        if random.random() < ANSWERS:
            at = incident.end + random.randrange(60, 300) * MINUTE
            score = max(0, min(10, round(random.gauss(8.5 - length / HOUR, 2.0))))
            yield _said(name, at, f"survey-{incident.id}-{name}", "survey", {"score": score, "topic": "outage"})


def _case(random: Random, incident: Incident, customer: str) -> Iterator[Event]:
    opened = incident.start + random.randrange(4 * MINUTE, max(5 * MINUTE, incident.end - incident.start))
    closed = max(opened, incident.end) + random.randrange(10, 240) * MINUTE
    case = f"case-{incident.id}-{customer}"
    for at, kind in ((opened, "case_opened"), (closed, "case_closed")):
        yield _said(customer, at, f"{case}-{kind}", kind, {"case_id": case, "channel": "phone"})


def _still_out(random: Random, one: Lingering, served: Served) -> Iterator[Event]:
    """They reply once they have been told that it is over, most of them soon."""
    people = {customer.customer: customer for device in one.devices for customer in served.get(device, ())}
    for name, customer in people.items():
        if random.random() < SAYS_SO:
            at = one.start + random.randrange(8, 35) * MINUTE
            text = random.choice(_STILL.get(_language(customer), _STILL["en"]))
            said = {"channel": "sms", "text": text, "topic": "outage"}
            yield _said(name, at, f"reply-{one.id}-{name}", "reply", said)


def _any_day(random: Random, customer: Customer, start: int, end: int, days: float) -> Iterator[Event]:
    name = customer.customer
    if random.random() < HELP_A_DAY * days:
        at = random.randrange(start, end)
        yield _said(name, at, f"help-{name}", "help_viewed", {"topic": "wifi"})
        if random.random() < AGAIN:
            later = at + random.randrange(2, 50) * MINUTE
            yield _said(name, later, f"help-{name}-again", "help_viewed", {"topic": "wifi"})
    if random.random() < COMPLAINTS_A_DAY * days:
        at = random.randrange(start, end)
        yield _said(name, at, f"complaint-{name}", "complaint", {"channel": "email", "topic": "bill"})
    if random.random() < WORDS_A_DAY * days:
        word = random.choice(_WORDS.get(_language(customer), _WORDS["en"]))
        at = random.randrange(start, end)
        yield _said(name, at, f"word-{name}", "reply", {"channel": "sms", "text": word})


def _language(customer: Customer) -> str:
    return customer.locale.partition("-")[0]


def _said(customer: str, at: int, identity: str, kind: str, fields: Mapping[str, object]) -> Event:
    return event(at + 500, TOPIC, customer, {"id": identity, "time": to_rfc3339(at), "kind": kind, **fields})
