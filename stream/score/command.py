"""`forewarn score`: pairs of truth and output in; every target, with n and an interval, out.

Exit code 1 when a target is missed, 0 when every one is met or has too few observations, 2 when an input is unreadable.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from rich.console import Console

from forewarn.stream.replay.inputs import InputError
from forewarn.stream.score import output, truth
from forewarn.stream.score.observe import observe
from forewarn.stream.score.output import OutputError
from forewarn.stream.score.sample import Sample, pool
from forewarn.stream.score.show import as_json, table
from forewarn.stream.score.targets import Verdict, targets
from forewarn.stream.score.truth import TruthError

MET, MISSED, USAGE = 0, 1, 2
#: A table is not squeezed below this many columns when it goes to a file or a pipe.
WIDE = 200


class Request(Struct, frozen=True, kw_only=True):
    """Pairs of (truth, output); how many of the worst cases of each kind are listed; JSON or tables."""

    pairs: tuple[tuple[str, str], ...]
    cases: int = 5
    prefix: str = ""
    as_json: bool = False


def read_pair(truth_file: str, output_file: str, prefix: str = "") -> Sample:
    """The observations of one pair. Raises `TruthError`, `OutputError` or `InputError` for what cannot be read."""
    return observe(truth.read(Path(truth_file)), output.read(output_file, prefix))


def score(request: Request) -> int:
    """Does it; returns the exit code."""
    try:
        sample = pool(read_pair(truth_file, output_file, request.prefix) for truth_file, output_file in request.pairs)
    except (TruthError, OutputError, InputError) as error:
        print(f"forewarn score: {error}", file=sys.stderr)
        return USAGE
    if request.as_json:
        sys.stdout.buffer.write(as_json(sample, request.cases) + b"\n")
    else:
        console = Console()
        table(sample, console if console.is_terminal else Console(width=WIDE), request.cases)
    return exit_code(sample)


def exit_code(sample: Sample) -> int:
    """1 when a target is missed."""
    return MISSED if any(target.verdict is Verdict.MISS for target in targets(sample)) else MET


def paired(files: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """TRUTH OUTPUT TRUTH OUTPUT … as pairs. Raises `ValueError` when one is without the other."""
    if not files or len(files) % 2:
        raise ValueError("a TRUTH and its OUTPUT, in turn")
    return tuple(zip(files[::2], files[1::2], strict=True))
