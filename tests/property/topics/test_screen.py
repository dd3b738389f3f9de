"""The screen never changes what a record means: at once or one by one, the events and the refusals are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forewarn.topics.catalog import BY_NAME
from forewarn.topics.codecs import Codec, Decoded
from tests.unit.topics.kafka_record import NOW, FakeRecord

TOPICS = ["network.heartbeats", "network.alarms", "network.kpis", "usage.records", "marketing.requests"]
NAMES = [
    *("element", "time", "seq", "status", "region", "interval_s", "parent", "record_id", "bucket", "amount", "start"),
    *("end", "kind", "zone", "customer", "request_id", "campaign", "channel", "priority", "content", "alarm_id"),
    *("perceived_severity", "name", "value", "cell", "x", "", "é", 'q"'),
]
#: A record that each of the topics takes.
WHOLE: dict[str, Any] = {
    "element": "e",
    "time": NOW,
    "record_id": "r",
    "bucket": "b",
    "amount": 1,
    "start": "2026-11-22T20:00:00Z",
    "request_id": "q",
    "campaign": "c",
    "channel": "email",
    "alarm_id": "a",
    "perceived_severity": "minor",
    "name": "n",
    "value": 1.5,
}
REQUIRED = {
    "network.heartbeats": ["element", "time"],
    "network.alarms": ["alarm_id", "element", "time", "perceived_severity"],
    "network.kpis": ["name", "time", "value"],
    "usage.records": ["record_id", "bucket", "amount", "start"],
    "marketing.requests": ["request_id", "time", "campaign", "channel"],
}

words = st.sampled_from(
    ["up", "usage", "home", "k", "l", "a", "", " ", ":", "é", '"', "\\", "\n", "😀", "a" * 20, "1" * 20]
)
scalars = st.one_of(
    words,
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, NOW, NOW + 10**6, 10**30]),
    st.sampled_from([0.0, 0.5, 1e18, 1e30, -1e300, 1e-7, float("nan"), float("inf")]),
    st.sampled_from(["2026-11-22T20:15:00Z", "2026-11-22T20:15:00", "2027-01-01T00:00:00+01:00", "12.5", "NaN"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
pairs = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=4)


@st.composite
def payloads(draw: st.DrawFn, topic: str) -> bytes:
    """A good record with odd additions: keys twice, other white space, escapes, bytes changed."""
    fields = [(name, WHOLE[name]) for name in REQUIRED[topic]] + draw(pairs)
    fields = draw(st.permutations(fields)) if draw(st.booleans()) else fields
    comma, colon = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]))
    ascii_only = draw(st.booleans())
    text = comma.join(
        json.dumps(name, ensure_ascii=ascii_only) + colon + json.dumps(value, ensure_ascii=ascii_only)
        for name, value in fields
    )
    raw = f"{{{text}}}".encode()
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(raw) - 1))
        raw = raw[:at] + draw(st.binary(max_size=2)) + raw[at + draw(st.integers(0, 2)) :]
    return raw


def seen(decoded: Decoded) -> tuple[list[str], list[tuple[int, str, str]]]:
    """Everything of a result that can be compared (NaN and doubles by their text)."""
    events = [f"{record.offset} {event!r}" for event, record in zip(decoded.events, decoded.records, strict=True)]
    return events, [(one.record.offset, one.reason, one.path) for one in decoded.malformed]


@pytest.mark.parametrize("topic", TOPICS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_batch_at_once_is_what_its_records_are_one_by_one(topic: str, data: st.DataObject) -> None:
    raws = data.draw(st.lists(payloads(topic), min_size=1, max_size=4))
    again = data.draw(st.integers(1, 20))  # many of a kind go the fast way, and unknown fields are learned
    keys = [b"k" if data.draw(st.booleans()) else b"l" for _ in raws]
    records = [
        FakeRecord(raw, key, offset) for offset, (raw, key) in enumerate(zip(raws * again, keys * again, strict=True))
    ]
    codec = Codec(BY_NAME[topic])
    expected = seen(Codec(BY_NAME[topic]).decode_strictly(records))
    assert seen(codec.decode(records)) == expected
    assert seen(codec.decode(records)) == expected


@settings(max_examples=500, deadline=None)
@given(
    raw=st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
)
def test_no_bytes_raise(raw: bytes) -> None:
    for name in ("network.heartbeats", "network.raw", "customers.profiles", "outages.impact"):
        decoded = Codec(BY_NAME[name]).decode([FakeRecord(raw)])
        assert len(decoded.events) + len(decoded.malformed) + decoded.filtered.total() == 1
