"""A pack: the rules of one regulator as data, each in force from a date on, with its source.

    packs/us-fcc-part4.toml ──> Pack(outage = (OutageRule since 2005, ...)) ──> in_force(rules, day) ──> rule, or none

Forewarn comes with packs; an operator's own directory is looked up first, so that next April's figures need no release.
Invariant: what happened is judged by the rule that was in force on the day it began.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from forewarn.topics.events.customers import AlertKind, Channel

SHIPPED = Path(__file__).parent / "packs"

Positive = Annotated[float, Meta(gt=0)]
Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Percent = Annotated[int, Meta(gt=0, le=1000)]


class RegulatorPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Which regulators' rules are kept; none, unless they are named."""

    #: Packs in force, by name: `us-fcc-part4`, `au-acma-outages`, `eu-roaming`, `uk-ofcom-compensation`, `us-tcpa`, or
    #: one of the operator's own.
    packs: tuple[str, ...] = ()
    #: Regions of the network that a pack holds for; a pack that is not named holds for all.
    regions: dict[str, tuple[str, ...]] = {}
    #: Directory of the operator's own packs, looked up before those that come with Forewarn.
    directory: str = ""


class Duty(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is to be done within a time of the outage's being `flagged`, or `confirmed`.

    With `every_s` it is to be done again and again, while the outage lasts; `until_s`: the last of them is due by then.
    """

    name: str
    after: Literal["flagged", "confirmed"]
    within_s: Positive
    every_s: Positive | None = None
    until_s: Positive | None = None


class OutageRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When an outage is to be reported: it lasts for `lasting_s` (`longer`: for more than that, `expected`: or will).

    `user_minutes`: the sum over it of customers times minutes; `services`: customers at one time. Either may be absent.
    """

    effective: date
    source: str
    lasting_s: Positive
    longer: bool = False
    expected: bool = False
    user_minutes: Positive | None = None
    services: Positive | None = None
    duties: tuple[Duty, ...] = ()


class CompensationRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A sum for each calendar day on which a service of `kinds` is out after so many full working days."""

    effective: date
    source: str
    per_day: Decimal
    currency: str
    after_working_days: Annotated[int, Meta(ge=0, le=100)]
    kinds: tuple[str, ...]
    time_zone: str
    calendar: str = ""


class RoamingRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Percentages of a roaming limit that are told, and within which time."""

    effective: date
    source: str
    percents: tuple[Percent, ...]
    within_s: Positive


class SolicitationRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Local hours in which solicitations may come by these channels: marketing, and alerts of these kinds."""

    effective: date
    source: str
    from_: Clock = msgspec.field(name="from")
    to: Clock
    channels: tuple[Channel, ...]
    kinds: tuple[AlertKind, ...] = ()


class Pack(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One regulator's rules. `holidays`: days that are no working days, by calendar."""

    name: str
    jurisdiction: str
    title: str
    outage: tuple[OutageRule, ...] = ()
    compensation: tuple[CompensationRule, ...] = ()
    roaming: tuple[RoamingRule, ...] = ()
    solicitation: tuple[SolicitationRule, ...] = ()
    holidays: dict[str, tuple[date, ...]] = {}
    regions: frozenset[str] | None = None

    def holds_for(self, region: str) -> bool:
        """Whether the pack is in force in a region of the network."""
        return self.regions is None or region in self.regions


class PackError(Exception):
    """Something is wrong with the packs that a policy names; `problems` lists all of it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


Rule = TypeVar("Rule", OutageRule, CompensationRule, RoamingRule, SolicitationRule)


def in_force(rules: Sequence[Rule], day: date) -> Rule | None:
    """The rule in force on a day: the one that took effect last; None before the first."""
    return max((rule for rule in rules if rule.effective <= day), key=lambda rule: rule.effective, default=None)


def load(policy: RegulatorPolicy) -> tuple[Pack, ...]:
    """The packs that a policy names, in its order. Raises PackError with everything that is wrong."""
    problems: list[str] = []
    packs = [pack for name in dict.fromkeys(policy.packs) if (pack := _pack(policy, name, problems)) is not None]
    problems += [
        f"regulator.regions: there is no pack {name} in force" for name in policy.regions.keys() - {*policy.packs}
    ]
    if problems:
        raise PackError(problems)
    return tuple(packs)


def shipped() -> tuple[str, ...]:
    """The names of the packs that come with Forewarn."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def _pack(policy: RegulatorPolicy, name: str, problems: list[str]) -> Pack | None:
    own = Path(policy.directory) / f"{name}.toml" if policy.directory else SHIPPED / f"{name}.toml"
    path = own if own.is_file() else SHIPPED / f"{name}.toml"
    if not path.is_file() or Path(name).name != name:
        problems.append(f"regulator.packs: there is no pack {name}; there are {', '.join(shipped())}")
        return None
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text())
        pack = msgspec.convert({**raw, "regions": policy.regions.get(name)}, Pack)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        problems.append(f"regulator pack {path}: {error}")
        return None
    missing = {rule.calendar for rule in pack.compensation if rule.calendar} - pack.holidays.keys()
    problems += [f"regulator pack {path}: there is no calendar {calendar}" for calendar in sorted(missing)]
    return pack if not missing else None
