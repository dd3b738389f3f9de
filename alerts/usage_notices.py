"""Near-allowance notices: a crossed threshold becomes a message, at once or when sending resumes.

    Meters ──> notify(customer, crossing) ──> Proposal(usage, threshold, class = percent) ──> pipeline
                                                 └─ paused: kept in `w/<customer>` until sending resumes

Invariant: a crossing that was deferred is proposed again exactly once after the resume, and judged anew.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from forewarn.alerts.circumstances import Circumstances
from forewarn.alerts.contexts import UsageContext
from forewarn.alerts.control import Controls
from forewarn.alerts.customers import Customers
from forewarn.alerts.fanout import FanOut, Purpose
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.policy import ms
from forewarn.alerts.proposal import Proposal
from forewarn.alerts.standing import Standings
from forewarn.alerts.told import Entry, Told
from forewarn.stream.engine.unit import Unit
from forewarn.stream.usage.alert import Crossing

PREFIX = b"w/"
SCHEMA = b"\x01"

#: The walk over customers with deferred crossings, and its one subject.
RELEASE, ALL = "usage", "deferred"

#: From this share on an allowance is used up.
WHOLE_PERCENT = 100

ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(tuple[Crossing, ...]).decode


class UsageNotices:
    """Usage notices of one partition."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        customers: Customers,
        told: Told,
        circumstances: Circumstances,
        standings: Standings,
        controls: Controls,
        fan_out: FanOut,
    ) -> None:
        self.pipeline = pipeline
        self.customers = customers
        self.told = told
        self.circumstances = circumstances
        self.standings = standings
        self.controls = controls
        self.fan_out = fan_out
        self._waiting: set[str] = set()
        fan_out.add(RELEASE, Purpose(lambda _: set(self._waiting), self._release))

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Finds the customers with deferred crossings."""
        self._waiting = {key[len(PREFIX) :].decode() for key in table if key.startswith(PREFIX)}

    def notify(self, unit: Unit, customer: str, crossing: Crossing) -> None:
        """Takes a threshold that a meter found crossed."""
        if crossing.percent >= WHOLE_PERCENT:
            self.circumstances.overage(unit, customer)
        self._propose(unit, customer, crossing)
        self.standings.publish(unit, customer)

    def resumed(self, unit: Unit) -> None:
        """Sending of usage notices was resumed."""
        if self._waiting:
            self.fan_out.start(unit, RELEASE, ALL)

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets what was deferred for the customer."""
        if customer in self._waiting:
            self._waiting.discard(customer)
            unit.delete(PREFIX + customer.encode())

    def _release(self, unit: Unit, _: str, customer: str) -> None:
        deferred = self._deferred(unit, customer)
        self.erase(unit, customer)
        for crossing in deferred:
            self._propose(unit, customer, crossing)
        self.standings.publish(unit, customer)

    def _propose(self, unit: Unit, customer: str, crossing: Crossing) -> None:
        entries = self.told.entries(unit, customer)
        fresh = Entry("usage", crossing.incident, expires=crossing.cycle_end)
        proposal = Proposal(
            kind="usage",
            stage="threshold",
            class_=str(crossing.percent),
            incident=crossing.incident,
            customer=customer,
            now=unit.now,
            context=usage_context(crossing),
            valid_until=min(crossing.cycle_end, unit.now + ms(self.pipeline.rules.policy.usage_valid_s)),
            evidence=usage_evidence(crossing),
            entry=next((e for e in entries if e.incident == crossing.incident), fresh),
            person=self.customers.get(unit, customer),
            entries=entries,
            paused=self.controls.paused("usage"),
        )
        if self.pipeline.consider(unit, proposal) == "deferred":
            self._waiting.add(customer)
            waiting = tuple(c for c in self._deferred(unit, customer) if c.alert_id != crossing.alert_id)
            unit.put(PREFIX + customer.encode(), SCHEMA + ENCODE((*waiting, crossing)))

    def _deferred(self, unit: Unit, customer: str) -> tuple[Crossing, ...]:
        value = unit.get(PREFIX + customer.encode())
        return DECODE(memoryview(value)[1:]) if value is not None else ()


def usage_context(crossing: Crossing) -> UsageContext:
    """What the templates may say."""
    return UsageContext(
        bucket=crossing.bucket,
        percent=crossing.percent,
        used=crossing.used,
        allowance=crossing.allowance,
        unit=crossing.unit,
        cycle_end=crossing.cycle_end,
    )


def usage_evidence(crossing: Crossing) -> dict[str, object]:
    """The meter's state that decided."""
    return {
        "alert_id": crossing.alert_id,
        "percent": crossing.percent,
        "used": crossing.used,
        "allowance": crossing.allowance,
        "unit": crossing.unit,
    }
