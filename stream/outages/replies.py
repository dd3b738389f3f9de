"""Customers who say that they are still out after an outage was restored. Pure.

    olt-1 restored ── "still out" onu-1-3 ──┐
                   ── "still out" onu-1-3 ──┼─ 3 customers beneath pon-1 within 30 min:
                   ── "still out" onu-1-7 ──┘  an outage of pon-1, nested in that of olt-1, with what they named

The lowest element that holds enough of them names it, unless an outage above them is open already, which takes them
in. It is confirmed at once, since its customers are independent of each other, and holds no more elements than they
named. It ends when nobody has said so any more for a while, or when staff resolve it.
Rows: `s/<outage>` Heard, of a restored outage; `sl/<suspicion>` Last, of what they suspect.
Invariant: a customer counts once, whatever the order and number of their replies. Source: detection.md, "Lifecycle".
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import OPEN, Case, name_of, outage_id
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.lifecycle import Cleared, Said, Suspected
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.sources import candidate, family
from forewarn.topics.events.outages import Evidence, StillOut

#: States of an outage that customers may say is not over for them.
ENDED = frozenset({"monitoring", "restored", "closed"})
#: Replies kept of one outage.
KEPT = 1000


class Heard(Struct, frozen=True, array_like=True, gc=False):
    """Customers (hashes) of a restored outage who said so: the element that serves them, and when (epoch ms)."""

    replies: dict[str, tuple[str, int]] = {}


class Last(Struct, frozen=True, array_like=True, gc=False):
    """When (epoch ms) a customer last said so of what replies suspect."""

    time: int


HEARD = Shelf("s/", Heard)
LAST = Shelf("sl/", Last)


class Replies:
    """The replies of all restored outages."""

    def __init__(self, policy: OutagePolicy, ledger: Ledger) -> None:
        self.policy = policy
        self.ledger = ledger
        self.docket = ledger.docket
        self.heard: dict[str, Heard] = {}
        self.last: dict[str, Last] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index."""
        for key, value in table.items():
            if key.startswith(HEARD.prefix):
                self.heard[HEARD.name(key)] = HEARD.unpack(value)
            elif key.startswith(LAST.prefix):
                self.last[LAST.name(key)] = LAST.unpack(value)

    def fold(self, unit: Unit, event: StillOut) -> None:
        """Takes one reply."""
        case = self.docket.cases.get(event.outage_id)
        if case is None or case.state not in ENDED:
            return
        was = self.heard.get(event.outage_id, Heard()).replies
        if was.get(event.customer, ("", -1))[1] >= event.time:
            return
        known = sorted({**was, event.customer: (event.element, event.time)}.items(), key=lambda item: item[1][1])
        now = self.heard[event.outage_id] = Heard(dict(known[-KEPT:]))
        unit.put(HEARD.key(event.outage_id), HEARD.pack(now))
        self._cluster(unit, case, event)

    def _cluster(self, unit: Unit, case: Case, event: StillOut) -> None:
        window = int(self.policy.replies_s * 1000)
        near = [reply for reply in self.heard[case.outage_id].replies.values() if abs(event.time - reply[1]) <= window]
        above = {element: list(self.ledger.topology.above(element)) for element, _ in near}
        places = self._places(case, event.element)
        known = next((nested for place in places if (nested := self._nested(place)) is not None), None)
        for place in places if known is None else (known.element,):
            here = [(element, time) for element, time in near if place in above[element]]
            if known is not None or len(here) >= self.policy.replies_min:
                self._say(unit, known or self._new(case, place, here, event.time), here)
                return

    def _places(self, case: Case, element: str) -> list[str]:
        """The element and what is above it, up to what the restored outage was about."""
        places = list(self.ledger.topology.above(element))
        return places[: places.index(case.element) + 1] if case.element in places else places

    def _nested(self, place: str) -> Case | None:
        """The outage about a place that replies have opened, if it is open."""
        about = self.docket.about(f"element/{place}")
        spoken = [case for case in about if case.state in OPEN and any(map(_of_replies, case.candidates))]
        return spoken[0] if spoken else None

    def _new(self, case: Case, place: str, here: list[tuple[str, int]], time: int) -> Case:
        known = self.ledger.topology.elements.get(place)
        started = min(begun for _, begun in here)
        return Case(
            outage_id(f"{case.outage_id}/{place}", started),
            known.region if known is not None else case.region,
            place,
            False,
            started,
            "confirmed",
            time,
            detected=time,
            confirmed=time,
            held=True,
            said=tuple(sorted({element for element, _ in here})),
            parent=case.outage_id,
        )

    def _say(self, unit: Unit, nested: Case, here: list[tuple[str, int]]) -> None:
        """Adds what its customers named, and opens it if it is new."""
        latest = max(time for _, time in here)
        nested = self.ledger.step(unit, nested, Said(tuple(element for element, _ in here), latest))
        name = name_of(nested.element, nested.region, whole_region=False)
        suspicion = candidate(self.docket.partition_of(nested.region), "replies", name)
        evidence = Evidence("replies", len(here), self.policy.replies_min, self.policy.replies_s)
        self.ledger.step(unit, nested, Suspected(suspicion, latest, evidence))
        self.last[suspicion] = Last(latest)
        unit.put(LAST.key(suspicion), LAST.pack(self.last[suspicion]))

    def elapse(self, unit: Unit, case: Case, time: int) -> None:
        """Ends what replies say of an outage, when nobody has said so any more for long enough."""
        for name in filter(_of_replies, case.candidates):
            last = self.last.get(name)
            if last is None or time - last.time >= self.policy.replies_hold_s * 1000:
                case = self.ledger.step(unit, case, Cleared(name, time))
                if self.last.pop(name, None) is not None:
                    unit.delete(LAST.key(name))

    def forget(self, unit: Unit, outage: str) -> None:
        """An outage is forgotten."""
        if self.heard.pop(outage, None) is not None:
            unit.delete(HEARD.key(outage))


def _of_replies(name: str) -> bool:
    return family(name) == "replies"
