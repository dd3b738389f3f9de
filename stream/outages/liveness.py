"""Detector A: a down-fraction too large for chance, and the smallest element that explains it. Pure.

    down   │          ●●●●                 k = 4 went down within W, n = 10 expected up
    ───────┼──┬────────────┬──> time       P(Bin(n, p) >= k) < 1e-6, k >= 3, k/n >= 0.1: a surprise
              └───── W ────┘ clock

Source: detection.md A. Judging bursts of lost devices against a binomial or Poisson base rate is the way of Disco
(A. Shah, R. Fontugne, E. Aben, C. Pelsser, R. Bush, "Disco: fast, good, and cheap outage detection", TMA 2017).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.groups import Node, name_of
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.surprise import surprise

#: The level test's bound of the base rate: it never expects more than this share down.
RATE_MAX = 0.5


class Rate(Struct, frozen=True, array_like=True, gc=False):
    """A region's base rate: the share of devices newly down per window W, as a moving average; 0 before the first.

    `window` is the number of the window that `downs` counts in; `mixed`: part of it lay in an outage and counts not.
    """

    average: float = 0.0
    window: int = 0
    downs: int = 0
    mixed: bool = False


class Finding(Struct, frozen=True, gc=False):
    """One surprise: `k` of `n` devices of the group newly down since bucket `first`, with probability `p_value`."""

    node: Node
    k: int
    n: int
    p_value: float
    window: int
    first: int


class View(Struct, frozen=True, gc=False):
    """Through which window, and against which base rate, groups are tested at `clock`. Buckets are `width` ms wide.

    `window` is ms; `rate` is the region's average, scaled to the window. With `counts` it is not the devices newly down
    that are counted but something else, by `name_of` the group.
    """

    policy: OutagePolicy
    clock: int
    width: int
    window: int
    rate: float = 0.0
    counts: Mapping[str, int] | None = None

    @property
    def first(self) -> int:
        """The first bucket of the window."""
        return (self.clock - self.window) // self.width + 1

    def over(self, interval: int) -> View:
        """The view for a group of devices that beat every `interval` ms: its window is no shorter (detection.md A)."""
        if interval <= self.window:
            return self
        return replace(self, window=interval, rate=min(self.rate * interval / self.window, RATE_MAX))

    def count(self, node: Node) -> tuple[int, int]:
        """(k, n) of a group: what is counted in it, and out of how many."""
        if self.counts is not None:
            return self.counts.get(name_of(node), 0), node.expected
        k = node.newly(self.first)
        return k, node.expected - (node.down_total - k)

    def hits(self, node: Node) -> bool:
        """Whether anything is counted in a group."""
        return self.counts.get(name_of(node), 0) > 0 if self.counts is not None else node.down_total > 0


def step(policy: OutagePolicy, rate: Rate, *, clock: int, window: int, downs: int, expected: int, open_: bool) -> Rate:
    """Folds `downs` newly down devices of a region into its base rate. Windows with an open outage are left out."""
    number = clock // window
    if number == rate.window:
        return Rate(rate.average, number, rate.downs + downs, rate.mixed or open_)
    average = rate.average
    if rate.window and not rate.mixed and expected:
        weight = policy.base_rate_weight
        average += weight * (min(rate.downs / expected, 1.0) - average)
        skipped = number - rate.window - 1
        average *= (1 - weight) ** max(0, skipped)
    return Rate(average, number, downs, open_)


def views(policy: OutagePolicy, rate: Rate, *, clock: int, width: int) -> Iterator[View]:
    """The windows to test at `clock`: W, then those of the level test."""
    base = int(policy.window_s * 1000)
    for window in (base, *(int(seconds * 1000) for seconds in policy.level_windows_s)):
        if window >= base:
            yield View(policy, clock, width, window, min(rate.average * window / base, RATE_MAX))


def test(view: View, node: Node) -> Finding | None:
    """The surprise in one group, or None."""
    view = view.over(node.slowest)
    return judge(view, node, *view.count(node))


def judge(view: View, node: Node, k: int, n: int) -> Finding | None:
    """Whether `k` of `n` devices are a surprise. p = max(base rate, W / one day / n) (detection.md A)."""
    policy, n = view.policy, max(n, k)
    if k < policy.devices_min or k < policy.share_min * n:
        return None
    floor = view.window / (policy.quiet_s * 1000) / n
    p = min(max(view.rate, floor), RATE_MAX)
    value = surprise(n, k, p)
    return Finding(node, k, n, value, view.window, view.first) if value < policy.surprise else None


def explain(view: View, node: Node) -> list[Finding]:
    """The smallest groups at or below `node` that explain what is newly down.

    One child that holds most of it explains it in the group's stead. When most children are hit, the group itself
    explains them; when a few are, each explains its own, and the group only what is left over.
    """
    return _explain(view, node, frozenset())


def _explain(view: View, node: Node, seen: frozenset[int]) -> list[Finding]:
    seen = seen | {id(node)}
    hit = [child for child in node.children.values() if view.hits(child) and id(child) not in seen]
    found = [finding for child in hit if (finding := test(view, child)) is not None]
    whole = test(view, node)
    below = [finding for child in hit for finding in _explain(view, child, seen)] if whole is None else []
    if whole is None:
        return below
    share = view.policy.explain_share
    if found:
        most = max(found, key=lambda finding: finding.k)
        if most.k >= share * whole.k:
            return _explain(view, most.node, seen)
        groups = sum(1 for child in node.children.values() if child.expected)
        rest = judge(
            view.over(node.slowest), node, whole.k - sum(f.k for f in found), whole.n - sum(f.n for f in found)
        )
        if len(found) < share * groups and rest is None:
            return [finding for child in found for finding in _explain(view, child.node, seen)]
    return [whole]
