"""Forewarn with a guarantee taken out: `python -m tests.month.mutant NAME[,NAME] replay …`. The checker catches each.

Each mutation changes the product in this process alone; the product has no switch for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from forewarn.alerts import gate, pipeline, requests
from forewarn.alerts.ledger import Ledger, Outcome
from forewarn.alerts.proposal import Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.stream.engine.unit import Unit
from forewarn.stream.usage import meter
from forewarn.stream.usage.account import Terms
from forewarn.topics.events.messages import MarketingRequest


def without(*names: str) -> Callable[[], None]:
    """The pipeline without stages of these names."""

    def mutate() -> None:
        kept = tuple(stage for stage in pipeline.STAGES if stage.__name__ not in names)
        assert len(kept) == len(pipeline.STAGES) - len(names)
        pipeline.__dict__["STAGES"] = kept

    return mutate


def unasked() -> None:
    """Every channel is used that reaches the customer, whatever they chose."""

    def subscription(rules: Rules, proposal: Proposal) -> Proposal:
        assert proposal.person is not None
        reaching = tuple(on for on in rules.channels if proposal.person.address(on) is not None)
        return msgspec.structs.replace(proposal, channels=reaching)

    stages = (subscription if stage.__name__ == "subscription" else stage for stage in pipeline.STAGES)
    pipeline.__dict__["STAGES"] = tuple(stages)


def blind_to(*reasons: Reason) -> Callable[[], None]:
    """The marketing gate without these reasons to hold."""

    def mutate() -> None:
        holds = gate.holds

        def fewer(*facts: Any) -> Iterator[gate.Hold]:
            return (hold for hold in holds(*facts) if hold.reason not in reasons)

        gate.__dict__["holds"] = fewer

    return mutate


def uncapped_marketing() -> None:
    """Approvals heed no cap."""
    judge = requests.__dict__["judge"]
    requests.__dict__["judge"] = lambda *facts, **words: judge(*facts, **(words | {"capped": 0}))


def unasked_consent() -> None:
    """Approvals need no consent."""
    judge = requests.__dict__["judge"]
    requests.__dict__["judge"] = lambda *facts, **words: judge(*facts, **(words | {"consented": True}))


def forgetful_gate() -> None:
    """A request that comes again is answered again."""
    take = requests.Requests.take

    def anew(self: requests.Requests, unit: Unit, customer: str, event: MarketingRequest) -> None:
        others = tuple(known for known in self._requests(unit, customer) if known.id != event.request_id)
        self._save(unit, customer, others)
        take(self, unit, customer, event)

    requests.Requests.take = anew  # type: ignore[method-assign]


def immortal_requests() -> None:
    """A request that has expired is left without an answer."""
    answer = requests.Requests._answer

    def fewer(self: Any, unit: Any, customer: str, request: Any, hold: Any, **more: Any) -> None:
        if hold is None or hold.reason != Reason.EXPIRED:
            answer(self, unit, customer, request, hold, **more)

    requests.Requests._answer = fewer  # type: ignore[method-assign]


def silent_ledger() -> None:
    """What is sent has no row in the ledger."""
    row = Ledger.notification

    def fewer(self: Ledger, unit: Unit, proposal: Proposal, outcome: Outcome, reason: Reason, rule: str | None) -> None:
        if outcome != "sent":
            row(self, unit, proposal, outcome, reason, rule)

    Ledger.notification = fewer  # type: ignore[method-assign]


def forgetful_meter() -> None:
    """A threshold that was told is found again when it is crossed again."""
    judge = meter.judge

    def forgetting(terms: Terms, known: meter.Meter, since: int) -> tuple[meter.Meter, tuple[meter.Told, ...]]:
        cycles = tuple(msgspec.structs.replace(cycle, told=0) for cycle in known.cycles)
        return judge(terms, msgspec.structs.replace(known, cycles=cycles), since)

    meter.__dict__["judge"] = forgetting


class Mutation(NamedTuple):
    """What takes a guarantee out, the rule that must notice, and rules that may, as it is theirs, too."""

    mutate: Callable[[], None]
    rule: str
    also: tuple[str, ...] = ()


MUTATIONS: dict[str, Mutation] = {
    "duplicate": Mutation(without("duplicate"), "once"),
    "pair": Mutation(without("pair"), "pairs"),
    "affected": Mutation(without("affected"), "affected"),
    "inhibit": Mutation(without("inhibit"), "silence"),
    "subscription": Mutation(unasked, "consent"),
    "quiet_hours": Mutation(without("quiet_hours"), "quiet"),
    "frequency_cap": Mutation(without("frequency_cap"), "caps"),
    "digest": Mutation(without("digest"), "thresholds"),
    "gate_outage": Mutation(blind_to(Reason.OUTAGE), "in_outage", also=("lease",)),
    "gate_lease": Mutation(blind_to(Reason.LEASE), "lease"),
    "gate_caps": Mutation(uncapped_marketing, "caps"),
    "gate_consent": Mutation(unasked_consent, "consent"),
    "gate_memory": Mutation(forgetful_gate, "answers"),
    "gate_expiry": Mutation(immortal_requests, "answers"),
    "ledger": Mutation(silent_ledger, "reasons", also=("ends",)),
    "meter": Mutation(forgetful_meter, "thresholds"),
}


def main() -> None:
    """Mutates, then is `forewarn`."""
    for name in sys.argv.pop(1).split(","):
        MUTATIONS[name].mutate()
    from forewarn.stream import cli

    cli.main()


if __name__ == "__main__":
    main()
