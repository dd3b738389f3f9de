"""Listening: what happens to a customer, as events of journeys.

    customers.appointments ─────> appointment
    customers.interactions ─────> help (with how often the topic was looked at), still_out
    an outage's end is told ────> restored
    billing.bills, usage alerts > bill, usage

Nothing is done for an event that no journey is about. Invariant: a look at a help page counts once, however often its
record comes.
"""

from __future__ import annotations

from datetime import date

import msgspec

from forewarn.alerts.customers import Customers
from forewarn.alerts.incidents import Incident
from forewarn.alerts.journeys import course as courses
from forewarn.alerts.journeys.course import View
from forewarn.alerts.journeys.events import Happening, Value
from forewarn.alerts.journeys.moments import span
from forewarn.alerts.journeys.runner import Journeys
from forewarn.alerts.local_hours import day_begins, zone_of
from forewarn.alerts.proposal import Proposal
from forewarn.stream.engine.unit import Unit
from forewarn.stream.usage.alert import Crossing
from forewarn.topics.events.customers import Appointment, Interaction
from forewarn.topics.events.usage import Bill
from forewarn.topics.instants import to_ms

#: Looks at help pages that are remembered of one customer.
VIEWS = 20


class Listening:
    """Tells the journeys of one partition what happens."""

    def __init__(self, journeys: Journeys, customers: Customers) -> None:
        self.journeys = journeys
        self.customers = customers
        #: How long back each journey counts looks at help pages (ms).
        self.within = {
            name: span(journeys.journeys[name].trigger.within).about_ms for name in journeys.by_event.get("help", ())
        }
        after = [journeys.journeys[name].trigger for name in journeys.by_event.get("restored", ())]
        #: Whether what follows an outage is only for those who agreed to be asked: all others cost nothing then.
        self.agreed_only = all(trigger.when.get("consent") is True for trigger in after)
        if after:
            journeys.pipeline.watches["outage", "restored"] = self.restored

    def appointment(self, unit: Unit, customer: str, event: Appointment) -> None:
        """An appointment is booked, or changes."""
        fields: dict[str, Value] = {
            "appointment_id": event.appointment_id,
            "kind": event.kind,
            "status": event.status,
            "start": to_ms(event.start),
            "end": to_ms(event.end),
        }
        self._tell(unit, customer, "appointment", event.appointment_id, to_ms(event.time), fields)

    def viewed(self, unit: Unit, customer: str, event: Interaction) -> None:
        """A help page is looked at."""
        if not self.within:
            return
        row, topic, time = courses.load(unit, customer), (event.topic or "").casefold(), to_ms(event.time)
        longest = max(self.within.values())
        if time + longest <= unit.now or any(view.id == event.id for view in row.views):
            return
        views = (*(v for v in row.views if v.time + longest > unit.now), View(topic, time, event.id))[-VIEWS:]
        until = max(view.time for view in views) + longest
        courses.save(unit, customer, msgspec.structs.replace(row, views=views, views_until=until))
        for name, within in self.within.items():
            times = sum(1 for view in views if view.topic == topic and time - within < view.time <= time)
            fields: dict[str, Value] = {"topic": topic, "times": times, "channel": event.channel or ""}
            happening = Happening("help", topic, event.id, time, fields)
            self.journeys.happened(unit, customer, happening, name)

    def still_out(self, unit: Unit, customer: str, outage: Incident, time: int) -> None:
        """A customer says, at `time` (epoch ms), that service is not back after an outage."""
        fields: dict[str, Value] = {"outage_id": outage.outage_id, "restored": outage.ended or time}
        self._tell(unit, customer, "still_out", outage.outage_id, time, fields)

    def restored(self, unit: Unit, proposal: Proposal) -> None:
        """A customer is told that an outage is over."""
        outage, person = proposal.outage, proposal.person
        if outage is None or (self.agreed_only and (person is None or not person.has_consents)):
            return
        ended = outage.ended or unit.now
        fields: dict[str, Value] = {
            "outage_id": outage.outage_id,
            "started": outage.started,
            "restored": ended,
            "duration_s": (ended - outage.started) / 1000,
            "place": outage.region,
        }
        self._tell(unit, proposal.customer, "restored", outage.outage_id, unit.now, fields)

    def bill(self, unit: Unit, customer: str, event: Bill, *, shock: bool) -> None:
        """A bill is written; `shock`: it is far above the usual ones."""
        fields: dict[str, Value] = {
            "bill_id": event.bill_id,
            "amount": float(event.amount),
            "currency": event.currency,
            "shock": shock,
        }
        if (due := self._due(unit, customer, event.due)) is not None:
            fields["due"] = due
        self._tell(unit, customer, "bill", event.bill_id, to_ms(event.time), fields)

    def crossed(self, unit: Unit, customer: str, crossing: Crossing) -> None:
        """A share of an allowance is used up, or will be."""
        fields: dict[str, Value] = {
            "alert_id": crossing.alert_id,
            "kind": crossing.kind,
            "bucket": crossing.bucket,
            "percent": float(crossing.percent),
            "cycle_end": crossing.cycle_end,
        }
        self._tell(unit, customer, "usage", crossing.alert_id, crossing.time, fields, crossing.incident)

    def _due(self, unit: Unit, customer: str, due: str | int | None) -> int | None:
        """Epoch ms at which the day begins by which a bill is to be paid; None when it does not say, or in prose."""
        if due is None or isinstance(due, int):
            return due
        person = self.customers.get(unit, customer)
        zone = zone_of(person.time_zone if person is not None else None, self.journeys.policy.default_time_zone)
        try:
            return day_begins(date.fromisoformat(due[:10]), zone)
        except ValueError:
            return None

    def _tell(
        self,
        unit: Unit,
        customer: str,
        event: str,
        subject: str,
        time: int,
        fields: dict[str, Value],
        incident: str | None = None,
    ) -> None:
        if self.journeys.wanted(event):
            self.journeys.happened(unit, customer, Happening(event, subject, incident or subject, time, fields))
