"""What is left of a confirmed outage when it is over: strays, or a smaller outage that it hid. Pure.

agg-1 ─┬─ olt-1  ·····  back             agg-1 is over: 95 of 100 are back
       ├─ olt-2  ·····  back
       ├─ olt-3  ●●●●●  all still down   a smaller outage: its devices count as fallen now, and are suspected anew
       └─ olt-4  ··●··  one stray        spent: it raises no other
"""

from __future__ import annotations

from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.roster import Roster


def remains(roster: Roster, node: Node, first: int) -> list[Node]:
    """The highest groups below `node` of which nearly all went down since bucket `first` and still are.

    An infrastructure element that is itself down is such a group, whatever hangs on it.
    """
    found: list[Node] = []
    queue = [child for child in node.children.values() if child.down_total]
    seen = {id(node)}
    for child in queue:
        if id(child) in seen:
            continue
        seen.add(id(child))
        down = child.newly(first)
        enough = down >= roster.policy.devices_min or child.element in roster.down_infrastructure
        if enough and down >= roster.policy.explain_share * child.expected:
            found.append(child)
        else:
            queue.extend(below for below in child.children.values() if below.down_total)
    return found
