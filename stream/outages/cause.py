"""Why an outage is out, as far as what is found beneath it tells. Pure: `step(case, input) -> case`.

    dying gasps of most of its devices ─┐
    alarms of power ── most ────────────┼──> power        alarms of light ── most ──> fibre
    power had failed before ────────────┘                 its own malfunction ──────> equipment, where none of these is

Invariant: a cause that staff gave stays; counts only grow, so that none is taken back as alarms clear one by one.
Source: detection.md G.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.case import Case


class Explained(Struct, frozen=True, gc=False):
    """What alarms beneath it tell: elements without power, without light, and whether power had failed before.

    `broken`: the element itself says that its equipment does not work.
    """

    time: int
    powerless: int
    lightless: int
    on_battery: bool
    broken: bool = False


def step(case: Case, what: Explained) -> Case:
    """Folds what was found into the cause."""
    if case.state not in ("suspected", "confirmed"):
        return case
    after = replace(
        case,
        powerless=max(case.powerless, what.powerless),
        lightless=max(case.lightless, what.lightless),
        on_battery=case.on_battery or what.on_battery,
    )
    gasps = sum(case.gasps.values())
    cause: str | None = told(gasps=gasps, down=case.devices_down, power=after.powerless, signal=after.lightless)
    if cause is None and what.broken:
        cause = "equipment"
    if not case.cause_given and (cause is not None or after.on_battery):
        after = replace(after, cause="power" if after.on_battery else cause)
    return case if after == case else after


def told(*, gasps: int, down: int, power: int, signal: int) -> Literal["power", "fibre"] | None:
    """The cause that `gasps` of `down` devices, and elements with alarms of `power` and of `signal`, tell.

    Loss of light follows loss of power, never the other way round, so that power wins a tie. (detection.md G)
    """
    if gasps * 2 > down > 0 or (power and power >= signal):
        return "power"
    return "fibre" if signal else None


def gasped(known: dict[str, int], new: dict[str, int]) -> dict[str, int]:
    """The greatest count of each, those of nothing left out."""
    more = {name: count for name, count in new.items() if count > known.get(name, 0)}
    return {**known, **more} if more else known
