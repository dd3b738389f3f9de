"""What stands above an element, and which element an alarm is about. Pure.

core-1 ──(port 3)── agg-1        an alarm of either end of a link is about the lower one: agg-1 and its subtree
  └──────(port 4)── agg-2        an alarm of a port, about what hangs on it where the roster knows that by name
"""

from __future__ import annotations

from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.roster import Roster
from forewarn.topics.events.network import Alarm

#: How elements below a port are called: `<element><mark><port>`.
MARKS = ("/", "-", ":", ".", "_")


def lineage(roster: Roster, element: str) -> tuple[Node, ...]:
    """The groups at and above an element, its region last; none of an element that is not known."""
    node = roster.groups.nodes.get(element)
    if node is not None:
        return roster.groups.lineage(node)
    device = roster.devices.get(element)
    return roster.above(device) if device is not None else ()


def subject(roster: Roster, alarm: Alarm) -> str:
    """The element that an alarm is about: the lower end of its link, or what hangs on its port, or who reports it."""
    element, peer = alarm.element, alarm.peer
    if peer is not None and peer != element and _is_above(roster, element, peer):
        return peer
    if peer is None and alarm.port is not None:
        for mark in MARKS:
            name = f"{element}{mark}{alarm.port}"
            if name in roster.devices and _is_above(roster, element, name):
                return name
    return element


def _is_above(roster: Roster, upper: str, lower: str) -> bool:
    node = roster.groups.nodes.get(upper)
    return node is not None and node in lineage(roster, lower)
