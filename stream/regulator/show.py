"""The packs as a person reads them: which are in force, where, and by which rule today is judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec.structs import replace

from forewarn.stream.regulator.pack import (
    CompensationRule,
    OutageRule,
    Pack,
    RegulatorPolicy,
    RoamingRule,
    SolicitationRule,
    load,
    shipped,
)


def overview(policy: RegulatorPolicy) -> Iterator[str]:
    """One line a pack, then one a rule. Raises PackError with all that is wrong with the packs that are named."""
    load(policy)
    names = dict.fromkeys((*policy.packs, *shipped()))
    for pack in load(replace(policy, packs=tuple(names))):
        yield f"{'on ' if pack.name in policy.packs else 'off'}  {pack.name:<24} {pack.jurisdiction}  {pack.title}"
        if pack.regions is not None:
            yield f"     in {', '.join(sorted(pack.regions))}"
        for effective, source in _rules(pack):
            yield f"     since {effective}  {source}"


def _rules(pack: Pack) -> list[tuple[date, str]]:
    rules: list[OutageRule | CompensationRule | RoamingRule | SolicitationRule] = [*pack.outage, *pack.compensation]
    rules += [*pack.roaming, *pack.solicitation]
    return sorted((rule.effective, rule.source) for rule in rules)
