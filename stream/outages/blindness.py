"""What correlate cannot see: silent collectors, regions that fell silent together, partitions that lag. Pure.

    heard of c-2   ● ● ● ●                        ● ● ●        silent: longer than blind_s (or two ticks)
                         └── blind_s ──┤ silent ├─┴─ since: heard again without a break
    ─────────────────────────────────────────────────────> time

What is down behind a silent collector may only be unseen. So may a good part of all regions that fall silent within two
ticks and share a collector or a partition. A partition that is read later than it is written says nothing of now.
Rows: `k/<collector>` Ear, `b` the regions that fell silent together, `y/<partition>` what it reported last.
Invariant: verdicts are passed on ticks, once all partitions have reported. Source: detection.md H.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import Sight
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.outages import StatusRow


class Ear(Struct, frozen=True, array_like=True, gc=False):
    """What is heard of a collector: since when without a break, and last (epoch ms); and whether it is silent now.

    The row of it is as old as the last change of `since` or `silent`; `heard` is learned again after a restart.
    """

    since: int = 0
    heard: int = 0
    silent: bool = False


class Together(Struct, frozen=True, array_like=True, gc=False):
    """Regions that fell silent together."""

    regions: tuple[str, ...] = ()


class Report(Struct, frozen=True, array_like=True, gc=False):
    """The newest row of a collector or region, with the partition and its clock then (epoch ms)."""

    partition: int
    clock: int
    row: StatusRow


class Reports(Struct, frozen=True, array_like=True, gc=False):
    """What one partition reported last, collectors and regions; `whole`: with all it had to report."""

    whole: bool
    reports: tuple[Report, ...]


EARS = Shelf("k/", Ear)
TOGETHER = Shelf("b", Together)
REPORTS = Shelf("y/", Reports)


def listen(ear: Ear, *, heard: int, clock: int, patience: int) -> Ear:
    """The ear at `clock`, the last sign of life being that of `heard`: silent after `patience` ms without one.

    A break is one that was noticed: records that are read late, all at once, leave no gap.
    """
    last = max(heard, ear.heard)
    silent = clock - last > patience
    begins = not silent and (ear.silent or not ear.heard)
    return Ear(last if begins else ear.since, last, silent)


def changed(was: Ear, now: Ear) -> bool:
    """Whether the row of it is out of date."""
    return (was.since, was.silent) != (now.since, now.silent)


def silence(policy: OutagePolicy) -> int:
    """Ms after which a collector, or a region, is silent."""
    return int(max(policy.blind_s, 2 * policy.tick_s) * 1000)


class Blindness:
    """What all region partitions report of their sources, and the verdicts on it."""

    def __init__(self, policy: OutagePolicy, partitions: int) -> None:
        self.policy = policy
        self.partitions = partitions
        self.silence = silence(policy)
        self.ears: dict[str, Ear] = {}
        self.together: frozenset[str] = frozenset()
        self.regions: dict[str, Report] = {}
        self._collectors: dict[str, dict[int, Report]] = {}
        self.lags: dict[int, int] = {}
        self._reported: set[int] = set()
        self._held: dict[int, dict[tuple[str, str], Report]] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Takes reports and verdicts up again."""
        for key, value in table.items():
            if key.startswith(EARS.prefix):
                self.ears[EARS.name(key)] = EARS.unpack(value)
            elif key.startswith(REPORTS.prefix):
                reports = REPORTS.unpack(value)
                if reports.whole:
                    self._reported.add(int(REPORTS.name(key)))
                for report in reports.reports:
                    self._take(report)
        if (row := table.get(TOGETHER.prefix)) is not None:
            self.together = frozenset(TOGETHER.unpack(row).regions)

    # -- what partitions report

    def report(self, unit: Unit, partition: int, rows: Iterable[StatusRow], clock: int) -> None:
        """Takes some rows of a partition whose clock is at `clock`."""
        for row in rows:
            self._take(Report(partition, clock, row))
        self._keep(unit, partition)

    def reported(self, unit: Unit, partition: int, clock: int, lag: int) -> None:
        """The partition has reported all it has at `clock`, `lag` ms after it arrived: what it left out is gone."""
        self.lags[partition] = lag
        self._reported.add(partition)
        held = self._held.setdefault(partition, {})
        gone = [name for name, report in held.items() if report.clock < clock]
        for of, name in gone:
            del held[of, name]
            if of == "collector":
                del self._collectors[name][partition]
            elif self.regions[name].partition == partition:
                del self.regions[name]
        self._keep(unit, partition)

    def _take(self, report: Report) -> None:
        row = report.row
        if row.of == "collector":
            self._collectors.setdefault(row.name, {})[report.partition] = report
        elif row.of == "region":
            self.regions[row.name] = report
        if row.of != "element":
            self._held.setdefault(report.partition, {})[row.of, row.name] = report

    def _keep(self, unit: Unit, partition: int) -> None:
        held = tuple(self._held.get(partition, {}).values())
        unit.put(REPORTS.key(str(partition)), REPORTS.pack(Reports(partition in self._reported, held)))

    @property
    def complete(self) -> bool:
        """Whether every partition has reported."""
        return len(self._reported) >= self.partitions

    # -- verdicts

    def judge(self, unit: Unit) -> None:
        """Passes the verdicts, once a tick; those that have changed are kept."""
        for name in sorted(self._collectors):
            if self._collectors[name]:
                self._judge(unit, name, self._collectors[name])
        together = self._fallen()
        if together != self.together:
            self.together = together
            unit.put(TOGETHER.prefix, TOGETHER.pack(Together(tuple(sorted(together)))))

    def _judge(self, unit: Unit, name: str, reports: Mapping[int, Report]) -> None:
        patience = max(self.silence, *(report.row.patience for report in reports.values()))
        heard = max(report.row.heard for report in reports.values())
        clock = max(report.clock for report in reports.values())
        was = self.ears.get(name, Ear())
        now = self.ears[name] = listen(was, heard=heard, clock=clock, patience=patience)
        if changed(was, now):
            unit.put(EARS.key(name), EARS.pack(now))

    def _fallen(self) -> frozenset[str]:
        """More than 30 % of many regions, silent since within two ticks, that share a collector or a partition."""
        policy = self.policy
        if len(self.regions) < policy.blind_regions_min:
            return frozenset()
        span = int(2 * policy.tick_s * 1000)
        groups: dict[tuple[str, str | int], list[Report]] = {}
        for report in self.regions.values():
            patience = max(span, report.row.patience)
            if report.row.heard and report.clock - report.row.heard > patience:
                groups.setdefault(("partition", report.partition), []).append(report)
                for collector in report.row.collectors:
                    groups.setdefault(("collector", collector), []).append(report)
        fallen: set[str] = set()
        for reports in groups.values():
            reports.sort(key=lambda report: report.row.heard)
            for first in reports:
                near = [r.row.name for r in reports if 0 <= r.row.heard - first.row.heard <= span]
                if len(near) > policy.blind_regions_share * len(self.regions):
                    fallen.update(near)
        return frozenset(fallen)

    def silent(self, name: str) -> bool:
        """Whether a collector is silent."""
        return name in self.ears and self.ears[name].silent

    def blind(self, names: Iterable[str], region: str) -> bool:
        """Whether each of the collectors that are known among `names` is silent, or the region fell with others."""
        known = [self.ears[name] for name in names if name in self.ears]
        return region in self.together or (bool(known) and all(ear.silent for ear in known))

    def sight(self, names: Iterable[str], region: str, partition: int) -> Sight | None:
        """Why detect's word about the devices behind these collectors is not enough; None: it is."""
        if self.blind(names, region):
            return "silence"
        return "lag" if self.lags.get(partition, 0) > self.policy.blind_lag_s * 1000 else None

    def heard_elsewhere(self) -> Iterator[tuple[str, int, Ear]]:
        """(collector, partition, ear) where a partition cannot see its devices, though others hear the collector."""
        for name, reports in sorted(self._collectors.items()):
            ear = self.ears.get(name, Ear())
            for number, report in sorted(reports.items()):
                if report.row.veiled and ear.heard - report.row.heard > 2 * self.policy.tick_s * 1000:
                    yield name, number, ear
