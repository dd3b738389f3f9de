"""Lines as kcat prints them, in and out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.stream.replay.lines import Line, LineError, Produced, decode, encode

octets = st.none() | st.binary(max_size=40) | st.text(max_size=20).map(str.encode)
names = st.text(min_size=1, max_size=10)


@given(
    key=octets,
    value=octets,
    ts=st.integers(0, 2**53),
    offset=st.integers(0, 2**40),
    headers=st.lists(st.tuples(names, st.none() | st.text(max_size=10).map(str.encode)), max_size=3),
)
def test_what_was_written_reads_back_byte_for_byte(
    key: bytes | None, value: bytes | None, ts: int, offset: int, headers: list[tuple[str, bytes | None]]
) -> None:
    record = Produced("usage.alerts", 3, offset, ts, key, value, tuple(headers))
    assert decode(encode(record)) == Line("usage.alerts", ts, key, value, 3, offset, tuple(headers))


def test_a_line_of_kcat_is_understood_whole() -> None:
    text = (
        b'{"topic":"dead.letters","partition":0,"offset":7,"tstype":"create","ts":1764000000000,"broker":1,'
        b'"headers":["dlq.reason","null_key","dlq.null",null],"key":null,"payload":"{\\"a\\": 1}"}\n'
    )
    headers = (("dlq.reason", b"null_key"), ("dlq.null", None))
    assert decode(text) == Line("dead.letters", 1764000000000, None, b'{"a": 1}', 0, 7, headers)


def test_bytes_that_are_not_text_travel_as_base64() -> None:
    record = Produced("dead.letters", 0, 0, 5, b"\xff", b"\x00\xfe")
    assert encode(record) == (
        b'{"topic":"dead.letters","partition":0,"offset":0,"ts":5,"key_b64":"/w==","payload_b64":"AP4="}\n'
    )


def test_an_empty_value_and_a_tombstone_stay_apart() -> None:
    assert decode(b'{"topic":"t","ts":1,"key":"k","payload":""}').value == b""
    assert decode(b'{"topic":"t","ts":1,"key":"k","payload":null}').value is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "object"),
        (b'{"ts":1,"payload":null}', "topic"),
        (b'{"topic":"t","payload":null}', "ts"),
        (b'{"topic":"t","ts":-1,"payload":null}', "`ts` is -1"),
        (b'{"topic":"t","ts":"now","payload":null}', "int"),
        (b'{"topic":"t","ts":1}', "neither `payload` nor `payload_b64`"),
        (b'{"topic":"t","ts":1,"payload":{"a":1}}', "str"),
        (b'{"topic":"t","ts":1,"payload":"a","payload_b64":"YQ=="}', "both"),
        (b'{"topic":"t","ts":1,"payload_b64":"?"}', "payload_b64"),
        (b'{"topic":"t","ts":1,"payload":null,"partition":-1}', "partition"),
        (b'{"topic":"t","ts":1,"payload":null,"headers":["a"]}', "flat list"),
    ],
)
def test_a_line_that_is_no_record_says_why(text: bytes, complaint: str) -> None:
    with pytest.raises(LineError, match=complaint):
        decode(text)
