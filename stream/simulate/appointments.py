"""Appointments (`customers.appointments`): technicians, installations, stores, calls back; and what becomes of them.

booked ── confirmed ─┬─ en route ── completed
                     ├─ delayed ── en route ── completed
                     ├─ rescheduled ── en route ── completed
                     ├─ cancelled
                     └─ missed
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import DAY, HOUR, MINUTE
from forewarn.stream.simulate.size import draws
from forewarn.topics.instants import to_rfc3339

TOPIC = "customers.appointments"
#: Of all customers, a day.
VISITS_A_DAY = 0.003
_KINDS = (("technician", 0.6), ("install", 0.25), ("callback", 0.1), ("store", 0.05))
_OUTCOMES = (("completed", 0.68), ("delayed", 0.1), ("rescheduled", 0.08), ("cancelled", 0.08), ("missed", 0.06))
CONFIRMS = 0.6


def appointments(seed: int, customers: Sequence[Customer], start: int, end: int) -> Iterator[Event]:
    """The appointments whose time lies in [start, end), epoch ms; those of the first days were booked before it."""
    random = draws(seed, "appointments")
    days = (end - start) / DAY
    for customer in customers:
        if random.random() < VISITS_A_DAY * days:
            yield from _visit(random, customer.customer, start, end)


def _visit(random: Random, customer: str, start: int, end: int) -> Iterator[Event]:
    slot = random.randrange(start, end) // HOUR * HOUR
    length = 2 * HOUR
    kind, outcome = _one_of(random, _KINDS), _one_of(random, _OUTCOMES)
    booked = max(start - 10_000, slot - random.randrange(6, 120) * HOUR)
    soon = max(booked + MINUTE, slot - random.randrange(20, 50) * MINUTE)
    steps = [(booked, "booked", slot)]
    if random.random() < CONFIRMS and slot - booked > 3 * HOUR:
        steps.append((booked + (slot - booked) // 3, "confirmed", slot))
    if outcome in ("cancelled", "missed"):
        steps.append((soon if outcome == "cancelled" else slot + length, outcome, slot))
    else:
        if outcome == "delayed":
            slot += random.randrange(45, 120) * MINUTE
            steps.append((soon, outcome, slot))
        elif outcome == "rescheduled":
            slot += DAY
            steps.append((soon, outcome, slot))
        if kind in ("technician", "install"):
            steps.append((max(steps[-1][0] + MINUTE, slot - 25 * MINUTE), "en_route", slot))
        steps.append((max(steps[-1][0] + MINUTE, slot + 70 * MINUTE), "completed", slot))
    for at, status, when in steps:
        fields = {
            "appointment_id": f"visit-{customer}",
            "time": to_rfc3339(at),
            "kind": kind,
            "status": status,
            "start": to_rfc3339(when),
            "end": to_rfc3339(when + length),
        }
        yield event(at + 500, TOPIC, customer, fields)


def _one_of(random: Random, choices: Sequence[tuple[str, float]]) -> str:
    return random.choices([name for name, _ in choices], [weight for _, weight in choices])[0]
