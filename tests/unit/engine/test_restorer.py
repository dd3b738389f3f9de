"""Who owns a changelog is said by the log's order alone; what others wrote does not count and is repaired."""

from __future__ import annotations

import pytest

from forewarn.stream.engine.marker import MARKER, Marker, decode, encode
from forewarn.stream.engine.restorer import Restorer
from forewarn.stream.engine.unit import Output
from tests.unit.engine.records import Changelog


def restored(changelog: Changelog) -> Restorer:
    restorer = Restorer()
    for batch in changelog.batches:
        restorer.feed(batch)
    return restorer


def test_units_of_the_last_owner_before_them_count() -> None:
    log = Changelog()
    log.takeover("a")
    log.unit("a", {b"x": b"1"}, offset=1)
    log.takeover("b")
    log.unit("b", {b"y": b"2"}, offset=2)
    restorer = restored(log)
    assert restorer.table == {b"x": b"1", b"y": b"2"}
    assert restorer.marker is not None
    assert restorer.marker.offsets == {"in": 2}


def test_what_a_zombie_writes_after_the_takeover_does_not_count() -> None:
    log = Changelog()
    log.takeover("a")
    log.unit("a", {b"x": b"1"}, offset=1)
    log.takeover("b")
    log.unit("a", {b"x": b"zombie", b"z": b"zombie"}, offset=9)
    restorer = restored(log)
    assert restorer.table == {b"x": b"1"}
    assert restorer.marker is not None
    assert restorer.marker.owner == "a"
    assert restorer.marker.offsets == {"in": 1}


def test_what_the_owner_wrote_just_before_the_takeover_counts() -> None:
    """Log order decides, not who still believes to be the owner."""
    log = Changelog()
    log.takeover("a")
    log.unit("a", {b"x": b"late, but before"}, offset=5)
    log.takeover("b")
    assert restored(log).table == {b"x": b"late, but before"}


def test_foreign_keys_are_repaired_with_the_own_values_or_deleted() -> None:
    log = Changelog()
    log.takeover("a")
    log.unit("a", {b"x": b"1", b"gone": b"1"})
    log.unit("a", {b"gone": None})
    log.takeover("b")
    log.unit("a", {b"x": b"zombie", b"z": b"zombie", b"gone": b"zombie"})
    assert restored(log).repairs() == {b"gone": b"", b"x": b"1", b"z": b""}


def test_a_key_that_the_new_owner_changed_since_is_repaired_with_its_newest_value() -> None:
    log = Changelog()
    log.takeover("b")
    log.unit("a", {b"x": b"zombie"})
    log.unit("b", {b"x": b"2"})
    assert restored(log).repairs() == {b"x": b"2"}


def test_a_unit_whose_marker_was_compacted_away_counts() -> None:
    log = Changelog()
    log.unmarked({b"x": b"1", b"y": b"2"})
    log.takeover("b")
    log.unmarked({b"y": None})
    log.unit("b", {b"z": b"3"})
    restorer = restored(log)
    assert restorer.table == {b"x": b"1", b"z": b"3"}
    assert restorer.repairs() == {}


def test_a_unit_whose_takeover_was_compacted_away_counts() -> None:
    log = Changelog()
    log.unit("a", {b"x": b"1"})
    assert restored(log).table == {b"x": b"1"}


def test_two_takeovers_in_a_row_leave_the_second_as_owner() -> None:
    log = Changelog()
    log.takeover("a")
    log.takeover("b")
    log.unit("a", {b"x": b"a"})
    log.unit("b", {b"x": b"b"})
    assert restored(log).table == {b"x": b"b"}


def test_the_last_units_outputs_come_back_as_they_were() -> None:
    outputs = [Output("alerts", b"c", b"{}", (1, 2), (("h", b"v"),)), Output("log", None, None)]
    stored = encode(Marker("a", {"in": 7}, 123, outputs))
    assert decode(stored) == Marker("a", {"in": 7}, 123, outputs)


def test_a_marker_of_an_unknown_schema_names_the_remedy() -> None:
    newer = b"\x02" + encode(Marker("a", {}, 0, []))[1:]
    with pytest.raises(ValueError, match=r"schema 2.*reads 1.*start the release that wrote it"):
        decode(newer)


def test_restoring_stops_at_a_marker_of_an_unknown_schema() -> None:
    log = Changelog()
    log.unit("a", {b"x": b"1"})
    batch = log.batches[-1]
    newer = [*batch[:-1], type(batch[-1])(batch[-1].offset, MARKER, b"\x07rest")]  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="schema 7"):
        Restorer().feed(newer)


def test_values_that_are_alike_are_kept_once_and_no_value_is_taken_for_another() -> None:
    """Records come with bytes of their own; what half a million of them say in the same words is one object."""
    log = Changelog()
    log.takeover("a")
    log.unit("a", {b"e/%d" % number: b"\x01olt-%d" % (number % 3) for number in range(90)}, offset=1)
    log.unit("a", {b"e/%d" % number: b"\x01olt-%d" % (number % 3) for number in range(90, 180)}, offset=2)
    table = restored(log).table
    assert table == {b"e/%d" % number: b"\x01olt-%d" % (number % 3) for number in range(180)}
    assert len({id(value) for value in table.values()}) == 3
