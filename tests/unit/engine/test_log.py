"""Outputs are grouped into runs that fit a batch, in order and without loss."""

from __future__ import annotations

from forewarn.stream.engine.log import BATCH_BYTES, _runs
from forewarn.stream.engine.unit import Output


def outputs(*sizes: int) -> list[Output]:
    return [Output("out", b"%d" % number, b"x" * size) for number, size in enumerate(sizes)]


def test_what_fits_goes_as_one_run() -> None:
    small = outputs(*[100] * 50)
    assert list(_runs(small)) == [small]


def test_nothing_gives_no_run() -> None:
    assert list(_runs([])) == []


def test_runs_keep_the_order_and_lose_nothing() -> None:
    many = outputs(*[BATCH_BYTES // 3] * 7, 10, BATCH_BYTES // 2, BATCH_BYTES // 2, 10)
    found = list(_runs(many))
    assert [output for part in found for output in part] == many
    assert all(sum(len(output.value or b"") for output in part) <= BATCH_BYTES for part in found)


def test_one_that_is_larger_than_a_batch_goes_alone() -> None:
    small, large, last = outputs(10, 3 * BATCH_BYTES, 10)
    assert list(_runs([small, large, last])) == [[small], [large], [last]]


def test_headers_count_for_the_size() -> None:
    heavy = [Output("out", b"k", b"", headers=tuple(("h", b"") for _ in range(100)))] * 300
    assert len(list(_runs(heavy))) > 1
