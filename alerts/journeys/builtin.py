"""The journeys of a deployment: those that come with Forewarn (`builtin.toml`), with the policy's own over them.

A journey of the policy stands in place of the built-in one of its name; `enabled = false` switches it off.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from forewarn.alerts.journeys.events import EVENTS
from forewarn.alerts.journeys.journey import Journey

SOURCE = Path(__file__).with_name("builtin.toml")


@cache
def builtin() -> Mapping[str, Journey]:
    """The journeys that come with Forewarn, by name."""
    return msgspec.toml.decode(SOURCE.read_bytes(), type=dict[str, Journey])


def journeys_of(own: Mapping[str, Journey]) -> dict[str, Journey]:
    """The journeys in force, by name; `own` are the policy's."""
    return {name: journey for name, journey in {**builtin(), **own}.items() if journey.enabled}


def of_customers(own: Mapping[str, Journey]) -> dict[str, Journey]:
    """Those of them that are of one customer each."""
    return {n: journey for n, journey in journeys_of(own).items() if not EVENTS[journey.trigger.event].shared}
