"""Messages: what a step says, as a proposal for the pipeline.

    course + step ──> context: of the message's kind, where its event knows what that kind speaks of (`COMPOSERS`)
                               else the event's own fields, for a stage of a policy's own

Invariant: the same course at the same step gives the same context, whenever it is proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from forewarn.alerts import lines
from forewarn.alerts.companions import broken, outage_context, working
from forewarn.alerts.contexts import (
    CONTEXTS,
    AppointmentContext,
    Context,
    ContractContext,
    JourneyContext,
    Suggestion,
    SurveyContext,
)
from forewarn.alerts.customers import Customer
from forewarn.alerts.incidents import Incident, Incidents
from forewarn.alerts.journeys.course import Course
from forewarn.alerts.journeys.journey import Journey, Step
from forewarn.alerts.journeys.walk import valid_until
from forewarn.alerts.local_hours import zone_of
from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.alerts.proposal import Proposal
from forewarn.alerts.proposing import Known, Proposing
from forewarn.alerts.told import Entry, entry_of
from forewarn.alerts.turns import reopening
from forewarn.stream.engine.unit import Unit
from forewarn.topics.instants import to_rfc3339

_KINDS: tuple[Literal["technician", "install", "store", "callback"], ...] = (
    "technician",
    "install",
    "store",
    "callback",
)


def visit(course: Course) -> AppointmentContext:
    """An appointment, with the window it had before it was moved."""
    kind = str(course.fields.get("kind"))
    start, end = _instant(course, "start"), _instant(course, "end")
    before = {name: course.before.get(name) for name in ("start", "end")}
    moved = all(isinstance(at, int) for at in before.values()) and (before["start"], before["end"]) != (start, end)
    return AppointmentContext(
        kind=next(known for known in _KINDS if known == kind),
        start=start,
        end=end,
        previous_start=int(before["start"] or 0) if moved else None,
        previous_end=int(before["end"] or 0) if moved else None,
    )


def offered(course: Course) -> AppointmentContext:
    """A technician, at no time yet."""
    return AppointmentContext(kind="technician")


def ending(course: Course) -> ContractContext:
    """A contract, and how its plan fitted."""
    fields = course.fields
    use = fields.get("use")
    return ContractContext(
        ends=_instant(course, "ends") or 0,
        plan=str(fields.get("plan", "")),
        use="over" if use == "over" else "fits" if use == "fits" else "",
        suggestion=Suggestion(
            kind="plan",
            name=str(fields["suggested"]),
            price=float(fields["price"]),
            currency=str(fields["currency"]),
        )
        if "suggested" in fields
        else None,
    )


def after_outage(course: Course) -> SurveyContext:
    """A question about an outage."""
    started = _instant(course, "started") or course.time
    return SurveyContext(about="outage", time=started, place=str(course.fields.get("place", "")))


def after_visit(course: Course) -> SurveyContext:
    """A question about an appointment."""
    return SurveyContext(about="appointment", time=_instant(course, "start") or course.time)


#: By event and kind of message: what makes its context. Messages of outages are made of the outage itself.
COMPOSERS: Mapping[tuple[str, str], Callable[[Course], Context]] = {
    ("appointment", "appointment"): visit,
    ("help", "appointment"): offered,
    ("contract", "contract"): ending,
    ("restored", "survey"): after_outage,
    ("appointment", "survey"): after_visit,
}
#: By event: the one message of an outage that it may have said.
OF_OUTAGES = {"help": "outage/confirmed", "still_out": "outage/still_out"}


def composable(event: str, say: str) -> bool:
    """Whether a message that comes with Forewarn can be said of such an event."""
    return OF_OUTAGES.get(event) == say or (event, say.partition("/")[0]) in COMPOSERS


class Messages(Proposing):
    """Makes proposals of one partition's courses."""

    def __init__(
        self,
        policy: AlertPolicy,
        *,
        known: Known,
    ) -> None:
        super().__init__(known)
        self.policy = policy

    def proposal(self, unit: Unit, customer: str, journey: Journey, course: Course, step: Step) -> Proposal | None:
        """The proposal of a step's message; None when what it is about is no more."""
        person = self.customers.get(unit, customer)
        outage = self._outage(course, person) if step.kind == "outage" else None
        if step.kind == "outage" and outage is None:
            return None
        entries = self.told.entries(unit, customer)
        entry = self.entry(entries, course, step, outage)
        up = working(self.incidents, person)
        zone = zone_of(person.time_zone if person is not None else None, self.policy.default_time_zone)
        worth = min(valid_until(journey, course, step, zone), unit.now + ms(self.policy.journey_valid_s))
        return Proposal(
            kind=step.kind,
            stage=step.stage,
            class_=_class(course, step, entry),
            incident=entry.incident,
            customer=customer,
            now=unit.now,
            context=self._context(journey, course, step, outage),
            valid_until=worth,
            evidence=_evidence(course, step),
            entry=entry,
            person=person,
            entries=entries,
            outage=outage,
            broken=broken(self.incidents, outage, person) if outage is not None else (),
            working=up,
            out=lines.out_of(person.services if person is not None else (), up),
            bad_contacts=self.contacts.bad(unit, person),
            paused=self.controls.paused(step.kind),
        )

    def entry(self, entries: tuple[Entry, ...], course: Course, step: Step, outage: Incident | None) -> Entry:
        """What the customer was told of the course's incident in messages of the step's kind."""
        if outage is not None:
            return entry_of(entries, outage.outage_id)
        known = entry_of(entries, course.incident, step.kind)
        return known if known.messages else Entry(step.kind, course.incident, expires=course.known_until)

    def keep(self, unit: Unit, customer: str, journey: Journey, course: Course) -> None:
        """Has what was told of a course remembered for as long as the course is."""
        kinds = {step.kind for step in journey.steps if step.say} - {"outage"}
        until = course.known_until
        for entry in self.told.entries(unit, customer):
            if entry.kind in kinds and entry.incident == course.incident and 0 < entry.expires < until:
                self.told.put(unit, customer, msgspec.structs.replace(entry, expires=until))

    def settled(self, unit: Unit, customer: str, course: Course, step: Step) -> bool:
        """Whether a step's message was told, or time has overtaken it."""
        entry = entry_of(self.told.entries(unit, customer), course.incident, step.kind)
        return entry.settled(step.stage, _class(course, step, entry))

    def _context(self, journey: Journey, course: Course, step: Step, outage: Incident | None) -> Context:
        if outage is not None:
            return outage_context(outage, outage.ended)
        if (step.kind, step.stage) in CONTEXTS:
            return COMPOSERS[journey.trigger.event, step.kind](course)
        return JourneyContext(fields={**course.fields, "time": course.time})

    def _outage(self, course: Course, person: Customer | None) -> Incident | None:
        """The outage that a message is about: the event's, else the one that the customer is in."""
        if (outage := self.incidents.by_id.get(course.subject)) is not None:
            return outage
        return theirs(self.incidents, person, "confirmed")


def theirs(incidents: Incidents, person: Customer | None, want: str) -> Incident | None:
    """The latest outage that has anything of the customer's down, `confirmed` or only `suspected`."""
    elements = [service.element for service in person.services] if person is not None else []
    found = [
        incident
        for incident in incidents.concerning(elements)
        if not incident.over and any(incidents.down(incident.outage_id, element) for element in elements)
    ]
    wanted = [one for one in found if (one.state in ("suspected", "unknown")) == (want == "suspected")]
    return max(wanted, key=lambda one: (one.started, one.outage_id), default=None)


def _class(course: Course, step: Step, entry: Entry) -> str | None:
    """The message's class; of an outage that came back, which time it is."""
    if step.kind != "outage":
        return course.class_of(step)
    turn = entry.turn()
    return reopening(max(0, turn - 1) if step.stage == "still_out" else turn)


def _evidence(course: Course, step: Step) -> dict[str, object]:
    """What the decision rested on."""
    rested: dict[str, object] = {"journey": course.journey, "step": step.name, "event": to_rfc3339(course.time)}
    if (start := _instant(course, "start")) is not None:
        rested["start"] = to_rfc3339(start)
    return rested


def _instant(course: Course, name: str) -> int | None:
    value = course.fields.get(name)
    return value if isinstance(value, int) else None
