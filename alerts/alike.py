"""Customers who are alike: what one of them is told is told to all, with their own names in it.

    customer ──> likeness ──┬─ not met yet ──> judged; of what that wrote, a mould is taken ──┐
                            ├─ met ──────────> the mould, filled with the customer's names <──┘
                            └─ none ─────────> judged

Most customers of a large outage differ in their names and addresses alone. A likeness is all that the stages look at
otherwise: services and what of them is broken, channels, language, zone, choices, consents. Moulds are taken of
customers without a past; one who was told of other things, or whom something else holds from marketing, keeps a
told-record and a standing of their own. Who was told of an outage or of planned work before is like nobody.

Invariant: a filled mould is, byte for byte, what judging would have written. A mould is good for one unit, and while
the outage's header stays as it is; none is taken where lists, caps or rates may treat those who are alike differently.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from forewarn.alerts import circumstances, told
from forewarn.alerts.customers import Customer
from forewarn.alerts.incidents import Incident
from forewarn.alerts.mould import Mould, mould_of
from forewarn.alerts.notices import Notices
from forewarn.alerts.standing import Standings
from forewarn.alerts.told import INDEXED
from forewarn.stream.engine.unit import Output, Unit

Judge = Callable[[Unit, str, str], None]


#: The message that moulds are taken of; while somebody watches for it, each customer is judged.
TOLD = ("outage", "confirmed")


class Alike:
    """Visits the customers of outages on behalf of `judge`, which is asked once for all who are alike."""

    def __init__(self, notices: Notices, standings: Standings, judge: Judge) -> None:
        self.judge = judge
        self.standings = standings
        self.customers = notices.customers
        self.incidents = notices.incidents
        self.contacts = notices.contacts
        self.told = notices.told
        self.caps = notices.pipeline.caps
        self.watches = notices.pipeline.watches
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
        person = self.customers.get(unit, customer) if self.enabled else None
        likeness = self._likeness(unit, incident, person) if incident is not None and person is not None else None
        if person is None or likeness is None:
            self.judge(unit, outage, customer)
            return
        if unit is not self._unit or incident is not self._incident:
            self._unit, self._incident, self._moulds = unit, incident, {}
        plain = self._is_plain(unit, person)
        if plain and likeness not in self._moulds:
            self._moulds[likeness] = self._judged(unit, outage, customer)
        elif (mould := self._moulds.get(likeness)) is not None:
            self._fill(unit, mould, outage, person, plain=plain)
        else:
            self.judge(unit, outage, customer)

    def _judged(self, unit: Unit, outage: str, customer: str) -> Mould | None:
        """Has a customer judged, and takes a mould of what that wrote, if it can be written for others."""
        draft = unit.draft()
        self.judge(draft, outage, customer)
        unit.include(draft)
        return mould_of(draft, customer)

    def _fill(self, unit: Unit, mould: Mould, outage: str, person: Customer, *, plain: bool) -> None:
        """Writes for a customer what was written for one who is alike."""
        self.filled += 1
        name, cast = person.id.encode(), mould.cast(person.id, person.address(mould.channel) or "", unit.now)
        if mould.counts:
            self.caps.spend(unit, person.id, mould.kind, mould.channel)
        unit.outputs.append(Output("notifications", name, cast.notification, mould.partitions))
        unit.outputs.append(Output("decisions", name, cast.decision, mould.partitions))
        if plain:
            self.told.put_first(unit, person.id, outage, cast.told)
            self.standings.write(unit, person.id, cast.standing)
        else:
            (entry,) = told.DECODE(memoryview(cast.told)[1:])
            self.told.put(unit, person.id, entry)
            self.standings.publish(unit, person.id)

    def _is_plain(self, unit: Unit, person: Customer) -> bool:
        """Whether nothing is known of the customer that their told-record or standing would show."""
        name, get = person.id.encode(), unit.get
        if get(told.PREFIX + name) is not None or get(circumstances.PREFIX + name) is not None:
            return False
        return not person.has_consents or self.caps.roomy(unit, person.id, "marketing", more=1)

    def _heard_of(self, unit: Unit, incident: Incident, customer: str) -> bool:
        """Whether what the customer was told may have to do with the outage."""
        return any(
            entry.kind in INDEXED or entry.incident in (incident.outage_id, incident.parent)
            for entry in self.told.entries(unit, customer)
        )

    def _likeness(self, unit: Unit, incident: Incident, person: Customer) -> Hashable | None:
        """All that matters of a customer but names; None when another outage or work does, too."""
        if not incident.telling or TOLD in self.watches or self._heard_of(unit, incident, person.id):
            return None
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
            self.contacts.bad(unit, person),
            (person.profile.segment, person.locale, person.time_zone),
            (person.subscription("outage"), person.quiet_hours, person.consents),
        )
