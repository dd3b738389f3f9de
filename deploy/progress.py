"""Shows the embedded Kafka's set-up on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from forewarn.deploy.kafka_jars import Progress as JarProgress


@contextmanager
def jar_progress(console: Console | None = None) -> Iterator[JarProgress]:
    """A callback for `ensure_jars`; nothing is shown when every jar is already there."""
    console = console or Console(stderr=True)
    columns = (
        TextColumn("Apache Kafka"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def jar(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=name)
            if not console.is_terminal and (done == total or done % 10 == 0):
                console.print(f"Apache Kafka: {done} of {total} jars", highlight=False)

        yield jar
