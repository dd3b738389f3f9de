"""Delivery: notifications are kept in a table, attempted from it, and every attempt and outcome is written down. Pure.

    notifications ──> WAITING ──attempt committed──> ATTEMPTING ──answer──> TOLD (sent) or UNTOLD (failed)
                       │   ▲                             │
                       │   ├── failed for now: due later ┤
                       │   └── no answer: ambiguous ─────┘   due after one send time-out, with the same id
                       └──> UNTOLD (expired, superseded)

Invariant: a message is handed over only after its attempt is committed, and an attempt whose answer is not committed is
listed as `ambiguous`. So duplicates are at most the ambiguous attempts, and no parcel ends without an outcome.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from forewarn.alerts.backoff import backoff
from forewarn.alerts.channels.protocol import Ambiguous, Delivered, Message, Rejected, Reply, Retry, Send
from forewarn.alerts.delivery_log import Outcome, log_outcome
from forewarn.alerts.delivery_policy import DeliveryPolicy
from forewarn.alerts.erased import Erased
from forewarn.alerts.lane import Lane
from forewarn.alerts.lanes import Lanes
from forewarn.alerts.parcels import Body, Parcel, Stand, parcel_of
from forewarn.alerts.shelf import Incident, Shelf
from forewarn.alerts.succession import judge
from forewarn.stream.engine.role import Fold, Record
from forewarn.stream.engine.unit import Unit
from forewarn.topics.dead_letters import Malformed, Reason, dead_letter
from forewarn.topics.events.messages import Control, Notification

__all__ = ["Deliveries", "DeliveryPolicy"]

PAUSE = b"p/"
#: Why a message to somebody who was deleted was not sent.
GONE = "customer deleted"
#: Kinds that are never sent again when an attempt went unanswered: one message too many is worse than one too few.
NEVER_TWICE = frozenset({"offer", "survey"})
#: Deadlines dealt with in one unit at most.
DEADLINES_A_UNIT = 1_000


class Deliveries(Fold):
    """One partition of role deliver. `partitions` is the count of its group, over which rates are shared."""

    def __init__(self, policy: DeliveryPolicy, partition: int, partitions: int) -> None:
        self.policy = policy
        self.partition = partition
        self.partitions = partitions
        self.shelf = Shelf()
        self.erased = Erased()
        self.lanes = Lanes(policy, partitions)
        self.paused: set[str] = set()
        self._held: list[str] = []
        self._blocked: dict[Incident, list[str]] = {}
        self._deadlines: list[tuple[int, str]] = []
        self._unanswered: list[str] = []

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds lanes and deadlines; attempts without an answer are dealt with in the first unit."""
        self.paused = {key[len(PAUSE) :].decode() for key in table if key.startswith(PAUSE)}
        for parcel in self.shelf.restore(table):
            self._deadlines.append((parcel.valid_until, parcel.id))
            if parcel.stand == Stand.WAITING:
                self.lanes.of(parcel.channel).put(parcel)
            elif parcel.stand == Stand.ATTEMPTING:
                self._unanswered.append(parcel.id)
        heapq.heapify(self._deadlines)
        self._unanswered.sort()

    # -- taking in --------------------------------------------------------------------------------------------------

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        """Takes notifications into the table, and pauses and resumes."""
        self._list_unanswered(unit)
        for event, record in zip(events, records, strict=True):
            if topic == "control":
                self._control(unit, event, record)
            else:
                self._accept(unit, event, record)

    def erase(self, unit: Unit, customer: str, time: int) -> None:
        """A customer was deleted at `time` (epoch ms): nothing more is sent to them, and nothing of theirs is kept."""
        self._list_unanswered(unit)
        self.erased.note(unit, customer, time)
        for parcel in self.shelf.of(unit, customer):
            if parcel.time > time:
                continue  # they have come back since
            self._blocked.pop(parcel.incident_of, None)
            if not parcel.ended:
                self.lanes.of(parcel.channel).in_flight.discard(parcel.id)
                under_way = parcel.stand == Stand.ATTEMPTING
                self._end(unit, parcel, "ambiguous" if under_way else "failed", GONE)
            self.shelf.forget(unit, parcel)

    def _control(self, unit: Unit, event: Control | None, record: Record) -> None:
        kind = event.kind if event is not None else (record.key or b"").decode()
        if event is not None and event.paused:
            unit.put(PAUSE + kind.encode(), b"\x01")
            self.paused.add(kind)
            return
        if kind in self.paused:
            unit.delete(PAUSE + kind.encode())
            self.paused.discard(kind)
        held, self._held = self._held, []
        self._put_back(unit, held)

    def _accept(self, unit: Unit, event: Notification, record: Record) -> None:
        if self.shelf.get(unit, event.notification_id) is not None:
            return  # an output produced again after a recovery
        parcel = parcel_of(event, record, unit.now)
        if not isinstance(parcel, str) and self.erased.covers(unit, parcel.customer, parcel.time):
            log_outcome(unit, self.partition, parcel, "failed", GONE)
            return
        if isinstance(parcel, str):
            malformed = Malformed(record, Reason.BAD_TIME, parcel)
            unit.outputs.append(dead_letter("notifications", self.partition, malformed, unit.now))
            return
        parcel = self.shelf.add(unit, parcel, Body(event.subject, event.text, event.html))
        heapq.heappush(self._deadlines, (parcel.valid_until, parcel.id))
        if parcel.valid_until <= unit.now:
            self._end(unit, parcel, "expired")
        elif self._succeed(unit, parcel) is not None:
            self.lanes.of(parcel.channel).put(parcel)

    # -- time -------------------------------------------------------------------------------------------------------

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        """Time alone changes nothing here: `work`, which follows in the same unit, does what has come due."""

    def _meet_deadlines(self, unit: Unit) -> bool:
        """Ends what has expired and forgets what ended long ago; a bounded number. True when more is left."""
        for _ in range(DEADLINES_A_UNIT):
            if not self._deadlines or self._deadlines[0][0] > unit.now:
                return False
            _, notification_id = heapq.heappop(self._deadlines)
            self._meet_deadline(unit, notification_id)
        return True

    def _meet_deadline(self, unit: Unit, notification_id: str) -> None:
        parcel = self.shelf.get(unit, notification_id)
        if parcel is None:
            return
        forget_at = parcel.valid_until + _ms(self.policy.memory_s)
        if parcel.stand == Stand.ATTEMPTING:
            heapq.heappush(self._deadlines, (unit.now + _ms(self.policy.send_timeout_s), parcel.id))
        elif parcel.ended and unit.now >= forget_at:
            self.shelf.forget(unit, parcel)
        else:
            if not parcel.ended:
                self._end(unit, parcel, "expired", parcel.error)
            heapq.heappush(self._deadlines, (max(forget_at, unit.now + 1), parcel.id))

    # -- handing over -----------------------------------------------------------------------------------------------

    def work(self, unit: Unit) -> bool:
        """Meets deadlines and makes the attempts that are due, at most a group a channel. True when more is left."""
        self._list_unanswered(unit)
        backlog = self._meet_deadlines(unit)
        for lane in self.lanes:
            for _ in range(self.policy.group):
                notification_id = lane.next(unit.now)
                if notification_id is None:
                    break
                self._attempt(unit, lane, notification_id)
        return backlog or any(lane.has_more(unit.now) for lane in self.lanes)

    def _attempt(self, unit: Unit, lane: Lane, notification_id: str) -> None:
        parcel = self.shelf.get(unit, notification_id)
        if parcel is None or parcel.stand != Stand.WAITING:
            return  # superseded or expired since it was put into the lane
        if parcel.valid_until <= unit.now:
            self._end(unit, parcel, "expired", parcel.error)
        elif "*" in self.paused or parcel.kind in self.paused:
            self._held.append(parcel.id)
        elif (wait := self._succeed(unit, parcel)) is not None:
            if wait:
                self._blocked.setdefault(parcel.incident_of, []).append(parcel.id)
            else:
                self._send(unit, lane, parcel)

    def _send(self, unit: Unit, lane: Lane, parcel: Parcel) -> None:
        body = self.shelf.body(unit, parcel)
        parcel = replace(parcel, stand=Stand.ATTEMPTING, attempts=parcel.attempts + 1)
        self.shelf.put(unit, parcel)
        lane.spend(parcel.id)
        log_outcome(unit, self.partition, parcel, "attempt")
        message = Message(
            notification_id=parcel.id,
            time=parcel.time,
            kind=parcel.kind,
            stage=parcel.stage,
            channel=parcel.channel,
            to=parcel.to,
            locale=parcel.locale,
            subject=body.subject,
            text=body.text,
            html=body.html,
            valid_until=parcel.valid_until,
            customer=parcel.customer,
            incident=parcel.incident,
        )
        unit.effect(Send(message, parcel.attempts))

    def _succeed(self, unit: Unit, parcel: Parcel) -> bool | None:
        """Ends what the parcel makes pointless. None: that was itself; else whether it must wait for an answer."""
        verdict = judge(parcel, self.shelf.fellows(unit, parcel))
        for superseded in verdict.superseded:
            self._end(unit, superseded, "superseded")
        return None if parcel in verdict.superseded else verdict.wait

    # -- answers ----------------------------------------------------------------------------------------------------

    def heard(self, unit: Unit, reply: Reply) -> None:
        """Writes down what came of an attempt."""
        self._list_unanswered(unit)
        parcel = self.shelf.get(unit, reply.notification_id)
        if parcel is None or parcel.stand != Stand.ATTEMPTING or parcel.attempts != reply.attempt:
            return
        lane, answer = self.lanes.of(parcel.channel), reply.answer
        lane.in_flight.discard(parcel.id)
        if isinstance(answer, Ambiguous | Retry) and answer.provider:
            lane.circuit.fails(unit.now)
        else:
            lane.circuit.works()
        self.lanes.tell(unit)
        match answer:
            case Delivered():
                self._end(unit, parcel, "sent", provider_id=answer.provider_id)
                if answer.confirmed:
                    log_outcome(unit, self.partition, parcel, "delivered")
            case Rejected():
                self._end(unit, parcel, "failed", answer.reason, bad_contact=answer.bad_contact)
            case Retry():
                self._again(unit, parcel, answer)
            case Ambiguous():
                self._unclear(unit, parcel, answer.reason)
        self._put_back(unit, self._blocked.pop(parcel.incident_of, []))

    def _again(self, unit: Unit, parcel: Parcel, answer: Retry) -> None:
        policy = self.policy
        # A provider's trouble is the circuit's to wait out: the message itself is kept close at hand.
        cap = min(policy.backoff_cap_s, policy.circuit_longest_s) if answer.provider else policy.backoff_cap_s
        pause = backoff(parcel.id, parcel.attempts, base=_ms(policy.backoff_base_s), cap=_ms(cap))
        due = unit.now + max(pause, _ms(answer.after_s or 0))
        log_outcome(unit, self.partition, parcel, "failed", answer.reason, retry_at=due)
        self._wait(unit, replace(parcel, stand=Stand.WAITING, due=due, error=answer.reason))

    def _unclear(self, unit: Unit, parcel: Parcel, reason: str) -> None:
        if parcel.kind in NEVER_TWICE:
            self._end(unit, parcel, "ambiguous", reason)
            return
        log_outcome(unit, self.partition, parcel, "ambiguous", reason)
        due = unit.now + _ms(self.policy.send_timeout_s)
        self._wait(unit, replace(parcel, stand=Stand.WAITING, due=due, doubt=True, error=reason))

    def _wait(self, unit: Unit, parcel: Parcel) -> None:
        self.shelf.put(unit, parcel)
        self.lanes.of(parcel.channel).put(parcel)

    def _list_unanswered(self, unit: Unit) -> None:
        """Attempts that a dead or former owner left without an answer."""
        unanswered, self._unanswered = self._unanswered, []
        for notification_id in unanswered:
            parcel = self.shelf.get(unit, notification_id)
            if parcel is not None:
                self._unclear(unit, parcel, "the worker stopped before an answer was recorded")

    # -- ends -------------------------------------------------------------------------------------------------------

    def _end(
        self,
        unit: Unit,
        parcel: Parcel,
        outcome: Outcome,
        error: str | None = None,
        *,
        provider_id: str | None = None,
        bad_contact: bool = False,
    ) -> None:
        told = parcel.doubt or outcome in ("sent", "ambiguous")
        if not (parcel.doubt and outcome in ("expired", "superseded")):  # else `ambiguous`, as listed, is its outcome
            log_outcome(unit, self.partition, parcel, outcome, error, provider_id=provider_id, bad_contact=bad_contact)
        self.shelf.end(unit, replace(parcel, stand=Stand.TOLD if told else Stand.UNTOLD))

    def _put_back(self, unit: Unit, ids: Sequence[str]) -> None:
        for notification_id in ids:
            parcel = self.shelf.get(unit, notification_id)
            if parcel is not None and parcel.stand == Stand.WAITING:
                self.lanes.of(parcel.channel).put(parcel)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
