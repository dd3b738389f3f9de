"""The pipeline: every message to a customer passes these stages, in this order, or is dropped by one of them.

    Proposal ──> STAGES ──> sent: `notifications` + row     the outcome is remembered in the told-records
                        └─> dropped or deferred: row

Later stages take their places in the same tuple. Invariant: whoever proposes the same message again, after a restart or
a redelivery, gets neither a second notification nor a second identical row.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from forewarn.alerts.affected import affected
from forewarn.alerts.caps import Caps
from forewarn.alerts.channel import channel
from forewarn.alerts.current import current
from forewarn.alerts.deferrals import Deferrals
from forewarn.alerts.digest import digest
from forewarn.alerts.duplicate import duplicate
from forewarn.alerts.frequency_cap import counts, exempt, frequency_cap
from forewarn.alerts.inhibit import inhibit
from forewarn.alerts.ledger import Ledger, Outcome
from forewarn.alerts.materiality import materiality
from forewarn.alerts.pace import Pace
from forewarn.alerts.pair import pair
from forewarn.alerts.pause import pause
from forewarn.alerts.proposal import Defer, Drop, Proposal, Rules
from forewarn.alerts.quiet_hours import quiet_hours
from forewarn.alerts.reasons import Reason
from forewarn.alerts.rollout import rollout
from forewarn.alerts.storm import BULK, storm
from forewarn.alerts.subscription import subscription
from forewarn.alerts.told import Message, Status, Told
from forewarn.alerts.worded import worded
from forewarn.stream.engine.unit import Unit

Stage = Callable[[Rules, Proposal], Proposal | Drop | Defer]

STAGES: tuple[Stage, ...] = (
    current,
    affected,
    duplicate,
    pair,
    inhibit,
    materiality,
    subscription,
    channel,
    quiet_hours,
    frequency_cap,
    digest,
    storm,
    worded,
    pause,
    rollout,
)


def judge(rules: Rules, proposal: Proposal) -> tuple[Proposal, Drop | Defer | None, str | None]:
    """Runs the stages. Returns the proposal as far as it got, and the refusal, if any, with its stage's name."""
    for stage in STAGES:
        answer = stage(rules, proposal)
        if not isinstance(answer, Proposal):
            return proposal, answer, stage.__name__
        proposal = answer
    return proposal, None, None


class Pipeline:
    """Judges proposals of one partition and carries out the verdicts."""

    def __init__(self, rules: Rules, told: Told, ledger: Ledger) -> None:
        self.rules = rules
        self.told = told
        self.ledger = ledger
        self.deferrals = Deferrals(told, ledger)
        self.caps = Caps(rules.policy.caps)
        self.pace = Pace(rules.policy.channel_rates, rules.partitions)
        #: Who is told, by kind and stage, that a customer is sent such a message.
        self.watches: dict[tuple[str, str], Callable[[Unit, Proposal], None]] = {}

    def consider(self, unit: Unit, proposal: Proposal) -> Outcome:
        """Sends, defers or drops a message, and says which."""
        judged, refusal, rule = judge(self.rules, self._counted(unit, proposal))
        if (refusal is None or refusal.reason == Reason.SHADOW) and counts(self.rules.policy, judged):
            self.caps.spend(unit, judged.customer, judged.kind, judged.channel or "")
        if judged.slots:
            self._paced(unit, judged, refusal)
        if refusal is None:
            self.ledger.send(unit, judged)
            self.ledger.notification(unit, judged, "sent", Reason.PASSED, None)
            self._note(unit, judged, Status.PENDING, Reason.PASSED)
            if (watch := self.watches.get((judged.kind, judged.stage))) is not None:
                watch(unit, judged)
            return "sent"
        if refusal.reason == Reason.DUPLICATE:
            self._repeated(unit, judged, rule)
            return "dropped"
        outcome: Outcome = "deferred" if isinstance(refusal, Defer) else "dropped"
        due = refusal.until if isinstance(refusal, Defer) else 0
        known = judged.entry.message(judged.stage, judged.class_)
        if known is None or (known.reason, known.due) != (refusal.reason, due):
            explained = msgspec.structs.replace(judged, evidence=judged.evidence | refusal.evidence)
            self.ledger.notification(unit, explained, outcome, refusal.reason, rule)
            self._note(unit, judged, self._status(refusal), refusal.reason, due)
        return outcome

    def _counted(self, unit: Unit, proposal: Proposal) -> Proposal:
        """The proposal with what counts toward the caps, and with the channels' room, where that can matter."""
        if proposal.kind in BULK and self.rules.policy.channel_rates:
            proposal = msgspec.structs.replace(proposal, slots=self.pace.slots(unit))
        if exempt(self.rules.policy, proposal) or not self.caps.covers(proposal.kind):
            return proposal
        return msgspec.structs.replace(proposal, spent=self.caps.spent(unit, proposal.customer))

    def _paced(self, unit: Unit, proposal: Proposal, refusal: Drop | Defer | None) -> None:
        """Takes the slot of a message that is sent, or waits for it; one that has waited has its slot."""
        waits = isinstance(refusal, Defer) and refusal.reason == Reason.STORM
        known = proposal.entry.message(proposal.stage, proposal.class_)
        reserved = known is not None and known.reason == Reason.STORM and known.due
        if not reserved and (refusal is None or waits or refusal.reason == Reason.SHADOW):
            self.pace.take(unit, proposal.channel or "")

    def _status(self, refusal: Drop | Defer) -> Status:
        if isinstance(refusal, Defer):
            return Status.DEFERRED
        # What shadow would have sent counts as told, so that its second half is decided too.
        return Status.PENDING if refusal.reason == Reason.SHADOW else Status.DROPPED

    def _note(self, unit: Unit, proposal: Proposal, status: Status, reason: Reason, due: int = 0) -> None:
        known = proposal.entry.message(proposal.stage, proposal.class_)
        if known is not None and known.status > Status.PENDING and status < Status.PENDING:
            # A message that got further keeps its status; the refusal of another attempt is noted with it.
            self._remark(unit, proposal, known, msgspec.structs.replace(known, reason=reason, due=due))
        else:
            self._new(unit, proposal, status, reason, due)
        before = known.due if known is not None else 0
        if before or due:
            self.deferrals.moved(unit, proposal.customer, proposal.kind, before, due)

    def _new(self, unit: Unit, proposal: Proposal, status: Status, reason: Reason, due: int) -> None:
        message = Message(
            stage=proposal.stage,
            class_=proposal.class_,
            channel=proposal.channel or "",
            id=proposal.id,
            status=int(status),
            time=proposal.now,
            reason=reason,
            critical=proposal.critical,
            promise=proposal.promise,
            due=due,
        )
        self.told.put(unit, proposal.customer, proposal.entry.noted(message))

    def _repeated(self, unit: Unit, proposal: Proposal, rule: str | None) -> None:
        """Writes the row of a duplicate once a message."""
        known = proposal.entry.message(proposal.stage, proposal.class_)
        if known is None or known.repeated:
            return
        self.ledger.notification(unit, proposal, "dropped", Reason.DUPLICATE, rule)
        self._remark(unit, proposal, known, msgspec.structs.replace(known, repeated=True))

    def _remark(self, unit: Unit, proposal: Proposal, known: Message, marked: Message) -> None:
        messages = tuple(marked if m is known else m for m in proposal.entry.messages)
        self.told.put(unit, proposal.customer, msgspec.structs.replace(proposal.entry, messages=messages))
