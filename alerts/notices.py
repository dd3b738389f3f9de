"""What one customer is to be told about one outage, given everything that is known now.

    walk over the outage ─┐
    profile, opt-in ──────┼──> visit(outage, customer) ──> Proposal ──> pipeline
    outcome of a message ─┘

`visit` compares what is with what was told and proposes what is missing; visiting again changes nothing. A customer
who was told `confirmed` is owed a `restored` when the outage is over, or when none of their elements has been in its
set for the hysteresis, be it that the element recovered or that the customer moved. Meanwhile they are owed the truth
about the time that they were promised (`promises.py`). Whoever was told both and is out again, because the outage was
reopened or their element fell again, is told anew, each message as a class of its own.
"""

from __future__ import annotations

import msgspec

from forewarn.alerts import lines, promises
from forewarn.alerts.companions import broken, companions, outage_context, outage_evidence, working
from forewarn.alerts.customers import Customer
from forewarn.alerts.incidents import Incident
from forewarn.alerts.ledger import Outcome
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.policy import ms
from forewarn.alerts.proposal import Proposal
from forewarn.alerts.proposing import Known, Proposing
from forewarn.alerts.reasons import Reason
from forewarn.alerts.subscription import is_critical
from forewarn.alerts.told import Entry, Status, entry_of
from forewarn.alerts.turns import reopening
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.topics.events.outages import Affected

#: Name of the timer of a told customer who moved away; its subject is `<outage>/<customer>`.
MOVED = "notice.moved"
#: Name of the timer of a promise that passes; its subject is the outage.
PROMISED = "outage.promised"
#: After every instant (epoch ms).
LATER = 1 << 62


class Notices(Proposing):
    """Outage notices of one partition."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        known: Known,
    ) -> None:
        super().__init__(known)
        self.pipeline = pipeline
        self.policy = pipeline.rules.policy
        self.deferrals = pipeline.deferrals
        self.deferrals.add("outage", lambda unit, customer, entry: self.visit(unit, entry.incident, customer))

    def members(self, outage: str) -> set[str]:
        """Whom an outage concerns: the customers of its elements, and who has heard of it or of one merged into it."""
        merged = (incident for incident in self.incidents.by_id.values() if incident.state == "merged")
        heard = [outage, *(part.outage_id for part in merged if self.incidents.heir(part).outage_id == outage)]
        return self.customers.of(self.incidents.concerned(outage)).union(
            *(self.told.by_incident.get(incident, ()) for incident in heard)
        )

    def visit(self, unit: Unit, outage: str, customer: str) -> None:
        """Proposes to a customer what the outage's state asks for."""
        incident = self.incidents.by_id.get(outage)
        if incident is None:
            return
        person, entry = self.customers.get(unit, customer), self._entry(unit, incident, customer)
        if incident.state == "merged" and incident.merged_into is not None:
            return  # the told-record is taken over by the outage it was merged into
        turn = entry.turn(incident.reopened)
        again = reopening(turn)
        if incident.over:
            if entry.message("confirmed", again) is not None and not entry.settled("restored", again):
                self._propose(unit, incident, customer, person, entry, "restored", incident.ended, again)
        elif entry.owed("confirmed", again):
            if gone := self._gone(unit, incident, person, entry):
                self._propose(unit, incident, customer, person, entry, "restored", gone, again)
            else:
                self._update(unit, incident, customer, person, entry, turn)
        elif self._to_be_told(unit, incident, person, entry, again) and (not turn or self._broken(incident, person)):
            self._propose(unit, incident, customer, person, entry, "confirmed", None, again)

    def _to_be_told(
        self, unit: Unit, incident: Incident, person: Customer | None, entry: Entry, class_: str | None
    ) -> bool:
        """Whether the outage is to be told, and the customer does not know."""
        return incident.telling and self._waited(unit, incident, person) and not entry.settled("confirmed", class_)

    def handed_over(self, unit: Unit, customer: str, notification: str) -> None:
        """A message reached the channel: what has changed since it was decided is told now."""
        for entry in self.told.entries(unit, customer):
            confirmed = entry.message("confirmed", reopening(entry.turn())) if entry.kind == "outage" else None
            if confirmed is not None and confirmed.id == notification and entry.incident in self.incidents.by_id:
                incident = self.incidents.by_id[entry.incident]
                if promises.news(self.policy, incident, confirmed.promise, unit.now):
                    self.visit(unit, entry.incident, customer)

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
        """Drops the told-record of an outage that is long over, unless the customer is still to be told of its end."""
        told = entry_of(self.told.entries(unit, customer), outage).messages
        if any(m.stage == "restored" and m.deferred for m in told):
            return
        self.deferrals.lapse(unit, customer, "outage", outage, LATER)
        self.told.remove(unit, customer, outage)

    def awaited(self, outage: str) -> bool:
        """Whether any customer is still to be told something of an outage that is long over."""
        return bool(self.told.by_incident.get(outage))

    def _waited(self, unit: Unit, incident: Incident, person: Customer | None) -> bool:
        """Whether the group wait is over; what is critical waits for nothing."""
        over = incident.notify_after is not None and unit.now >= incident.notify_after
        return over or (person is not None and is_critical(self.policy, "outage", person))

    def _follow(self, unit: Unit, customer: str, entry: Entry, *, away: bool) -> None:
        """Notes since when a told customer is away from the outage, and sets the timer that ends the wait."""
        if away == bool(entry.left) or not entry.awaits_end:
            return
        self.told.put(unit, customer, msgspec.structs.replace(entry, left=unit.now if away else 0))
        if away:
            unit.arm(unit.now + ms(self.policy.left_hysteresis_s), f"{entry.incident}/{customer}", MOVED)

    def _gone(self, unit: Unit, incident: Incident, person: Customer | None, entry: Entry) -> int:
        """Since when (epoch ms) none of the customer's elements is in the set, if for long enough; else 0."""
        if self._broken(incident, person):
            return 0
        elements = [service.element for service in person.services] if person is not None else []
        left = self.incidents.left(incident.outage_id)
        since = max((left[element] for element in elements if element in left), default=entry.left)
        return since if since and unit.now - since >= ms(self.policy.left_hysteresis_s) else 0

    def _broken(self, incident: Incident, person: Customer | None) -> bool:
        """Whether the outage has anything of the customer's down."""
        services = person.services if person is not None else ()
        return any(self.incidents.down(incident.outage_id, service.element) for service in services)

    def _entry(self, unit: Unit, incident: Incident, customer: str) -> Entry:
        """The customer's entry; entries of outages merged into this one are taken over, `confirmed` as told."""
        entry = entry_of(entries := self.told.entries(unit, customer), incident.outage_id)
        for other in entries:
            part = self.incidents.by_id.get(other.incident) if other.kind == "outage" else None
            if part is None or part.state != "merged" or self.incidents.heir(part) is not incident:
                continue
            self.deferrals.lapse(unit, customer, "outage", other.incident, LATER)
            self.told.remove(unit, customer, other.incident)
            confirmed = other.message("confirmed", reopening(other.turn()))
            if confirmed is not None and confirmed.owed and not entry.awaits_end:
                told = promises.last(other) or confirmed
                class_ = reopening(entry.turn(incident.reopened))
                entry = entry.noted(msgspec.structs.replace(confirmed, class_=class_, promise=told.promise))
                self._promised(unit, incident, told.promise)
                self.told.put(unit, customer, entry)
        return entry

    def _update(
        self, unit: Unit, incident: Incident, customer: str, person: Customer | None, entry: Entry, turn: int
    ) -> None:
        """Proposes what is to be said about the time that a customer was promised."""
        told = entry.message("confirmed", reopening(turn))
        shadow = told is not None and told.reason == Reason.SHADOW
        if not incident.telling or told is None or (told.status != Status.TOLD and not shadow):
            return
        due = promises.update(self.policy, incident, entry, unit.now, turn)
        if due is not None:
            self._propose(unit, incident, customer, person, entry, due[0], None, due[1])

    def _promised(self, unit: Unit, incident: Incident, promise: int) -> None:
        """Notes that customers know this time, and sets the timer at which it has passed."""
        incident = self.incidents.by_id[incident.outage_id]
        if promise not in incident.promises:
            kept = tuple(sorted({*incident.promises, promise}))
            self.incidents.save(unit, msgspec.structs.replace(incident, promises=kept))
            if promise:
                unit.arm(promise + ms(self.policy.group_wait_s), incident.outage_id, PROMISED)

    def _noticed(self, unit: Unit, incident: Incident) -> None:
        """Says once when the first customer of this partition was told of the outage."""
        incident = self.incidents.by_id[incident.outage_id]
        if not incident.noticed:
            self.incidents.save(unit, msgspec.structs.replace(incident, noticed=True))
            ledger = self.pipeline.ledger
            told = Affected(incident.outage_id, incident.revision, ledger.partition, unit.now, noticed=unit.now)
            ledger.affected(unit, told)

    def _propose(
        self,
        unit: Unit,
        incident: Incident,
        customer: str,
        person: Customer | None,
        entry: Entry,
        stage: str,
        restored: int | None,
        class_: str | None,
        lead: str = "",
    ) -> None:
        entries, up = self.told.entries(unit, customer), working(self.incidents, person)
        also = companions(self.incidents, incident, person, entries) if stage == "confirmed" and not lead else ()
        before, current = self._promises(unit, incident, entry, stage)
        current = promises.covering(self.policy, current, also, unit.now)
        proposal = Proposal(
            kind="outage",
            stage=stage,
            incident=incident.outage_id,
            customer=customer,
            now=unit.now,
            class_=class_,
            context=outage_context(incident, restored, current, before, also),
            valid_until=self._valid_until(unit, stage, current),
            evidence=outage_evidence(incident, also),
            entry=entry,
            person=person,
            entries=entries,
            outage=incident,
            broken=broken(self.incidents, incident, person),
            working=up,
            out=lines.out_of(person.services if person is not None else (), up),
            bad_contacts=self.contacts.bad(unit, person),
            paused=self.controls.paused("outage"),
            promise=before if stage == "overdue" else current,
            lead=lead,
        )
        self._considered(unit, incident, proposal, also, self.pipeline.consider(unit, proposal))

    def _digested(
        self, unit: Unit, lead: Incident, customer: str, person: Customer | None, also: tuple[Incident, ...]
    ) -> None:
        """Notes of the outages that a message told of besides its own that they are said."""
        for other in also:
            entry = self._entry(unit, other, customer)
            class_ = reopening(entry.turn(other.reopened))
            self._propose(unit, other, customer, person, entry, "confirmed", None, class_, lead.outage_id)

    def _outlasting(self, unit: Unit, customer: str) -> None:
        """The customer was told that an outage is over: those that were told of in its message may go on."""
        for entry in self.told.entries(unit, customer):
            if any(message.reason == Reason.DIGESTED and message.stage == "confirmed" for message in entry.messages):
                self.visit(unit, entry.incident, customer)

    def _considered(
        self, unit: Unit, incident: Incident, proposal: Proposal, also: tuple[Incident, ...], outcome: Outcome
    ) -> None:
        """Notes the first notice of an outage, what was promised, and what becomes of others by it."""
        if proposal.stage == "confirmed" and outcome == "sent":
            self._noticed(unit, incident)
            self._digested(unit, incident, proposal.customer, proposal.person, also)
        elif proposal.stage == "restored" and outcome == "sent":
            self._outlasting(unit, proposal.customer)
        if proposal.stage in promises.PROMISING and (outcome == "sent" or self.pipeline.rules.mode == "shadow"):
            self._promised(unit, incident, proposal.promise)

    def _promises(self, unit: Unit, incident: Incident, entry: Entry, stage: str) -> tuple[int, int]:
        """The time that was promised last, and the one that is now (epoch ms, 0: none); `restored` promises nothing."""
        if stage == "restored":
            return 0, 0
        told = promises.last(entry)
        return told.promise if told is not None else 0, promises.promise(self.policy, incident, unit.now)

    def _valid_until(self, unit: Unit, stage: str, promise: int) -> int:
        """Until when (epoch ms) the message is worth sending; a new time no longer than until then."""
        if stage == "restored":
            return unit.now + ms(self.policy.restored_valid_s)
        limit = unit.now + ms(self.policy.outage_valid_s)
        return min(limit, promise) if stage in ("estimated", "re_estimated") else limit
