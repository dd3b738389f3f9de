"""Results as tables of ratios: for the terminal and, with the same cells, for docs/performance.md.

Invariant: a figure of a run that failed the correctness gate is never shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.console import Console
from rich.table import Table as RichTable

from tests.bench.delivery import GOALS
from tests.bench.measure import Run, Spread
from tests.bench.results import Results
from tests.bench.state_size import Kind

OURS = "forewarn"
#: Kinds of keys that hold a customer's usage: counters, then meters with their history.
USAGE_KINDS = ("u", "h")
JOB_TITLES = {
    "usage": "(a) usage, uniform customers",
    "usage-skewed": "(a) usage, skewed customers",
    "liveness": "(b) liveness",
}
#: The one word that ties a floor of performance.md to a peer: Forewarn's rate over the peer's, at least.
FLOORS = {("usage", "faust_tuned"): 30.0, ("usage", "quix"): 6.0, ("liveness", "faust_tuned"): 30.0}


class Table(Struct, frozen=True):
    """A title, column heads, and rows of text."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def show(self, console: Console) -> None:
        """Prints it."""
        table = RichTable(title=self.title, title_justify="left")
        for number, head in enumerate(self.heads):
            table.add_column(head, justify="left" if number == 0 else "right")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)

    def markdown(self) -> str:
        """The same in Markdown."""
        lines = [f"**{self.title}**", "", _line(self.heads), _line(["---", *["---:"] * (len(self.heads) - 1)])]
        return "\n".join([*lines, *map(_line, self.rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def all_tables(results: Results) -> list[Table]:
    """Every table that the results can fill."""
    tables = [throughput(job, runs) for job, runs in results.throughput.items()]
    tables += [_delivery(results)] if results.delivery else []
    tables += [_fan_out(results)] if results.fan_out else []
    tables += [_latency(results)] if results.latency else []
    tables += [_recovery(results)] if results.recovery else []
    tables += [_growth(results)] if results.growth else []
    return tables + [_state(name, found, results.state_records[name]) for name, found in results.state.items()]


def throughput(job: str, runs: Sequence[Run]) -> Table:
    """Records per worker-CPU-second, median and spread, with the median of Forewarn's ratio to each contestant."""
    heads = (
        "contestant",
        "records",
        "runs",
        "per CPU second",
        "spread",
        "forewarn is",
        "floor",
        "wall/s",
        "broker CPU/M",
        "peak MB",
    )
    rows = []
    for name in dict.fromkeys(run.contestant for run in runs):
        good = [run for run in runs if run.contestant == name and run.correct]
        tried = sum(run.contestant == name for run in runs)
        if not good or not any(run.per_cpu_second for run in good):
            why = "too short" if good else f"0 of {tried} correct"
            rows.append((name, "", why, *[""] * 7))
            continue
        good = [run for run in good if run.per_cpu_second]
        rates = Spread.of([run.per_cpu_second for run in good])
        ratio, floor = ratios(runs, name), FLOORS.get((job, name))
        rows.append(
            (
                name,
                f"{good[0].records:,}",
                f"{len(good)} of {tried}" if len(good) < tried else str(tried),
                f"{rates.median:,.0f}",
                f"{rates.low:,.0f}-{rates.high:,.0f}",
                "" if ratio is None or name == OURS else f"{ratio.median:.1f}x ({ratio.low:.1f}-{ratio.high:.1f})",
                "" if floor is None else f"{floor:.0f}x",
                f"{Spread.of([run.per_second for run in good]).median:,.0f}",
                f"{Spread.of([run.broker_cpu_s / run.measured * 1e6 for run in good if run.measured]).median:.1f} s",
                f"{Spread.of([run.peak_rss_mb for run in good]).median:.0f}",
            )
        )
    return Table(JOB_TITLES.get(job, job), heads, rows)


def ratios(runs: Sequence[Run], peer: str) -> Spread | None:
    """Forewarn's rate over a peer's, repetition by repetition (they are interleaved)."""
    ours = [run for run in runs if run.contestant == OURS]
    theirs = [run for run in runs if run.contestant == peer]
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=False) if a.correct and b.correct and b.per_cpu_second]
    return Spread.of([a.per_cpu_second / b.per_cpu_second for a, b in pairs]) if pairs else None


def _delivery(results: Results) -> Table:
    """Messages per worker-CPU-second and what one message costs the worker: Kafka, table, log and the channel."""
    heads = ("channel", "messages", "runs", "per CPU second", "spread", "CPU ms a message", "goal", "wall/s", "peak MB")
    rows = []
    for channel, runs in results.delivery.items():
        good = [run for run in runs if run.correct and run.per_cpu_second]
        if not good:
            rows.append((channel, "", "too short" if all(run.correct for run in runs) else "wrong", *[""] * 6))
            continue
        rates = Spread.of([run.per_cpu_second for run in good])
        rows.append(
            (
                channel,
                f"{good[0].records:,}",
                f"{len(good)} of {len(runs)}" if len(good) < len(runs) else str(len(runs)),
                f"{rates.median:,.0f}",
                f"{rates.low:,.0f}-{rates.high:,.0f}",
                f"{1000 / rates.median:.2f}",
                f"{GOALS[channel]:,}/s",
                f"{Spread.of([run.per_second for run in good]).median:,.0f}",
                f"{Spread.of([run.peak_rss_mb for run in good]).median:.0f}",
            )
        )
    return Table("(e) delivery: the whole worker, one core, to a local relay and SMS centre", heads, rows)


def _fan_out(results: Results) -> Table:
    heads = (
        "customers",
        "told",
        "first to last s",
        "told/s",
        "usage alerts meanwhile",
        "p50 ms",
        "p99 ms",
        "max ms",
        "p99 ms before",
        "MB",
        "all is",
    )
    rows = []
    for r in results.fan_out:
        times = (f"{value:.0f}" for value in (r.p50_during, r.p99_during, r.worst_during, r.p99_before, r.memory_mb))
        counts = (f"{r.customers:,}", f"{r.told:,}", f"{r.seconds:.1f}", f"{r.per_second:,.0f}", f"{r.alerts:,}")
        rows.append((*counts, *times, r.verdict or "right"))
    return Table("(d) one outage told to its customers, while usage goes on at 1,000/s", heads, rows)


def _latency(results: Results) -> Table:
    heads = (
        "contestant",
        "records/s",
        "alerts",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "max ms",
        "producer late ms",
        "alerts are",
    )
    rows = []
    for r in results.latency:
        times = (f"{value:.0f}" for value in (r.p50, r.p95, r.p99, r.worst, r.lateness_ms))
        rows.append((r.contestant, f"{r.rate:,.0f}", f"{r.alerts:,}", *times, r.verdict or "right"))
    return Table("(g) usage record to alert produced, open loop", heads, rows)


def _recovery(results: Results) -> Table:
    heads = (
        "contestant",
        "keys",
        "start-up s",
        "clean restart s",
        "after kill -9 s",
        "detection s",
        "restore s",
        "keys/s",
        "answers are",
    )
    rows = []
    for r in results.recovery:
        times = (f"{value:.1f}" for value in (r.start_up_s, r.clean_s, r.killed_s, r.detection_s, r.restore_s))
        # Less is within the noise of starting up: few keys, or state kept on local disk.
        rate = f"{r.keys_per_s:,.0f}" if r.restore_s >= 0.1 else "-"
        rows.append((r.contestant, f"{r.keys:,}", *times, rate, r.verdict or "right"))
    return Table("(f) recovery, to the first correct output", heads, rows)


def _growth(results: Results) -> Table:
    heads = ("contestant", "records/s", "minutes", "MB at minute 3", "MB at the end", "MB a minute")
    rows = [
        (
            r.contestant,
            f"{r.rate:,.0f}",
            f"{r.minutes:.0f}",
            f"{r.first_mb:.1f}",
            f"{r.last_mb:.1f}",
            f"{r.mb_per_minute:.2f}",
        )
        for r in results.growth
    ]
    return Table("Memory over time", heads, rows)


def _state(name: str, found: dict[str, Kind], records: int) -> Table:
    heads = ("kind of key", "keys", "bytes a key", "value bytes a record", "writes a record")
    rows = [
        (
            kind,
            f"{k.keys:,}",
            f"{k.state_bytes / max(k.keys, 1):.1f}",
            f"{k.written_bytes / records:.2f}",
            f"{k.writes / records:.3f}",
        )
        for kind, k in found.items()
    ]
    if usage := [found[kind] for kind in USAGE_KINDS if kind in found and name.startswith("usage")]:
        size, written = sum(k.state_bytes for k in usage), sum(k.written_bytes for k in usage)
        customers = max(found[USAGE_KINDS[0]].keys, 1)
        sizes = (f"{customers:,} customers", f"{size / customers:.1f} a customer", f"{written / records:.2f}")
        rows.append((f"usage ({' + '.join(USAGE_KINDS)})", *sizes, ""))
    return Table(f"State: {name} ({records:,} records)", heads, rows)
