"""`forewarn policy check`: a policy as a person reads it. Its hash, its mode, and what differs from the defaults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from forewarn.stream.policy import Policy
from forewarn.stream.regulator.pack import load


def run(policy: Policy, *, as_json: bool) -> int:
    """Prints the policy; it is valid, or it would not be here. Raises PackError when it names packs that are not."""
    load(policy.regulator)
    console = Console(highlight=False)
    if as_json:
        values = {"hash": policy.hash, **msgspec.to_builtins(policy)}
        print(msgspec.json.format(msgspec.json.encode(values), indent=2).decode())
        return 0
    console.print(f"policy [bold]{policy.hash}[/bold] is valid; mode [bold]{policy.mode}[/bold]")
    changed = list(differences(policy, Policy()))
    if not changed:
        console.print("every value is the default")
        return 0
    table = Table("key", "value", "default")
    for key, value, default in changed:
        table.add_row(key, str(value), str(default))
    console.print(table)
    return 0


def differences(policy: Policy, other: Policy) -> Iterator[tuple[str, Any, Any]]:
    """(key, value, other's value) of every key in which two policies differ, in the order of the file."""
    mine, theirs = dict(_flat(msgspec.to_builtins(policy))), dict(_flat(msgspec.to_builtins(other)))
    for key, value in mine.items():
        if value != theirs.get(key):
            yield key, value, theirs.get(key)


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
