"""The deep screen never changes what a record means, whatever stands in the objects within it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forewarn.topics.catalog import BY_NAME
from forewarn.topics.codecs import Codec
from forewarn.topics.deep_screen import DeepScreen
from tests.property.topics.test_screen import seen
from tests.unit.topics.kafka_record import NOW, FakeRecord

SERVICE = {"service_id": "s", "kind": "fixed", "element": "e", "region": "n"}
BUCKET = {"bucket": "data", "allowance": 12.5, "unit": "GB", "rollover": True, "overage_price": 0.1}
PLAN = {"plan_id": "p", "name": "M", "price": 20, "currency": "EUR", "cycle_day": 1, "buckets": [BUCKET]}
CONSENT = {"purpose": "marketing", "channel": "email", "granted": True, "source": "page", "time": NOW}
ALERT = {"kind": "outage", "channels": ["email", "sms"], "enabled": False}
CHOSEN = {"alerts": [ALERT], "thresholds": {"data": [50, 80.5]}, "quiet_hours": {"start": "22:00", "end": "07:00"}}
WHOLE: dict[str, dict[str, Any]] = {
    "customers.profiles": {
        "name": "Ada",
        "services": [SERVICE, SERVICE],
        "plan": PLAN,
        "contacts": {"email": "a@b", "push": {"endpoint": "x", "keys": {"auth": "y"}}},
        "contract_end": "2027-01-31",
        "address": {"street": "Elm", "number": 7},
    },
    "customers.subscriptions": {**CHOSEN, "consents": [CONSENT]},
    "customers.preferences": {**CHOSEN, "time": NOW, "source": "page", "consents": [CONSENT], "language": "fr"},
    "billing.bills": {
        "bill_id": "b",
        "time": NOW,
        "amount": 12.5,
        "currency": "EUR",
        "lines": [{"name": "Basic", "amount": 10}, {"name": "Calls", "amount": 2.5}],
    },
}
#: What may stand anywhere instead of what belongs there; the last ones are JSON by hand.
ODD = [
    *("12.5", "20", '"x"', "{}", "[]", "null", "true", "5.0", "1e2", "1E400", "1e-300", "-0.0", '"é"', '"\\ud800"'),
    *("9223372036854775808", "18446744073709551616", "0.12345678901234567890", '"\\""', '"a\\nb"', "NaN", '"2026"'),
    *(
        '{"a":1,"a":1}',
        '{"a":{"b":1,"b":2}}',
        '"\\u0041"',
        '"12345678901234567890"',
        '{"x":[1,{"y":"z"}]}',
        "1234567890.12",
    ),
]
ADDED = [
    '"x":1',
    '"x":"y"',
    '"name":"n"',
    '"kind":"mobile"',
    '"amount":1',
    '"price":"3"',
    '"x":{"y":1,"y":1}',
    '"é":0',
    '"":0',
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a record, its objects and lists included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, child in inner for found in paths(child, (*path, key)))]


def written(
    value: Any, change: dict[tuple[Any, ...], str], add: dict[tuple[Any, ...], str], at: tuple[Any, ...] = ()
) -> str:
    """JSON of a value, with changes at some places and fields added to objects at others."""
    if at in change:
        return change[at]
    if isinstance(value, dict):
        fields = [f"{json.dumps(key)}:{written(child, change, add, (*at, key))}" for key, child in value.items()]
        return "{" + ",".join([*fields, *([add[at]] if at in add else [])]) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(child, change, add, (*at, n)) for n, child in enumerate(value)) + "]"
    return json.dumps(value)


@st.composite
def payloads(draw: st.DrawFn, topic: str) -> bytes:
    """A good record in which few places or none are odd."""
    whole = WHOLE[topic]
    places = st.sampled_from(paths(whole))
    change = draw(st.dictionaries(places, st.sampled_from(ODD), max_size=1))
    add = draw(st.dictionaries(places, st.sampled_from(ADDED), max_size=1))
    left_out = draw(st.sets(st.sampled_from(sorted(whole)), max_size=1))
    return written({key: child for key, child in whole.items() if key not in left_out}, change, add).encode()


@pytest.mark.parametrize("topic", sorted(WHOLE))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_batch_at_once_is_what_its_records_are_one_by_one(topic: str, data: st.DataObject) -> None:
    raws = data.draw(st.lists(payloads(topic), min_size=1, max_size=3))
    records = [FakeRecord(raw, b"k", offset) for offset, raw in enumerate(raws * 8)]
    assert seen(Codec(BY_NAME[topic]).decode(records)) == seen(Codec(BY_NAME[topic]).decode_strictly(records))


@pytest.mark.parametrize("topic", sorted(WHOLE))
def test_what_is_clean_passes_unknown_fields_and_all(topic: str) -> None:
    event = BY_NAME[topic].event
    assert isinstance(event, type)
    screen, values = DeepScreen(event), [json.dumps(WHOLE[topic] | {"more": {"x": [1, "y"]}}).encode()] * 3
    assert screen.passes(values, [])


@pytest.mark.parametrize(
    ("place", "odd"),
    [
        (("plan", "price"), '"20"'),
        (("plan", "buckets", 0, "allowance"), '"12.5"'),
        (("plan", "buckets", 0), '{"bucket":"d","bucket":"d","allowance":1,"unit":"GB"}'),
        (("address", "number"), "1e400"),
        (("address", "number"), "12345678901234567890"),
        (("address",), "[" * 64 + "]" * 64),
    ],
)
def test_what_is_odd_within_does_not_pass(place: tuple[Any, ...], odd: str) -> None:
    event = BY_NAME["customers.profiles"].event
    assert isinstance(event, type)
    assert not DeepScreen(event).passes([written(WHOLE["customers.profiles"], {place: odd}, {}).encode()], [])
