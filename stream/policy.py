"""The policy: everything an operator tunes about decisions, in one validated TOML file.

    mode = "live"          what is sent: nothing (shadow), to named customers (allow-list), to all (live)
    [outages]              finding outages and leading them through their life
    [usage]                meters and thresholds
    [alerts]               telling customers, holding marketing
    [delivery]             attempts, retries, circuits
    [regulator]            which regulators' rules are kept

Every name has a default, so an empty file is a policy. Whatever is wrong is found in one pass: of values, and, beyond
what the Structs can say, of journeys and of the words of a policy's own. Invariant: two policies with the same effect
have the same hash, and the hash stands in every decision. Each table is a Struct beside the code that it tunes.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

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
    policy = parse(text)
    if policy.alerts.journeys:
        from forewarn.alerts.journeys.own_words import missing

        if found := missing(policy.alerts):
            raise PolicyError(found)
    return policy


def parse(text: str) -> Policy:
    """A policy from TOML text. Raises PolicyError with everything that is wrong."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([str(error)]) from None
    problems: list[str] = []
    policy: Policy | None = _struct(Policy, raw, (), problems)
    problems += _journeys(raw)
    if policy is None or problems:
        raise PolicyError(problems)
    return policy


def _journeys(raw: dict[str, Any]) -> list[str]:
    """What is wrong with journeys beyond their form, whatever else is wrong with the policy."""
    alerts = raw.get("alerts")
    own = alerts.get("journeys") if isinstance(alerts, dict) else None
    if not isinstance(own, dict):
        return []
    from forewarn.alerts.journeys.check import problems
    from forewarn.alerts.journeys.forming import formed

    return problems({name: journey for name, table in own.items() if (journey := formed(table)) is not None})


def _struct(kind: Any, raw: dict[str, Any], path: tuple[str, ...], problems: list[str]) -> Any:
    """Builds a Struct field by field, so that one wrong value does not hide the next; None if anything is wrong."""
    hints = get_type_hints(kind, include_extras=True)
    types = {field.encode_name: hints[field.name] for field in msgspec.structs.fields(kind)}
    names = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
    before = len(problems)
    values = {}
    for name, value in raw.items():
        here = (*path, name)
        if name not in types:
            problems.append(f"{'.'.join(here)}: there is no such key{_nearest(name, types)}")
        else:
            values[name] = _value(types[name], value, here, problems)
    if len(problems) > before:
        return None
    try:
        return kind(**{names[name]: value for name, value in values.items()})
    except (TypeError, ValueError) as error:  # a key without default is missing, or the keys contradict each other
        problems.append(f"{'.'.join(path) or 'policy'}: {error}")
        return None


def _value(kind: Any, value: Any, path: tuple[str, ...], problems: list[str]) -> Any:
    """A value of any kind. Tables, tables by name and lists of tables are gone through one by one."""
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if _is_struct(bare) and isinstance(value, dict):
        return _struct(bare, value, path, problems)
    inner, before = get_args(bare), len(problems)
    if get_origin(bare) is dict and isinstance(value, dict) and _is_struct(inner[1]):
        for name, one in value.items():
            _value(inner[1], one, (*path, name), problems)
    elif get_origin(bare) is tuple and isinstance(value, list) and _is_struct(inner[0]):
        for number, one in enumerate(value):
            _value(inner[0], one, (*path, _name(one, number)), problems)
    if len(problems) > before:
        return None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        problems.append(f"{'.'.join(path)}{where.rstrip('`')}: {what}")
        return None


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _name(table: Any, number: int) -> str:
    """What one of a list is called in a problem: its name, if it has one, else its place."""
    name = table.get("name") if isinstance(table, dict) else None
    return name if isinstance(name, str) and name else str(number)


def _nearest(name: str, known: dict[str, Any]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else ""
