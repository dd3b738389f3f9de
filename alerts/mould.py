"""A mould: what was written for one customer who was told of an outage, with holes where it names them. Pure.

    notification   {"notification_id":"◻","time":...,"to":"◻","locale":...        ◻ the notification's id
    decision       {"decision_id":"◻","time":...,"subject_id":"◻",...             ◻ address, key, customer
    standing       {"customer":"◻","as_of":"",...,"last_decision":"◻"}
    told-record    ... "◻" ...

Ids are hashes, which stand nowhere by chance; an address is told by the quotes around it, which no text can hold
unescaped. Invariant: a cast for the customer of whom the mould was taken is what was written for them.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from forewarn.alerts import caps, requests, standing, told
from forewarn.alerts.ledger import AS_OF, ENCODE
from forewarn.alerts.proposal import hashed, sized
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.messages import Decision, Notification
from forewarn.topics.instants import to_rfc3339

#: What is written for a customer who is told something, in this order.
WRITTEN = ["notifications", "decisions", "customers.standing"]

CUSTOMER = b'{"customer":'
DECODE_NOTIFICATION = msgspec.json.Decoder(Notification).decode
DECODE_DECISION = msgspec.json.Decoder(Decision).decode


class Cast(Struct, frozen=True, gc=False):
    """What is written for one customer; `standing` without its time."""

    notification: bytes
    decision: bytes
    told: bytes
    standing: bytes


class Mould(Struct, frozen=True):
    """The words around the holes. Parts are joined by the notification's id; `counts`: it takes a place in the caps."""

    kind: str
    channel: str
    partitions: tuple[int, ...] | None
    counts: bool
    before_name: bytes
    behind_name: bytes
    behind_id: bytes
    before_to: list[bytes]
    behind_to: list[bytes]
    before_decision: bytes
    behind_decision: list[bytes]
    told: list[bytes]
    standing: list[bytes]

    def cast(self, customer: str, to: str, now: int) -> Cast:
        """What is written at `now` (epoch ms) for a customer who is reached at `to`."""
        notification = hashed(self.before_name + sized(customer) + self.behind_name)
        decision = hashed(sized(notification) + self.behind_id + sized(str(now)))
        id_ = notification.encode()
        return Cast(
            b"".join((id_.join(self.before_to), b'"to":', ENCODE(to), id_.join(self.behind_to))),
            b"".join((self.before_decision, decision.encode(), id_.join(self.behind_decision))),
            id_.join(self.told),
            b"".join((CUSTOMER, ENCODE(customer), id_.join(self.standing))),
        )


def mould_of(draft: Unit, customer: str) -> Mould | None:
    """The mould of a draft in which one customer was told something, and nothing else happened; else None.

    That held marketing requests are looked at again is not the mould's: it follows from the new standing.
    """
    name, outputs = customer.encode(), draft.outputs
    if [output.topic for output in outputs] != WRITTEN or {output.key for output in outputs} != {name}:
        return None
    review = b"/%s/%s" % (name, requests.REVIEW.encode())
    written = {key for key in draft.dirty if not key.endswith(review)} - {requests.PREFIX + name}
    timers = [key for key in (*draft.armed, *draft.deleted) if not key.endswith(review)]
    counted = caps.PREFIX + name
    if written - {counted} != {told.PREFIX + name, standing.PREFIX + name} or timers or draft.effects or draft.notes:
        return None
    values = [output.value or b"" for output in outputs]
    taken = _taken(values, draft, customer, counts=counted in written, partitions=outputs[0].partitions)
    if taken is None:
        return None
    cast = taken.cast(customer, DECODE_NOTIFICATION(values[0]).to, draft.now)
    same = (cast.notification, cast.decision, cast.told) == (values[0], values[1], draft.dirty[told.PREFIX + name])
    return taken if same and cast.standing == _timeless(values[2], draft.now) else None


def _taken(
    values: list[bytes], draft: Unit, customer: str, *, counts: bool, partitions: tuple[int, ...] | None
) -> Mould | None:
    """A mould of these three outputs; None when one of them does not name whom it should."""
    sent, row = DECODE_NOTIFICATION(values[0]), DECODE_DECISION(values[1])
    id_, to = sent.notification_id.encode(), b'"to":' + ENCODE(sent.to)
    before_to, found, behind_to = values[0].partition(to)
    before_decision, _, behind_decision = values[1].partition(row.decision_id.encode())
    head = CUSTOMER + ENCODE(customer)
    words = _timeless(values[2], draft.now)
    if not found or not words.startswith(head):
        return None
    return Mould(
        kind=sent.kind,
        channel=sent.channel,
        partitions=partitions,
        counts=counts,
        before_name=sized(sent.kind, sent.incident),
        behind_name=sized(sent.stage, sent.class_ or "", sent.channel),
        behind_id=sized(row.outcome, row.reason),
        before_to=before_to.split(id_),
        behind_to=behind_to.split(id_),
        before_decision=before_decision,
        behind_decision=behind_decision.split(id_),
        told=draft.dirty[told.PREFIX + customer.encode()].split(id_),
        standing=words[len(head) :].split(id_),
    )


def _timeless(words: bytes, now: int) -> bytes:
    """A row of `customers.standing` as it was before it got its time."""
    return words.replace(b'"as_of":"%s"' % to_rfc3339(now).encode(), AS_OF, 1)
