"""Customers who are alike: what one of them was told is told to all, with their own names in it.

    customer ──> likeness ──┬─ not met yet ──> judged; of what that wrote, a mould is taken ──┐
                            ├─ met ──────────> the mould, filled with the customer's names <──┘
                            └─ none ─────────> judged

Most customers of a large outage differ in their names and addresses alone. A likeness is all that the stages and the
customer's standing look at otherwise: services and what of them is broken, channels, language, zone, choices, consents.
Whoever has a past that matters (was told something, has an open case, a bad contact, nearly full caps) is like nobody.

Invariant: a filled mould is, byte for byte, what judging would have written. A mould is good for one unit, and while
the outage's header stays as it is; none is taken where lists, caps or rates may treat those who are alike differently.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from forewarn.alerts import circumstances, contacts, told
from forewarn.alerts.customers import Customer
from forewarn.alerts.incidents import Incident
from forewarn.alerts.mould import Mould, mould_of
from forewarn.alerts.notices import Notices
from forewarn.alerts.standing import Standings
from forewarn.stream.engine.unit import Output, Unit

Judge = Callable[[Unit, str, str], None]

#: Where the table keeps what was told to a customer, what goes on with them, and which contacts do not work.
PASTS = (told.PREFIX, circumstances.PREFIX, contacts.PREFIX)


class Alike:
    """Visits the customers of outages on behalf of `judge`, which is asked once for all who are alike."""

    def __init__(self, notices: Notices, standings: Standings, judge: Judge) -> None:
        self.judge = judge
        self.standings = standings
        self.customers = notices.customers
        self.incidents = notices.incidents
        self.told = notices.told
        self.caps = notices.pipeline.caps
        rules = notices.pipeline.rules
        capped = "outage" not in rules.policy.uncapped_kinds
        #: Whether those who are alike are treated alike: not if some are on a list, or have heard more, or have slots.
        self.enabled = rules.mode == "live" and not (capped or rules.policy.channel_rates)
        #: Customers who were told by a mould since the partition was opened.
        self.filled = 0
        self._unit: Unit | None = None
        self._incident: Incident | None = None
        self._moulds: dict[Hashable, Mould | None] = {}

    def visit(self, unit: Unit, outage: str, customer: str) -> None:
        """Does what `judge` does."""
        incident = self.incidents.by_id.get(outage)
        person = self._without_a_past(unit, customer) if incident is not None and incident.telling else None
        likeness = self._likeness(incident, person) if incident is not None and person is not None else None
        if person is None or likeness is None:
            self.judge(unit, outage, customer)
            return
        if unit is not self._unit or incident is not self._incident:
            self._unit, self._incident, self._moulds = unit, incident, {}
        if likeness not in self._moulds:
            self._moulds[likeness] = self._judged(unit, outage, customer)
        elif (mould := self._moulds[likeness]) is not None:
            self._fill(unit, mould, outage, person)
        else:
            self.judge(unit, outage, customer)

    def _judged(self, unit: Unit, outage: str, customer: str) -> Mould | None:
        """Has a customer judged, and takes a mould of what that wrote, if it can be written for others."""
        draft = unit.draft()
        self.judge(draft, outage, customer)
        unit.include(draft)
        return mould_of(draft, customer)

    def _fill(self, unit: Unit, mould: Mould, outage: str, person: Customer) -> None:
        """Writes for a customer what was written for one who is alike."""
        self.filled += 1
        name, cast = person.id.encode(), mould.cast(person.id, person.address(mould.channel) or "", unit.now)
        if mould.counts:
            self.caps.spend(unit, person.id, mould.kind, mould.channel)
        unit.outputs.append(Output("notifications", name, cast.notification, mould.partitions))
        unit.outputs.append(Output("decisions", name, cast.decision, mould.partitions))
        self.told.put_first(unit, person.id, outage, cast.told)
        self.standings.write(unit, person.id, cast.standing)

    def _without_a_past(self, unit: Unit, customer: str) -> Customer | None:
        """The customer, if nothing is known of them that makes them unlike others."""
        name, get = customer.encode(), unit.get
        if not self.enabled or any(get(prefix + name) is not None for prefix in PASTS):
            return None
        person = self.customers.get(unit, customer)
        if person is not None and person.has_consents and not self.caps.roomy(unit, customer, "marketing", more=1):
            return None  # how much they have heard is in their standing
        return person

    def _likeness(self, incident: Incident, person: Customer) -> Hashable | None:
        """All that matters of a customer but names; None when another outage concerns them, too."""
        outage, by_element, services = incident.outage_id, self.incidents.by_element, person.services
        elements, names = [s.element for s in services], [s.service_id for s in services]
        lines = []
        for service in services:
            found = by_element.get(service.element)
            if found is not None and (len(found) > 1 or not self.incidents.down(outage, service.element)):
                return None
            which = elements.index(service.element), names.index(service.service_id)
            lines.append((service.kind, found is not None, which))
        reached = person.profile.contacts
        return (
            tuple(lines),
            (bool(reached.email), bool(reached.phone), bool(reached.push), bool(reached.webhook)),
            (person.profile.segment, person.locale, person.time_zone),
            (person.subscription("outage"), person.quiet_hours, person.consents),
        )
