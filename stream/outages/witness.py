"""Who speaks for devices that cannot be seen: alarms, and confirmed suspicions of most that is seen. Pure.

Dying gasps speak for their own devices (`Veil`), KPIs and customers for what correlate leads as unseen.
Invariant: what fell silent long after the witness spoke is not spoken for (`Evidence.at`). Source: detection.md H,
"it ends by independent evidence (alarm, dying gasp, KPI, "still out" replies)".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from forewarn.stream.outages.alarms import OpenAlarms
from forewarn.stream.outages.groups import VEILED, Node
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.suspicion import Suspicion
from forewarn.stream.outages.veil import Evidence


def witnesses(
    policy: OutagePolicy, roster: Roster, alarms: OpenAlarms, open_: Iterable[Suspicion]
) -> Iterator[Evidence]:
    """All that speaks now. A confirmed suspicion speaks for its group when most of what is seen of it is down."""
    for element in alarms.elements:
        if (newest := alarms.newest(element)) is not None:
            yield Evidence(element, roster.groups.nodes.get(element), newest)
    for state in open_:
        node = roster.groups.region(state.region) if state.whole_region else roster.groups.nodes.get(state.element)
        if node is not None and state.confirmed and _mostly_down(policy, node, state):
            yield Evidence(state.element, node, state.onset)


def _mostly_down(policy: OutagePolicy, node: Node, state: Suspicion) -> bool:
    seen = node.expected - node.down.get(VEILED, 0)
    return 0 < policy.explain_share * seen <= node.newly(state.first)
