"""The ledger: one row in `decisions` for every message and marketing request considered, and what goes out with it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from forewarn.alerts.proposal import Proposal, digest
from forewarn.alerts.reasons import Reason
from forewarn.alerts.told import Entry, Message
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.messages import CustomerAnswer, Decision, MarketingAnswer, Notification
from forewarn.topics.events.obligations import Obligation
from forewarn.topics.events.outages import Affected, StillOut
from forewarn.topics.instants import to_rfc3339

Outcome = Literal["sent", "deferred", "dropped", "held", "approved"]

#: Exact amounts stay numbers.
ENCODE = msgspec.json.Encoder(decimal_format="number").encode
#: An `as_of` that is not filled in yet. No text can hold it: quotes inside one are escaped.
AS_OF = b'"as_of":""'


class Answered(Struct, frozen=True):
    """An answer: the reply's id, time (epoch ms) and channel, and the message that it answers, if that is known."""

    reply: str
    time: int
    kind: str
    stage: str
    channel: str | None = None
    incident: str | None = None
    notification: str | None = None


class Ledger(Struct, frozen=True):
    """Writes outputs of one customer partition; everything goes to the partition's own number."""

    partition: int
    policy: str

    def notification(self, unit: Unit, proposal: Proposal, outcome: Outcome, reason: Reason, rule: str | None) -> None:
        """The row of a considered message."""
        self._decision(
            unit,
            proposal.customer,
            Decision(
                decision_id=digest(proposal.id, outcome, reason, str(proposal.now)),
                time=to_rfc3339(proposal.now),
                subject="notification",
                subject_id=proposal.id,
                kind=proposal.kind,
                stage=proposal.stage,
                incident=proposal.incident,
                channel=proposal.channel,
                outcome=outcome,
                reason=reason,
                rule=rule,
                evidence=proposal.evidence,
                policy=self.policy,
            ),
        )

    def lapsed(self, unit: Unit, customer: str, entry: Entry, message: Message, reason: Reason) -> None:
        """The row of a deferred message that nothing came of."""
        self._decision(
            unit,
            customer,
            Decision(
                decision_id=digest(message.id, "dropped", reason, str(unit.now)),
                time=to_rfc3339(unit.now),
                subject="notification",
                subject_id=message.id,
                kind=entry.kind,
                stage=message.stage,
                incident=entry.incident,
                channel=message.channel or None,
                outcome="dropped",
                reason=reason,
                rule="release",
                evidence={"was": message.reason},
                policy=self.policy,
            ),
        )

    def answered(
        self,
        unit: Unit,
        customer: str,
        *,
        about: Answered,
        reason: Reason,
        evidence: dict[str, Any],
    ) -> None:
        """The row of a customer's answer; the same answer gives the same row, whenever it is read."""
        self._emit(
            unit,
            "customers.answers",
            customer,
            CustomerAnswer(
                answer_id=digest(about.reply, customer, "answered", reason),
                time=to_rfc3339(about.time),
                subject="notification",
                subject_id=about.notification or about.reply,
                kind=about.kind,
                stage=about.stage,
                incident=about.incident,
                channel=about.channel,
                outcome="answered",
                reason=reason,
                rule="reply",
                evidence={"reply": about.reply, **evidence},
                policy=self.policy,
            ),
        )

    def marketing(
        self, unit: Unit, customer: str, answer: MarketingAnswer, *, approved: bool, rule: str, evidence: dict[str, Any]
    ) -> None:
        """A marketing answer and its row."""
        topic = "marketing.approved" if approved else "marketing.held"
        outcome: Outcome = "approved" if approved else "held"
        self._emit(unit, topic, customer, answer)
        self._decision(
            unit,
            customer,
            Decision(
                decision_id=digest(answer.request_id, customer, outcome, answer.reason, str(unit.now)),
                time=answer.decided,
                subject="marketing",
                subject_id=answer.request_id,
                kind="marketing",
                channel=answer.channel,
                outcome=outcome,
                reason=answer.reason,
                rule=rule,
                evidence={**evidence, "campaign": answer.campaign, "final": answer.final},
                policy=self.policy,
            ),
        )

    def send(self, unit: Unit, proposal: Proposal) -> None:
        """The notification of a proposal that passed every stage."""
        rendered, channel = proposal.rendered, proposal.channel
        assert rendered is not None
        assert channel is not None
        self._emit(
            unit,
            "notifications",
            proposal.customer,
            Notification(
                notification_id=proposal.id,
                time=to_rfc3339(proposal.now),
                kind=proposal.kind,
                stage=proposal.stage,
                class_=proposal.class_,
                incident=proposal.incident,
                channel=channel,
                to=proposal.to,
                locale=rendered.locale,
                subject=rendered.subject,
                text=rendered.text,
                html=rendered.html,
                valid_until=to_rfc3339(proposal.valid_until),
                critical=proposal.critical,
            ),
        )

    def standing(self, unit: Unit, customer: str, words: bytes | None) -> None:
        """A row of `customers.standing` as encoded without its `as_of`, which is now; None deletes it."""
        value = words.replace(AS_OF, b'"as_of":"%s"' % to_rfc3339(unit.now).encode(), 1) if words is not None else None
        unit.emit("customers.standing", customer.encode(), value, partitions=(self.partition,))

    def affected(self, unit: Unit, counted: Affected | StillOut) -> None:
        """The partition's count of an outage's customers, or one of them who is still out, for correlate."""
        unit.emit("outages.affected", counted.outage_id.encode(), ENCODE(counted), partitions=(0,))

    def obligation(self, unit: Unit, obligation: Obligation) -> None:
        """What a regulator asks about a customer; it goes where its incident's key belongs."""
        unit.emit("obligations", obligation.incident.encode(), ENCODE(obligation))

    def _decision(self, unit: Unit, customer: str, decision: Decision) -> None:
        self._emit(unit, "decisions", customer, decision)

    def _emit(self, unit: Unit, topic: str, customer: str, row: Struct) -> None:
        unit.emit(topic, customer.encode(), ENCODE(row), partitions=(self.partition,))
