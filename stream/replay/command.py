"""`forewarn replay`: files of kcat lines in, what Forewarn would have written out; or two policies, compared."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from forewarn.stream.engine.role import Layout
from forewarn.stream.outfile import result
from forewarn.stream.policy import Policy
from forewarn.stream.replay.compare import Heard, difference, show
from forewarn.stream.replay.inputs import InputError, Inputs
from forewarn.stream.replay.lines import Produced, encode
from forewarn.stream.replay.machine import Machine
from forewarn.stream.replay.merge import Merge, Survey
from forewarn.stream.replay.product import INPUTS, INTERNAL, counts, wiring

DONE, USAGE = 0, 2
Sink = Callable[[Produced], None]


class Request(Struct, frozen=True, kw_only=True):
    """What is to be replayed. `inputs` and `out`: file names, `-` for standard input and output.

    `policies`: one, or two to compare, each with the name to show it by. `drain_ms`: how long time goes on after the
    last record. `internal`: internal topics come out too. `prefix`: the topic prefix of the cluster that is replayed.
    """

    inputs: tuple[str, ...]
    out: str | None
    policies: tuple[tuple[str, Policy], ...]
    layout: Layout
    drain_ms: int = 0
    internal: bool = False
    prefix: str = ""
    as_json: bool = False


def replay(request: Request) -> int:
    """Does it; returns the exit code. What is wrong with an input goes to standard error, with its file and line."""
    errors = Console(stderr=True)
    try:
        with _progress(errors) as progress, Inputs(request.inputs, request.prefix, progress.advance) as inputs:
            progress.start(inputs.size * (1 + len(request.policies)))
            merge = Merge(inputs, {topic: count for topic, count in counts(request.layout).items() if topic in INPUTS})
            survey = merge.survey()
            _mention(survey, errors)
            if len(request.policies) == 1:
                with result(request.out or "-") as file:
                    _run(request, merge, survey, request.policies[0][1], _writer(request, file.write))
            else:
                _compare(request, merge, survey)
    except InputError as error:
        print(f"forewarn replay: {error}", file=sys.stderr)
        return USAGE
    return DONE


def _run(request: Request, merge: Merge, survey: Survey, policy: Policy, sink: Sink) -> None:
    machine = Machine(wiring(policy, request.layout), sink)
    take = machine.take
    for placed in merge.records(survey):
        take(placed.topic, placed.partition, placed.record, placed.ts)
    if survey.records:
        machine.advance(machine.now + request.drain_ms)


def _writer(request: Request, write: Callable[[bytes], object]) -> Sink:
    internal, prefix = request.internal, request.prefix

    def sink(record: Produced) -> None:
        if internal or record.topic not in INTERNAL:
            write(encode(record, prefix))

    return sink


def _compare(request: Request, merge: Merge, survey: Survey) -> None:
    """Replays under both policies; `--out` takes what the second one writes."""
    (first_name, first), (second_name, second) = request.policies
    heard = Heard(), Heard()
    _run(request, merge, survey, first, heard[0].take)
    if request.out in (None, "-"):
        _run(request, merge, survey, second, heard[1].take)
    else:
        with result(str(request.out)) as file:
            _run(request, merge, survey, second, _both(heard[1].take, _writer(request, file.write)))
    found = difference((first_name, second_name), *heard)
    if request.as_json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    else:
        show(found, Console())


def _both(one: Sink, other: Sink) -> Sink:
    def sink(record: Produced) -> None:
        one(record)
        other(record)

    return sink


def _mention(survey: Survey, errors: Console) -> None:
    if survey.ignored:
        topics = ", ".join(f"{count} of {topic}" for topic, count in survey.ignored.items())
        errors.print(f"not replayed, as Forewarn does not read them: {topics}", highlight=False)
    if not survey.ordered:
        errors.print("the input is not sorted by ts: it is sorted in memory", highlight=False)


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("replaying", total=None)

    def start(self, total: int) -> None:
        self._progress.update(self._task, total=total)

    def advance(self, done: int) -> None:
        self._progress.advance(self._task, done)


@contextmanager
def _progress(console: Console) -> Iterator[_Bar]:
    """A bar over the bytes read, on a terminal only."""
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        yield _Bar(progress)
