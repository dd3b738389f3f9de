"""The indicators of one region partition: samples go in, suspicions of detectors B and D come out. Pure.

    network.kpis ──> Series (in order) ──> Drop or Cusum ──every tick──> suspect, clear ──> Outbox
                          └──slot is over──> Baseline (pages) ──┘

Rows: `k/<series>` Series, `kh/<series>/<page>` a page of the baseline (and those of `announcements.py`).
Invariant: what is announced after a tick is what the samples up to then say, in whatever order they came; of each
element and detector at most one suspicion is open, however many indicators say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import degradation, kpi, series
from forewarn.stream.outages.announcements import Announcements, Found
from forewarn.stream.outages.baseline import Baseline
from forewarn.stream.outages.case import name_of
from forewarn.stream.outages.outbox import Outbox
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.series import SERIES, Series
from forewarn.stream.outages.vicinity import near
from forewarn.stream.outages.watch import Watch
from forewarn.topics.events.network import Kpi
from forewarn.topics.events.outages import StatusRow

#: Indicators that say nothing any more are looked for this often, ms.
SWEEP_MS = 3_600_000


class Gauges:
    """Watched indicators by name `<region>\\0<element, empty for the region>\\0<indicator>`."""

    def __init__(self, policy: OutagePolicy, watch: Watch, outbox: Outbox) -> None:
        self.policy = policy.kpi
        self.lateness = int(policy.lateness_s * 1000)
        self.usual = int(policy.interval_s * 1000)
        self.share = policy.share_min
        self.rules = {rule.name: rule for rule in policy.kpi.watched}
        self.watch = watch
        self.told = Announcements(outbox)
        self.baseline = Baseline(policy.kpi)
        self.series: dict[str, Series] = {}
        self.found: dict[str, Found] = {}
        self.behind: dict[str, dict[str, None]] = {}  #: suspicion, open or not -> its indicators
        self.regions: dict[str, dict[str, None]] = {}  #: region -> its volumes
        self.touched: dict[str, None] = {}
        self.swept = 0

    def restore(self, table: Mapping[bytes, bytes], clock: int) -> None:
        """Rebuilds the indexes; every indicator is judged anew at the next tick."""
        self.told.restore(table)
        for key, value in table.items():
            if key.startswith(SERIES.prefix):
                self._know(SERIES.name(key), SERIES.unpack(value))
        self.touched = dict.fromkeys(self.series)
        self.swept = clock // SWEEP_MS

    def _know(self, name: str, state: Series) -> None:
        region, _, indicator = name.split("\0")
        self.series[name] = state
        if indicator in self.rules:
            self.behind.setdefault(self._suspicion(name), {})[name] = None
            if self.rules[indicator].kind == "volume":
                self.regions.setdefault(region, {})[name] = None

    def _suspicion(self, name: str) -> str:
        region, element, indicator = name.split("\0")
        detector = "kpi" if self.rules[indicator].kind == "volume" else "degradation"
        return f"{detector}/{name_of(element, region, whole_region=not element)}"

    # -- every sample

    def take(self, unit: Unit, event: Kpi, region: str, at: int, arrival: int) -> None:
        """Takes a sample of event time `at` that arrived at `arrival` (epoch ms both).

        One that is ahead of its arrival by more than the lateness comes from a wrong clock, and would make all that
        follow late: it is left out.
        """
        rule = self.rules.get(event.name)
        reading = rule.reading(event.value) if rule is not None else None
        if rule is None or reading is None or at > arrival + self.lateness:
            return
        name = f"{region}\0{event.element or ''}\0{event.name}"
        was = self.series.get(name)
        if was is None:
            self._know(name, was := Series())
        around = near(self.watch, region, event.element, self.share)
        state = series.take(was, rule, (at, reading, int((event.interval_s or 0) * 1000), around))
        if state is not was:
            self._settle(unit, name, state)

    def _settle(self, unit: Unit, name: str, state: Series) -> None:
        for _ in range(series.due(state, self.lateness)):
            level = self.baseline.level(unit, name, state.settled)
            ended = series.ends(self.policy, state, self.baseline.number(state.tail[0][0]), level)
            if ended is not None:
                self.baseline.learn(unit, name, ended)
            state = self._fold(unit, name, state, state.tail[0])
            state = replace(state, tail=state.tail[1:])
        self._keep(unit, name, state)

    def _fold(self, unit: Unit, name: str, state: Series, sample: series.Sample) -> Series:
        return series.fold(
            self.policy,
            self.rules[name.rsplit("\0", 1)[1]],
            state,
            sample,
            number=self.baseline.number(sample[0]),
            level=self.baseline.level(unit, name, sample[0]),
            usual=self.usual,
        )

    def _keep(self, unit: Unit, name: str, state: Series) -> None:
        self.series[name] = state
        self.touched[name] = None
        unit.put(SERIES.key(name), SERIES.pack(state))

    # -- every tick

    def tick(self, unit: Unit, clock: int) -> None:
        """Tells correlate what has changed, at `clock` in event time (epoch ms)."""
        changed = dict.fromkeys(self._judge_touched(unit), "recovered")
        changed |= dict.fromkeys(self._silences(unit, clock), "silent")
        changed |= {suspicion: "unwatched" for suspicion in self.told.open if suspicion not in self.behind}
        for suspicion in sorted(changed, key=_regions_first):
            self._announce(unit, suspicion, clock, changed[suspicion])
        if clock // SWEEP_MS != self.swept:
            self.swept = clock // SWEEP_MS
            self._sweep(unit, clock)

    def _judge_touched(self, unit: Unit) -> list[str]:
        names = [name for name in self.touched if name.rsplit("\0", 1)[1] in self.rules]
        for name in names:
            self.found[name] = self._judge(unit, name)
        self.touched.clear()
        return [self._suspicion(name) for name in names]

    def _judge(self, unit: Unit, name: str) -> Found:
        """What an indicator says with the tail of its samples, as far as it is there."""
        state, rule = self.series[name], self.rules[name.rsplit("\0", 1)[1]]
        for sample in state.tail:
            state = self._fold(unit, name, state, sample)
        level = self.baseline.level(unit, name, state.newest)
        every = series.interval(state, self.usual) / 1000
        if rule.kind == "volume":
            judged = kpi.eligible(self.policy, level, rule.floor)
            return Found(state.drop.open, state.drop.share, self.policy.fall, self.policy.samples * every, judged)
        h = degradation.threshold(self.policy)
        return Found(state.cusum.open, state.cusum.sum, h, max(state.cusum.run / 1000, every), level is not None)

    def _silences(self, unit: Unit, clock: int) -> list[str]:
        """Ends what is open of indicators that speak no more."""
        ended = []
        for suspicion in sorted(self.told.open):
            for name in self.behind.get(suspicion, ()):
                state = self.series[name]
                patience = max(self.policy.silent_s * 1000, self.policy.samples * series.interval(state, self.usual))
                if self.found[name].open and clock - state.newest >= patience:
                    for sample in state.tail:
                        state = self._fold(unit, name, state, sample)
                    self._keep(unit, name, series.silenced(state))
                    self.found[name] = Found()
                    ended.append(suspicion)
        return ended

    def _announce(self, unit: Unit, suspicion: str, clock: int, reason: str) -> None:
        """Opens or closes a suspicion if its indicators now say so."""
        says = [name for name in self.behind.get(suspicion, ()) if self.found[name].open]
        if says and suspicion not in self.told.open:
            first = min(says, key=lambda name: (self.found[name].open, name))
            self.told.raise_(unit, suspicion, clock, first, self.found[first])
        elif not says and suspicion in self.told.open:
            self.told.close(unit, suspicion, clock, reason)

    def _sweep(self, unit: Unit, clock: int) -> None:
        """Forgets indicators that are no more."""
        for name, state in list(self.series.items()):
            if clock - state.newest >= self.policy.forget_s * 1000:
                del self.series[name]
                self.found.pop(name, None)
                self.touched.pop(name, None)
                for index in (self.behind, self.regions):
                    for names in index.values():
                        names.pop(name, None)
                self.baseline.forget(unit, name)
                unit.delete(SERIES.key(name))

    # -- how regions stand

    def rows(self, rows: Sequence[StatusRow]) -> list[StatusRow]:
        """The status rows, those of regions with how many of their volumes are judged, and how many have dropped.

        What is measured for a whole region speaks for it; its elements do only where nothing else does.
        """
        standing = {row.name: row for row in rows if row.of == "region"}
        for region, names in self.regions.items():
            whole = [name for name in names if "\0\0" in name]
            found = [self.found[name] for name in whole or names if name in self.found]
            judged, dropped = sum(one.judged for one in found), sum(one.open > 0 for one in found)
            if judged or dropped:
                row = standing.get(region) or StatusRow("region", region, 0, 0)
                standing[region] = replace(row, judged=judged, dropped=dropped)
        return [*standing.values(), *(row for row in rows if row.of != "region")]


def _regions_first(suspicion: str) -> tuple[bool, str]:
    return suspicion.split("/", 2)[1] != "region", suspicion
