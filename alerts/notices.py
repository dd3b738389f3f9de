"""What one customer is to be told about one outage, given everything that is known now.

    walk over the outage ─┐
    profile, opt-in ──────┼──> visit(outage, customer) ──> Proposal ──> pipeline
    outcome of a message ─┘

`visit` compares what is with what was told and proposes what is missing; visiting again changes nothing. A customer
who was told `confirmed` is owed a `restored` when the outage is over, or when none of their elements has been in its
set for the hysteresis, be it that the element recovered or that the customer moved.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from forewarn.alerts.contexts import OutageContext
from forewarn.alerts.control import Controls
from forewarn.alerts.customers import Customer, Customers
from forewarn.alerts.incidents import Incident, Incidents
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.policy import ms
from forewarn.alerts.proposal import Proposal
from forewarn.alerts.told import Entry, Told
from forewarn.stream.engine.unit import Timer, Unit

#: Name of the timer of a told customer who moved away; its subject is `<outage>/<customer>`.
MOVED = "notice.moved"


class Notices:
    """Outage notices of one partition."""

    def __init__(
        self, *, pipeline: Pipeline, customers: Customers, incidents: Incidents, told: Told, controls: Controls
    ) -> None:
        self.pipeline = pipeline
        self.policy = pipeline.rules.policy
        self.customers = customers
        self.incidents = incidents
        self.told = told
        self.controls = controls

    def members(self, outage: str) -> set[str]:
        """Whom an outage concerns: the customers of its elements, and who has heard of it or of one merged into it."""
        heard = [outage, *(i.outage_id for i in self.incidents.by_id.values() if i.merged_into == outage)]
        return self.customers.of(self.incidents.concerned(outage)).union(
            *(self.told.by_incident.get(incident, ()) for incident in heard)
        )

    def visit(self, unit: Unit, outage: str, customer: str) -> None:
        """Proposes to a customer what the outage's state asks for."""
        incident = self.incidents.by_id.get(outage)
        if incident is None:
            return
        person = self.customers.get(unit, customer)
        entry = self._entry(unit, incident, customer)
        confirmed = entry.message("confirmed")
        if incident.state == "merged" and incident.merged_into is not None:
            return  # the told-record is taken over by the outage it was merged into
        if incident.over:
            if confirmed is not None and not entry.settled("restored"):
                self._propose(unit, incident, customer, person, entry, "restored", incident.ended)
        elif entry.owed("confirmed"):
            if not entry.settled("restored") and (gone := self._gone(unit, incident, person, entry)):
                self._propose(unit, incident, customer, person, entry, "restored", gone)
        elif incident.telling and self._waited(unit, incident) and not entry.settled("confirmed"):
            self._propose(unit, incident, customer, person, entry, "confirmed", None)

    def changed(self, unit: Unit, customer: str) -> None:
        """Judges a customer again whose profile or choices changed, against every outage that concerns them."""
        person = self.customers.get(unit, customer)
        elements = [service.element for service in person.services] if person is not None else []
        concerned = {incident.outage_id for incident in self.incidents.concerning(elements)}
        for entry in self.told.entries(unit, customer):
            if entry.kind == "outage" and entry.incident in self.incidents.by_id:
                self._follow(unit, customer, entry, away=entry.incident not in concerned)
                concerned.add(entry.incident)
        for outage in sorted(concerned):
            self.visit(unit, outage, customer)

    def moved(self, unit: Unit, timer: Timer) -> None:
        """The hysteresis of a customer who moved away is over."""
        outage, customer = timer.subject.split("/", 1)
        self.visit(unit, outage, customer)

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets what the customer was told, and the timers of where they moved from."""
        for entry in self.told.entries(unit, customer):
            if entry.left:
                unit.disarm(entry.left + ms(self.policy.left_hysteresis_s), f"{entry.incident}/{customer}", MOVED)
        self.told.erase(unit, customer)

    def forget(self, unit: Unit, outage: str, customer: str) -> None:
        """Drops the told-record of an outage that is long over."""
        self.told.remove(unit, customer, outage)

    def _waited(self, unit: Unit, incident: Incident) -> bool:
        """Whether the group wait is over."""
        return incident.notify_after is not None and unit.now >= incident.notify_after

    def _follow(self, unit: Unit, customer: str, entry: Entry, *, away: bool) -> None:
        """Notes since when a told customer is away from the outage, and sets the timer that ends the wait."""
        if away == bool(entry.left) or not entry.owed("confirmed") or entry.owed("restored"):
            return
        self.told.put(unit, customer, msgspec.structs.replace(entry, left=unit.now if away else 0))
        if away:
            unit.arm(unit.now + ms(self.policy.left_hysteresis_s), f"{entry.incident}/{customer}", MOVED)

    def _gone(self, unit: Unit, incident: Incident, person: Customer | None, entry: Entry) -> int:
        """Since when (epoch ms) none of the customer's elements is in the set, if for long enough; else 0."""
        outage = incident.outage_id
        elements = [service.element for service in person.services] if person is not None else []
        if any(self.incidents.down(outage, element) for element in elements):
            return 0
        left = self.incidents.left(outage)
        since = max((left[element] for element in elements if element in left), default=entry.left)
        return since if since and unit.now - since >= ms(self.policy.left_hysteresis_s) else 0

    def _entry(self, unit: Unit, incident: Incident, customer: str) -> Entry:
        """The customer's entry; entries of outages merged into this one are taken over, `confirmed` as told."""
        entries = self.told.entries(unit, customer)
        entry = next((e for e in entries if e.incident == incident.outage_id), Entry("outage", incident.outage_id))
        for other in entries:
            merged = self.incidents.by_id.get(other.incident) if other.kind == "outage" else None
            if merged is None or merged.state != "merged" or merged.merged_into != incident.outage_id:
                continue
            confirmed = other.message("confirmed")
            self.told.remove(unit, customer, other.incident)
            if confirmed is not None and confirmed.owed and not entry.owed("confirmed"):
                entry = entry.noted(confirmed)
                self.told.put(unit, customer, entry)
        return entry

    def _propose(
        self,
        unit: Unit,
        incident: Incident,
        customer: str,
        person: Customer | None,
        entry: Entry,
        stage: str,
        restored: int | None,
    ) -> None:
        services = person.services if person is not None else ()
        valid_s = self.policy.restored_valid_s if stage == "restored" else self.policy.outage_valid_s
        proposal = Proposal(
            kind="outage",
            stage=stage,
            incident=incident.outage_id,
            customer=customer,
            now=unit.now,
            context=outage_context(incident, restored),
            valid_until=unit.now + ms(valid_s),
            evidence=outage_evidence(incident),
            entry=entry,
            person=person,
            entries=self.told.entries(unit, customer),
            outage=incident,
            broken=tuple(s for s in services if self.incidents.down(incident.outage_id, s.element)),
            working=tuple(s for s in services if not self.incidents.broken(s.element)),
            paused=self.controls.paused("outage"),
        )
        self.pipeline.consider(unit, proposal)


def outage_context(incident: Incident, restored: int | None) -> OutageContext:
    """What the templates may say. The time named is the latest estimate: the one that is to be kept."""
    return OutageContext(
        started=incident.started,
        place=incident.region,
        restored=restored,
        cause=incident.cause,
        etr=int(datetime.fromisoformat(incident.etr.latest).timestamp() * 1000) if incident.etr is not None else None,
        text=incident.text,
    )


def outage_evidence(incident: Incident) -> dict[str, str | int]:
    """What the decision rested on: the outage's revision, state and place."""
    return {
        "outage_revision": incident.revision,
        "state": incident.state,
        "region": incident.region,
        "element": incident.element,
    }
