"""Groups of devices: for each element with something beneath it, and each region, who is expected and who is down.

    region ── olt-1 ── pon-1 ── onu 1, 2, 3        a device counts in every group above it, by whichever way it
                   └── pon-2 ── onu 4, 5           reaches it, and once only (rings, dual homing)

The windows are rings of buckets inside each group, one count of the devices now down for each bucket of time in which
they went down, so that "newly down within W" and the level test read the same ring.
Invariant: the counts are a function of the devices' states; `Groups.stale` says that they must be taken anew.
"""

from __future__ import annotations

from collections.abc import Iterable

#: The buckets of devices that count in no window: left over from an outage that is over, or flapping.
SPENT = -1
HELD = -2
#: The bucket of devices that fell silent together with their collector.
VEILED = -3


class Node:
    """One group. `expected`: devices that were heard at all; `down`: those now down, by bucket of `since`."""

    __slots__ = (
        "children",
        "claimants",
        "claims",
        "down",
        "down_total",
        "element",
        "expected",
        "known",
        "lineage",
        "parents",
        "region",
        "root",
        "slowest",
        "version",
    )

    def __init__(self, element: str, region: str, root: Node | None) -> None:
        self.element = element
        self.region = region
        self.root = root
        self.parents: tuple[Node, ...] = ()
        self.claims: tuple[Node, ...] = ()  #: the parents that it is said to have, whatever their region
        self.claimants: dict[Node, None] = {}  #: the groups that name it as theirs
        self.known = False  #: it is said itself where it is
        self.children: dict[str, Node] = {}
        self.lineage: tuple[Node, ...] = ()
        self.version = -1  #: of the structure that `lineage` was taken from
        self.expected = 0
        self.down: dict[int, int] = {}
        self.down_total = 0
        self.slowest = 0  #: the longest beat interval in it, ms

    def holds(self, region: str) -> bool:
        """Whether it is in a region's tree: as it is said to be, or because nothing of another region hangs on it."""
        if self.known:
            return self.region == region
        return all(claimant.region == region for claimant in self.claimants)

    def newly(self, first: int, last: int | None = None) -> int:
        """Devices now down that went down in buckets `first` to `last` (to the newest without it)."""
        return sum(count for bucket, count in self.down.items() if bucket >= first and (last is None or bucket <= last))


def name_of(node: Node) -> str:
    """The name of a group, and of its suspicion: an element and a region may be called the same."""
    return f"region/{node.element}" if node.root is None else f"element/{node.element}"


class Groups:
    """All groups of one region partition. Buckets are `width` ms wide."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.nodes: dict[str, Node] = {}
        self.regions: dict[str, Node] = {}
        self.stale = False
        self.version = 0
        self.moves = 0  #: counts the devices that were put elsewhere

    def region(self, name: str) -> Node:
        """The group of a whole region."""
        node = self.regions.get(name)
        if node is None:
            node = self.regions[name] = Node(name, name, None)
        return node

    def node(self, element: str, region: str) -> Node:
        """The group of an element; made when it is first named, directly below its region until a parent is known."""
        node = self.nodes.get(element)
        if node is None:
            root = self.region(region)
            node = self.nodes[element] = Node(element, region, root)
            root.children[element] = node
        return node

    def link(self, node: Node, region: str, parents: tuple[Node, ...]) -> None:
        """Puts a group below its parents, or below its region when it has none there.

        What several regions hang on is in none of their trees, but in that of its own region if that is known here: a
        region would see of it no more than its own part. Correlate sees the whole of it.
        """
        root = self.region(region)
        if node.known and node.claims == parents and node.root is root:
            return
        around = dict.fromkeys((node, *node.claimants, *node.claims, *parents))
        for parent in node.claims:
            parent.claimants.pop(node, None)
        for parent in parents:
            parent.claimants[node] = None
        self._hang(node, root, node.parents)
        node.known, node.claims = True, parents
        for other in dict.fromkeys((node, *(claimant for each in around for claimant in each.claimants))):
            if other.root is not None and other.known:
                self._hang(other, other.root, tuple(p for p in other.claims if p.holds(other.region)))

    def _hang(self, node: Node, root: Node, parents: tuple[Node, ...]) -> None:
        if node.parents == parents and node.root is root:
            return
        for above in node.parents or (node.root,):
            if above is not None:
                above.children.pop(node.element, None)
        node.region, node.root, node.parents = root.element, root, parents
        for above in parents or (root,):
            above.children[node.element] = node
        self.version += 1
        if node.expected or node.down_total:
            self.stale = True

    def lineage(self, node: Node) -> tuple[Node, ...]:
        """A group and all groups above it, its region last; a loop in the topology ends where it closes."""
        if node.version != self.version:
            found: dict[int, Node] = {}
            queue = [node]
            while queue:
                above = queue.pop()
                if id(above) not in found:
                    found[id(above)] = above
                    queue.extend(reversed(above.parents))
            node.lineage = (*found.values(), node.root) if node.root is not None else tuple(found.values())
            node.version = self.version
        return node.lineage

    def above(self, element: str, region: str, parents: tuple[Node, ...]) -> tuple[Node, ...]:
        """All groups that a device counts in: its own, if it has one, its parents' and theirs, its region's."""
        own = self.nodes.get(element)
        if own is not None:
            return self.lineage(own)
        if len(parents) == 1 and (root := parents[0].root) is not None and root.element == region:
            return self.lineage(parents[0])
        found = {id(node): node for parent in parents for node in self.lineage(parent) if node.root is not None}
        return (*found.values(), self.region(region))

    def expect(self, nodes: Iterable[Node], by: int) -> None:
        """Adds to (or, with -1, takes from) the devices expected in these groups."""
        for node in nodes:
            node.expected += by

    def fall(self, nodes: Iterable[Node], bucket: int) -> None:
        """Counts a device that is down, in a bucket of time or one of `SPENT`, `HELD` and `VEILED`."""
        for node in nodes:
            node.down[bucket] = node.down.get(bucket, 0) + 1
            node.down_total += 1

    def rise(self, nodes: Iterable[Node], bucket: int) -> None:
        """Takes back a device that was counted in this bucket."""
        for node in nodes:
            left = node.down.get(bucket, 0) - 1
            if left > 0:
                node.down[bucket] = left
            else:
                node.down.pop(bucket, None)
            node.down_total -= 1

    def reset(self) -> None:
        """Empties all counts, before they are taken anew."""
        for nodes in (self.nodes, self.regions):
            for node in nodes.values():
                node.expected = node.down_total = node.slowest = 0
                node.down.clear()
        self.stale = False
