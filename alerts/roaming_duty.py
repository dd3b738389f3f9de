"""Roaming limits: whether the notices that a regulator asks for reached their customers in time.

    Meters ──> crossed ──┬─> UsageNotices (whatever the packs say)
                         └─> obligations: due ──timer──> met (the notice was handed over), overdue, or ended

The percentages themselves are told to everybody (`usage.roaming_thresholds`): this is the evidence.
"""

from __future__ import annotations

from datetime import UTC, datetime

from forewarn.alerts.customers import Customers
from forewarn.alerts.ledger import Ledger
from forewarn.alerts.policy import ms
from forewarn.alerts.proposal import Rules, digest
from forewarn.alerts.told import Message, Status, Told
from forewarn.alerts.usage_notices import UsageNotices
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.stream.regulator.pack import Pack, RoamingRule, in_force
from forewarn.stream.usage.account import is_roaming
from forewarn.stream.usage.alert import Crossing
from forewarn.topics.events.obligations import Obligation, ObligationState
from forewarn.topics.instants import to_rfc3339

#: Timer by which the notice is to be handed over; subject: `<pack>/<stage>/<class>/<length>/<incident>/<customer>`.
DUE = "roaming.due"


class RoamingDuty:
    """The roaming notices of one partition's customers."""

    def __init__(self, rules: Rules, *, customers: Customers, told: Told, usage: UsageNotices, ledger: Ledger) -> None:
        self.packs = {pack.name: pack for pack in rules.packs if pack.roaming}
        self.customers = customers
        self.told = told
        self.usage = usage
        self.ledger = ledger

    def crossed(self, unit: Unit, customer: str, crossing: Crossing) -> None:
        """Has a crossing told, and notes what is asked of that."""
        self.usage.notify(unit, customer, crossing)
        if crossing.kind == "forecast" or not is_roaming(crossing.bucket):
            return
        for pack in self.packs.values():
            rule = _rule(pack, unit.now)
            class_ = crossing.class_ or ""
            if rule is not None and class_ in {str(percent) for percent in rule.percents}:
                self._emit(unit, pack, rule, (crossing.kind, class_, crossing.incident, customer), unit.now, "due")
                head = f"{pack.name}/{crossing.kind}/{class_}/{len(crossing.incident)}"
                unit.arm(unit.now + ms(rule.within_s), f"{head}/{crossing.incident}/{customer}", DUE)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """The notice is to be with the customer by now."""
        name, stage, class_, length, rest = timer.subject.split("/", 4)
        incident, customer = rest[: int(length)], rest[int(length) + 1 :]
        pack = self.packs.get(name)
        rule = next((r for r in pack.roaming if _rule(pack, timer.due - ms(r.within_s)) is r), None) if pack else None
        if pack is None or rule is None:
            return
        about, since = (stage, class_, incident, customer), timer.due - ms(rule.within_s)
        if self.customers.get(unit, customer) is None:
            self._emit(unit, pack, rule, about, since, "ended")
            return
        entries = (entry for entry in self.told.entries(unit, customer) if entry.incident == incident)
        found = next((entry.message(stage, class_ or None) for entry in entries), None)
        told = found is not None and found.status == Status.TOLD
        self._emit(unit, pack, rule, about, since, "met" if told else "overdue", found)

    def _emit(
        self,
        unit: Unit,
        pack: Pack,
        rule: RoamingRule,
        about: tuple[str, str, str, str],
        since: int,
        state: ObligationState,
        message: Message | None = None,
    ) -> None:
        stage, class_, incident, customer = about
        duty = f"{stage}/{class_}" if class_ else stage
        reason = {"reason": message.reason} if message is not None and state == "overdue" else {}
        self.ledger.obligation(
            unit,
            Obligation(
                obligation_id=digest(pack.name, duty, incident, customer),
                time=to_rfc3339(unit.now),
                pack=pack.name,
                jurisdiction=pack.jurisdiction,
                duty=duty,
                incident=incident,
                state=state,
                since=to_rfc3339(since),
                effective=rule.effective.isoformat(),
                source=rule.source,
                policy=self.ledger.policy,
                due=to_rfc3339(since + ms(rule.within_s)),
                met=to_rfc3339(message.time) if message is not None and state == "met" else None,
                customer=customer,
                evidence={"notification_id": message.id, **reason} if message is not None else None,
            ),
        )


def _rule(pack: Pack, now: int) -> RoamingRule | None:
    return in_force(pack.roaming, datetime.fromtimestamp(now / 1000, UTC).date())
