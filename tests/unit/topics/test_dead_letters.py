"""A dead letter keeps the record's own bytes and says where it came from and why."""

from __future__ import annotations

import pytest

from forewarn.topics.dead_letters import DEAD_LETTERS, INPUT_LIMIT, LETTER_LIMIT, Malformed, Reason, dead_letter
from forewarn.topics.reasons import Reason as Published
from tests.unit.topics.kafka_record import NOW, FakeRecord


def headers_of(record: FakeRecord, path: str = "$.amount") -> dict[str, bytes]:
    return dict(dead_letter("usage.records", 3, Malformed(record, Reason.WRONG_TYPE, path), NOW).headers)


def test_bytes_are_kept_and_headers_say_the_rest() -> None:
    record = FakeRecord(b'{"amount":"\xff', b"c-1", offset=42)
    output = dead_letter("usage.records", 3, Malformed(record, Reason.WRONG_TYPE, "$.amount"), NOW)
    assert (output.topic, output.key, output.value, output.partitions) == (DEAD_LETTERS, b"c-1", record.value, None)
    assert dict(output.headers) == {
        "dlq.topic": b"usage.records",
        "dlq.partition": b"3",
        "dlq.offset": b"42",
        "dlq.reason": b"wrong_type",
        "dlq.path": b"$.amount",
        "dlq.time": b"2026-11-22T20:15:00Z",
    }


@pytest.mark.parametrize(
    ("key", "value", "nulls"),
    [(None, b"x", b"key"), (b"k", None, b"value"), (None, None, b"key,value"), (b"", b"", None)],
)
def test_nulls_are_written_as_empty_and_told_from_empty(
    key: bytes | None, value: bytes | None, nulls: bytes | None
) -> None:
    output = dead_letter("usage.records", 3, Malformed(FakeRecord(value, key), Reason.NULL_KEY), NOW)
    assert (output.key, output.value) == (key or b"", value or b"")
    assert dict(output.headers).get("dlq.null") == nulls


@pytest.mark.parametrize("key", [None, b""])
def test_without_a_key_it_goes_to_the_first_partition(key: bytes | None) -> None:
    assert dead_letter("usage.records", 3, Malformed(FakeRecord(b"x", key), Reason.NULL_KEY), NOW).partitions == (0,)


def test_a_record_at_the_brokers_limit_is_kept_whole() -> None:
    record = FakeRecord(b"x" * INPUT_LIMIT, b"k" * INPUT_LIMIT)
    output = dead_letter("usage.records", 3, Malformed(record, Reason.INVALID_JSON), NOW)
    assert (output.key, output.value) == (record.key, record.value)
    assert "dlq.truncated" not in dict(output.headers)


@pytest.mark.parametrize("key", [b"k", b"k" * LETTER_LIMIT])
def test_what_inflates_beyond_twice_the_limit_is_cut_and_says_so(key: bytes) -> None:
    record = FakeRecord(b"x" * (3 * INPUT_LIMIT), key)
    output = dead_letter("usage.records", 3, Malformed(record, Reason.INVALID_JSON), NOW)
    assert output.value is not None
    assert output.key is not None
    assert len(output.key) + len(output.value) == LETTER_LIMIT
    assert record.value is not None
    assert record.value.startswith(output.value)
    assert dict(output.headers)["dlq.truncated"] == b"key=%d,value=%d" % (len(key), 3 * INPUT_LIMIT)


def test_a_path_from_the_record_itself_stays_short_and_text() -> None:
    path = headers_of(FakeRecord(b"x"), "$." + "é" * 5_000)["dlq.path"]
    assert len(path) <= 1_024
    assert path.decode(errors="strict").startswith("$.é")


def test_every_reason_has_a_meaning_and_words_are_unique() -> None:
    assert Published is Reason
    assert all(reason.meaning.endswith(".") for reason in Reason)
    assert len({reason.value for reason in Reason}) == len(Reason)
