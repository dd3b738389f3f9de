"""Where devices are suspected, as seen from an indicator: on its element or above, below it, or nowhere near. Pure.

region/north          sessions of the region ── BELOW: devices of olt-1 are a tenth of its own or more
  └─ olt-1 suspected  loss of olt-1 ─────────── ON
       └─ pon-3       loss of pon-3 ─────────── ON: what is above takes it with it
  └─ olt-2            loss of olt-2 ─────────── NONE
"""

from __future__ import annotations

from enum import IntEnum

from forewarn.stream.outages.watch import Watch


class Near(IntEnum):
    """Where devices are suspected."""

    NONE = 0
    BELOW = 1
    ON = 2


def near(watch: Watch, region: str, element: str | None, share: float) -> Near:
    """Where devices are suspected, seen from an element or a region (None); below, if they are `share` of its own."""
    if not watch.open:
        return Near.NONE
    groups = watch.roster.groups
    device = watch.roster.devices.get(element) if element else None
    above = watch.roster.above(device) if device is not None else ()
    names = [f"region/{region}", *(f"element/{node.element}" for node in above if node.root is not None)]
    if any(name in watch.open for name in (*names, f"element/{element}")):
        return Near.ON
    own = groups.nodes.get(element) if element else groups.regions.get(region)
    for suspicion in watch.open.values() if own is not None else ():
        other = None if suspicion.whole_region else groups.nodes.get(suspicion.element)
        if other is not None and own in groups.lineage(other) and other.expected >= share * own.expected:
            return Near.BELOW
    return Near.NONE
