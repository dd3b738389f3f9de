"""How the group of an open suspicion looks at a tick: who is still down, and what speaks for and against it. Pure.

groups' counts ─┐
open alarms ────┼──> Look ──> suspicion.step
its own beats ──┘
"""

from __future__ import annotations

from collections.abc import Sequence

from forewarn.stream.outages import liveness
from forewarn.stream.outages.alarming import Alarming
from forewarn.stream.outages.groups import Node, name_of
from forewarn.stream.outages.liveness import View
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.suspicion import Look, Suspicion


def sight(roster: Roster, alarming: Alarming, state: Suspicion, node: Node, views: Sequence[View]) -> Look:
    """The look of the suspicion `state` on the group `node`, at the clock of `views`, the windows of its region."""
    own = roster.down_infrastructure.get(state.element) if not state.whole_region else None
    alone = own is not None and own.down is not None and own.down.counts
    down, still = node.newly(state.first), node.newly(state.first, state.last)
    leaves = alarming.open[name_of(node)] if state.detector == "alarm" and state.k else 0
    waits = not state.confirmed and bool(node.down_total)
    return Look(
        clock=views[0].clock,
        bucket=views[0].clock // views[0].width,
        down=max(down, leaves),
        still=max(still, leaves),
        surprises=waits and (alone or any(liveness.test(view, node) for view in views)),
        alarmed=alarming.backs(state, node, down),
        contradicted=_is_heard(roster, state, node, own is not None) or _are_heard(state, node, leaves, down),
    )


def _is_heard(roster: Roster, state: Suspicion, node: Node, own_down: bool) -> bool:
    """Whether most of what hangs on an element that is suspected alone is heard: it lost its voice, not its service."""
    beside, down = node.expected - 1, node.down_total - own_down
    return state.k == 1 and beside >= roster.policy.devices_min and 2 * down < beside


def _are_heard(state: Suspicion, node: Node, leaves: int, down: int) -> bool:
    """Whether leaves with alarms are heard all the same."""
    return leaves > 0 and node.expected >= state.k and 2 * down < state.k
