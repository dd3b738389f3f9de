"""What staff say on `network.field`: the outage that an action is about, and what it does to it. Pure.

    outage_id, or element ──> the outage named, or one that has the element out ──> staff.step
    declare ──> a new outage about the element, if nothing has it out yet

Invariant: an action that names no outage changes nothing, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import Case, outage_id
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.staff import Acted
from forewarn.stream.outages.suspicions import Suspicions
from forewarn.stream.outages.topology import Known
from forewarn.topics.events.network import FieldAction
from forewarn.topics.events.outages import Etr
from forewarn.topics.instants import to_ms, to_rfc3339


class Field:
    """The staff's way into the ledger. `put` makes an element known that is not."""

    def __init__(self, ledger: Ledger, suspicions: Suspicions, put: Callable[[Unit, str, Known], None]) -> None:
        self.ledger = ledger
        self.docket = ledger.docket
        self.topology = ledger.topology
        self.suspicions = suspicions
        self.put = put

    def fold(self, unit: Unit, event: FieldAction, key: str) -> bool:
        """Folds a field action. False: it names an outage that is not known."""
        case = self._named(event)
        if event.action == "declare" and event.element is not None and event.outage_id is None:
            case = self._declared(unit, event, event.element, key)
        if case is None or (event.action == "merge" and event.into not in self.docket.cases):
            return False
        if event.action == "declare":
            whole = case.declared or event.element is None or case.element == event.element
            case = replace(case, declared=whole, claimed=event.customers or case.claimed)
        time, etr = to_ms(event.time), None
        if event.etr is not None:
            word = to_rfc3339(to_ms(event.etr))
            etr = Etr(word, word, word, "field", to_rfc3339(time))
        acted = Acted(event.id, time, event.author, event.action, etr, event.cause, event.into, event.text)
        after = self.ledger.step(unit, case, acted)
        if after.state == "merged" and case.state != "merged":
            self.suspicions.hand_over(unit, case, self.docket.cases[after.merged_into or ""], time)
        return True

    def _named(self, event: FieldAction) -> Case | None:
        if event.outage_id is not None:
            return self.docket.cases.get(event.outage_id)
        if event.element is None:
            return None
        known = self.topology.elements.get(event.element)
        region = known.region if known is not None else event.region or ""
        return next(
            (case for name in self.topology.names_above(event.element, region) for case in self.docket.about(name)),
            None,
        )

    def _declared(self, unit: Unit, event: FieldAction, element: str, key: str) -> Case:
        """The outage about the element itself, or one that has it out already; else a new one."""
        known = self.topology.elements.get(element)
        if known is None:
            known = Known(event.region or self.topology.region_below(element) or key)
            self.put(unit, element, known)
        if own := self.docket.about(f"element/{element}"):
            return own[0]
        above = next(self.suspicions.leading(element, known.region), None)
        if above is not None and element in self.ledger.reach(above).elements:
            return above
        time = to_ms(event.time)
        started = to_ms(event.started) if event.started is not None else time
        name = outage_id(element, started)
        parent = above.outage_id if above is not None else None
        new = Case(name, known.region, element, False, started, "suspected", time, detected=time, parent=parent)
        return self.docket.cases.get(name, new)
