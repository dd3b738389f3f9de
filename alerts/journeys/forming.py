"""Forming: as much of a journey as is in form, so that one wrong key does not hide what else is wrong. Pure.

{name = "one", wiat = "1h", then = "tow"}  ──>  Step(name="one", then="tow")  ──>  check: there is no step tow

What is dropped here was said of the value already. Invariant: a journey that is in form comes out as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, get_type_hints

import msgspec
from msgspec import Struct

from forewarn.alerts.journeys.journey import Journey, Step, Trigger


def formed(table: Any) -> Journey | None:
    """The journey of a table of the policy; None when nothing says what starts it."""
    if not isinstance(table, Mapping):
        return None
    with suppress(msgspec.ValidationError):
        return msgspec.convert(table, Journey)
    trigger = _fields(Trigger, table.get("trigger"))
    if "event" not in trigger:
        return None
    listed = table.get("steps")
    steps = [_step(one) for one in listed] if isinstance(listed, list) else []
    rest = {name: value for name, value in _fields(Journey, table).items() if name not in ("trigger", "steps")}
    return Journey(trigger=Trigger(**trigger), steps=tuple(step for step in steps if step is not None), **rest)


def _step(table: Any) -> Step | None:
    """A step, whatever its name is like; None without one: nothing could be said of it by name."""
    name = table.get("name") if isinstance(table, Mapping) else None
    return Step(**{**_fields(Step, table), "name": name}) if isinstance(name, str) else None


def _fields(kind: type[Struct], table: Any) -> dict[str, Any]:
    """The fields that are in form, by their names in the Struct."""
    if not isinstance(table, Mapping):
        return {}
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in table:
            with suppress(msgspec.ValidationError):
                found[field.name] = msgspec.convert(table[field.encode_name], hints[field.name])
    return found
