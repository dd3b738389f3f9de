"""What waits: taken by priority, held at barriers, cut into bounded slices, nothing twice."""

from __future__ import annotations

from forewarn.stream.engine.mailbox import HIGH, LOW, SLICE, SLICE_BYTES, Mailbox
from forewarn.stream.engine.role import Source
from tests.unit.engine.records import run

SOURCES = (Source("usage", 3), Source("impact", 0), Source("marketing", 4, barrier=("impact",)))
ZERO = {"usage": 0, "impact": 0, "marketing": 0}


def box(**expected: int) -> Mailbox:
    return Mailbox(SOURCES, ZERO | expected)


def taken(mailbox: Mailbox, folded: dict[str, int] | None = None, now: float = 0.0) -> list[tuple[str, int, bool]]:
    """Everything that is ready: topic, records, fresh. Folds what it takes."""
    done = dict(folded or ZERO)
    found = []
    while (piece := mailbox.next(done, now)) is not None:
        topic, part, fresh = piece
        done[topic] = part.next_offset
        found.append((topic, len(part.records), fresh))
    return found


def test_the_lower_priority_number_is_taken_first_however_late_it_came() -> None:
    mailbox = box()
    mailbox.put("usage", [run(0, b"u")])
    mailbox.put("impact", [run(0, b"i", b"i")])
    assert [topic for topic, *_ in taken(mailbox)] == ["impact", "usage"]


def test_one_source_keeps_its_order() -> None:
    mailbox = box()
    mailbox.put("usage", [run(0, b"1")])
    mailbox.put("usage", [run(1, b"2")])
    first, second = mailbox.next(ZERO, 0), mailbox.next(ZERO, 0)
    assert first is not None
    assert second is not None
    assert [first[1].records[0].value, second[1].records[0].value] == [b"1", b"2"]


def test_records_that_were_folded_before_are_left_out() -> None:
    mailbox = box(usage=2)
    mailbox.put("usage", [run(0, b"0", b"1", b"2", b"3")])
    assert taken(mailbox) == [("usage", 2, True)]
    assert mailbox.expected["usage"] == 4


def test_a_run_that_was_folded_as_a_whole_leaves_nothing() -> None:
    mailbox = box(usage=4)
    assert mailbox.put("usage", [run(0, b"0", b"1", b"2", b"3")]) == []
    assert taken(mailbox) == []
    assert mailbox.expected["usage"] == 4


def test_the_same_run_twice_is_taken_once() -> None:
    mailbox = box()
    mailbox.put("usage", [run(0, b"0", b"1")])
    mailbox.put("usage", [run(0, b"0", b"1", b"2")])
    assert [count for _, count, _ in taken(mailbox)] == [2, 1]


def test_what_stands_at_a_barrier_waits_until_all_before_it_is_folded() -> None:
    mailbox = box()
    (piece,) = mailbox.put("marketing", [run(0, b"m")])
    piece.deadline, piece.ends = 30.0, {"impact": 2}
    assert taken(mailbox, ZERO | {"impact": 1}) == []
    assert taken(mailbox, ZERO | {"impact": 2}) == [("marketing", 1, True)]


def test_what_stands_at_a_barrier_waits_while_its_ends_are_unknown() -> None:
    mailbox = box()
    (piece,) = mailbox.put("marketing", [run(0, b"m")])
    piece.deadline = 30.0
    assert taken(mailbox, ZERO | {"impact": 99}) == []


def test_a_barrier_that_does_not_pass_in_time_lets_through_what_is_not_fresh() -> None:
    mailbox = box()
    (piece,) = mailbox.put("marketing", [run(0, b"m")])
    piece.deadline, piece.ends = 30.0, {"impact": 2}
    assert mailbox.parked_until == 30.0
    assert taken(mailbox, now=30.0) == [("marketing", 1, False)]


def test_a_barrier_does_not_hold_up_other_sources() -> None:
    mailbox = box()
    mailbox.put("marketing", [run(0, b"m")])[0].deadline = 30.0
    mailbox.put("usage", [run(0, b"u")])
    assert taken(mailbox) == [("usage", 1, True)]


def test_slices_are_bounded_by_records() -> None:
    mailbox = box()
    mailbox.put("usage", [run(0, *[b"u"] * (2 * SLICE + 1))])
    assert [count for _, count, _ in taken(mailbox)] == [SLICE, SLICE, 1]


def test_slices_are_bounded_by_bytes_unless_one_record_is_larger() -> None:
    mailbox = box()
    sizes = [SLICE_BYTES // 2, SLICE_BYTES // 2, SLICE_BYTES * 3, 1, 1]
    mailbox.put("usage", [run(0, *(b"x" * size for size in sizes))])
    pieces = []
    while (piece := mailbox.next(ZERO, 0)) is not None:
        pieces.append(piece[1])
    assert [record.offset for piece in pieces for record in piece.records] == [0, 1, 2, 3, 4]
    assert all(piece.size <= SLICE_BYTES or len(piece.records) == 1 for piece in pieces)


def test_a_full_source_is_paused_and_read_again_when_it_is_low() -> None:
    mailbox = box()
    mailbox.put("usage", [run(0, *[b"u"] * HIGH)])
    assert mailbox.full("usage")
    assert not mailbox.full("impact")
    while not mailbox.low("usage"):
        mailbox.next(ZERO, 0)
    assert 0 < mailbox.waiting("usage") < LOW


def test_offsets_without_anything_to_read_are_taken_as_read() -> None:
    mailbox = box()
    mailbox.put("usage", [run(0, b"1", then=1)])
    assert taken(mailbox) == [("usage", 1, True)]
    assert mailbox.expected["usage"] == 2
    mailbox.put("usage", [run(2, then=3)])
    assert taken(mailbox) == [("usage", 0, True)]
    assert mailbox.expected["usage"] == 5


def test_a_barrier_passes_when_the_end_of_its_topic_holds_nothing_to_read() -> None:
    mailbox = box()
    (piece,) = mailbox.put("marketing", [run(0, b"m")])
    piece.ends, piece.deadline = {"impact": 3}, 30.0
    mailbox.put("impact", [run(0, b"i", b"i", then=1)])
    assert taken(mailbox) == [("impact", 2, True), ("marketing", 1, True)]
