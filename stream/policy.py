"""The policy: everything an operator tunes about decisions, in one validated TOML file.

    mode = "live"          what is sent: nothing (shadow), to named customers (allow-list), to all (live)
    [outages]              finding outages and leading them through their life
    [usage]                meters and thresholds
    [alerts]               telling customers, holding marketing
    [delivery]             attempts, retries, circuits
    [regulator]            which regulators' rules are kept

Every name has a default, so an empty file is a policy. Invariant: two policies with the same effect have the same hash,
and the hash stands in every decision. Each table is a Struct beside the code that it tunes.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_type_hints

import msgspec
from msgspec import Struct, field

from forewarn.alerts.delivery import DeliveryPolicy
from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.regulator.pack import RegulatorPolicy
from forewarn.stream.usage.policy import UsagePolicy

#: `shadow` decides and records but sends nothing; `allow-list` sends to `alerts.allow_list` alone.
Mode = Literal["shadow", "allow-list", "live"]


class PolicyError(Exception):
    """Something in a policy is wrong; `problems` lists all of it, one line each, with the path of the key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Policy(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """All tunables of a deployment."""

    mode: Mode = "live"
    outages: OutagePolicy = field(default_factory=OutagePolicy)
    usage: UsagePolicy = field(default_factory=UsagePolicy)
    alerts: AlertPolicy = field(default_factory=AlertPolicy)
    delivery: DeliveryPolicy = field(default_factory=DeliveryPolicy)
    regulator: RegulatorPolicy = field(default_factory=RegulatorPolicy)

    @cached_property
    def hash(self) -> str:
        """12 hex digits over all values, defaults included."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:12]


def load(path: Path | None) -> Policy:
    """Reads a policy file; None gives the defaults. Raises PolicyError with everything that is wrong."""
    if path is None:
        return Policy()
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError([f"{path}: {error}"]) from None
    return parse(text)


def parse(text: str) -> Policy:
    """A policy from TOML text. Raises PolicyError with everything that is wrong."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([str(error)]) from None
    problems: list[str] = []
    policy: Policy | None = _struct(Policy, raw, (), problems)
    if policy is None:
        raise PolicyError(problems)
    return policy


def _struct(kind: Any, raw: dict[str, Any], path: tuple[str, ...], problems: list[str]) -> Any:
    """Builds a Struct field by field, so that one wrong value does not hide the next; None if anything is wrong."""
    types = get_type_hints(kind, include_extras=True)
    before = len(problems)
    values = {}
    for name, value in raw.items():
        here = (*path, name)
        if name not in types:
            problems.append(f"{'.'.join(here)}: there is no such key{_nearest(name, types)}")
        elif isinstance(value, dict) and isinstance(types[name], type) and issubclass(types[name], Struct):
            values[name] = _struct(types[name], value, here, problems)
        else:
            values[name] = _value(types[name], value, here, problems)
    if len(problems) > before:
        return None
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:  # a key without default is missing, or the keys contradict each other
        problems.append(f"{'.'.join(path) or 'policy'}: {error}")
        return None


def _value(kind: Any, value: Any, path: tuple[str, ...], problems: list[str]) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        problems.append(f"{'.'.join(path)}{where.rstrip('`')}: {what}")
        return None


def _nearest(name: str, known: dict[str, Any]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else ""
