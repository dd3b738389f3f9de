"""Wishes: STOP, START and HELP that a customer texts back are done at once, and answered.

    customers.interactions: reply by sms, nothing but a keyword
        ├─ stop ──> refuses everything by sms      ┐ own layer, in this unit; and a patch on customers.preferences
        ├─ start ─> allows service messages by sms ┘
        └─ stop, start, help ──> Proposal(choice, stopped | started | helped, incident = the reply's id) ──> pipeline

A reply whose `topic` is its wish was answered by who brought it (the SMS channel answers while the link is open). START
gives back no marketing consent: that needs more than a word. Invariant: whoever texts STOP gets no further text that
they can refuse but the answer, from the very next record on.
"""

from __future__ import annotations

import msgspec

from forewarn.alerts import lines
from forewarn.alerts.contexts import ChoiceContext
from forewarn.alerts.customers import Customer
from forewarn.alerts.keywords import Wish, keyword
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.policy import ms
from forewarn.alerts.proposal import Proposal
from forewarn.alerts.proposing import Known, Proposing
from forewarn.alerts.told import Entry
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.customers import Consent, Interaction, Preference
from forewarn.topics.instants import to_ms

CHANNEL = "sms"
STAGES: dict[Wish, str] = {"stop": "stopped", "start": "started", "help": "helped"}
#: Purpose that a word is about, and whether it is granted.
CONSENTS: dict[Wish, tuple[str, bool]] = {"stop": ("*", False), "start": ("service", True)}
_json = msgspec.json.Encoder().encode


class Wishes(Proposing):
    """The keywords of one partition's customers."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        known: Known,
    ) -> None:
        super().__init__(known)
        self.pipeline = pipeline

    def take(self, unit: Unit, customer: str, event: Interaction, recorded: int) -> bool:
        """Does what a reply asks for; True when it changed what the customer chose. `recorded`: epoch ms."""
        found = keyword(event.text or "") if event.kind == "reply" and event.channel == CHANNEL else None
        if found is None:
            return False
        answered = event.topic == found.wish
        changed = found.wish in CONSENTS and self._choose(unit, customer, event, found.wish, recorded, known=answered)
        if not answered:
            self._answer(unit, customer, event, STAGES[found.wish])
        return changed

    def _choose(self, unit: Unit, customer: str, event: Interaction, wish: Wish, recorded: int, *, known: bool) -> bool:
        """Folds the choice, and tells others of it unless they know."""
        purpose, granted = CONSENTS[wish]
        consent = Consent(purpose, CHANNEL, granted, CHANNEL, event.time)
        patch = Preference(time=event.time, source=CHANNEL, consents=(consent,))
        changed = self.customers.preference(unit, customer, patch, recorded)
        if changed and not known:
            unit.emit("customers.preferences", customer.encode(), _json(patch))
        return changed

    def _answer(self, unit: Unit, customer: str, event: Interaction, stage: str) -> None:
        valid_until = to_ms(event.time) + ms(self.pipeline.rules.policy.answer_valid_s)
        person = self.customers.get(unit, customer)
        entries = self.told.entries(unit, customer)
        fresh = Entry("choice", event.id, expires=valid_until)
        proposal = Proposal(
            kind="choice",
            stage=stage,
            incident=event.id,
            customer=customer,
            now=unit.now,
            context=ChoiceContext(),
            valid_until=valid_until,
            evidence={"reply": event.id},
            entry=next((e for e in entries if (e.kind, e.incident) == ("choice", event.id)), fresh),
            person=person,
            entries=entries,
            out=lines.out(self.incidents, person),
            bad_contacts=self._bad(unit, person),
            paused=self.controls.paused("choice"),
            asked_for=True,
        )
        self.pipeline.consider(unit, proposal)

    def _bad(self, unit: Unit, person: Customer | None) -> frozenset[str]:
        """Channels that do not work: not the one by which the customer has just written."""
        return self.contacts.bad(unit, person) - {CHANNEL}
