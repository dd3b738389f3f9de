"""Customers who reply that they are still out: recognised, and passed on to correlate.

    customers.interactions: reply "sigue sin internet" ─┐
    the outage of their element was restored ───────────┴──> outages.affected: StillOut ──> correlate

The words are the policy's, by language, compared without case and accents. Invariant: a reply says nothing about an
outage that the customer was not in, or that ended too long ago.
"""

from __future__ import annotations

import unicodedata
from hashlib import blake2b

from forewarn.alerts.customers import Customers
from forewarn.alerts.incidents import Incident, Incidents
from forewarn.alerts.ledger import Ledger
from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.customers import Interaction
from forewarn.topics.events.outages import StillOut
from forewarn.topics.instants import to_ms

#: Topics by which a form or bot says that a reply is about this.
TOPICS = frozenset({"still out", "still_out", "still-out"})


class Replies:
    """The replies of one partition's customers."""

    def __init__(self, policy: AlertPolicy, *, customers: Customers, incidents: Incidents, ledger: Ledger) -> None:
        self.policy = policy
        self.customers = customers
        self.incidents = incidents
        self.ledger = ledger
        self.words = tuple(plain(word) for words in policy.still_out_words.values() for word in words)
        self.denials = tuple(plain(word) for words in policy.works_words.values() for word in words)

    def take(self, unit: Unit, customer: str, event: Interaction) -> Incident | None:
        """Passes on what a reply says about the customer's last outage, if it says that it is not over; returns it."""
        person = self.customers.get(unit, customer) if event.kind == "reply" and self._still_out(event) else None
        if person is None:
            return None
        time = to_ms(event.time)
        elements = [service.element for service in person.services]
        ended = [each for each in self.incidents.concerning(elements) if self._recent(each, time)]
        if not ended:
            return None
        incident = max(ended, key=lambda each: (each.ended or 0, each.outage_id))
        concerned = self.incidents.concerned(incident.outage_id)
        for element in dict.fromkeys(element for element in elements if element in concerned):
            hashed = blake2b(customer.encode(), digest_size=8).hexdigest()
            said = StillOut(incident.outage_id, element, incident.region, hashed, time, self.ledger.partition)
            self.ledger.affected(unit, said)
        return incident

    def _recent(self, incident: Incident, time: int) -> bool:
        if incident.state not in ("restored", "closed") or incident.confirmed is None or incident.ended is None:
            return False
        return incident.ended <= time <= incident.ended + ms(self.policy.still_out_s)

    def _still_out(self, event: Interaction) -> bool:
        text = plain(event.text or "")
        if any(word in text for word in self.words):
            return True
        asked = (event.topic or "").casefold() in TOPICS
        return asked and not any(text == word or text.startswith(f"{word} ") for word in self.denials)


def plain(text: str) -> str:
    """Text in lower case, without accents, punctuation and double spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return " ".join(kept.split())
