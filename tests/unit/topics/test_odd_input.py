"""Odd input of every kind: it becomes a dead letter with a reason and a path, and its neighbours are unharmed."""

from __future__ import annotations

import pytest

from forewarn.topics.codecs import by_topic
from forewarn.topics.dead_letters import INPUT_LIMIT, Reason
from tests.unit.topics.kafka_record import NOW, FakeRecord, beat, record, used

DEEP = 100_000


def odd(text: str) -> bytes:
    """A heartbeat with something in it."""
    return b'{"element":"x","time":%d,%s}' % (NOW, text.encode())


VALUES: list[tuple[str, bytes, Reason, str]] = [
    ("empty", b"", Reason.EMPTY_VALUE, "$"),
    ("only a space", b" ", Reason.INVALID_JSON, "$"),
    ("not JSON", b"element=x", Reason.INVALID_JSON, "$"),
    ("cut short", b'{"element":"x","time":', Reason.INVALID_JSON, "$"),
    ("two objects", b'{"element":"x","time":1}{"element":"y","time":1}', Reason.INVALID_JSON, "$"),
    ("a list", b'[{"element":"x","time":1}]', Reason.NOT_AN_OBJECT, "$"),
    ("a text", b'"x"', Reason.NOT_AN_OBJECT, "$"),
    ("null as JSON", b"null", Reason.NOT_AN_OBJECT, "$"),
    ("UTF-8 mark", b"\xef\xbb\xbf" + odd('"seq":1'), Reason.BYTE_ORDER_MARK, "$"),
    ("UTF-16", odd('"seq":1').decode().encode("utf-16"), Reason.BYTE_ORDER_MARK, "$"),
    ("Latin-1 in a known field", b'{"element":"M\xfcnchen","time":1}', Reason.INVALID_UTF8, "$"),
    ("Latin-1 in an unknown field", b'{"element":"x","time":1,"city":"M\xfcnchen"}', Reason.INVALID_UTF8, "$"),
    ("Latin-1 in an unknown name", b'{"element":"x","time":1,"stra\xdfe":1}', Reason.INVALID_UTF8, "$"),
    ("encoded surrogate", b'{"element":"x","time":1,"u":"\xed\xa0\x80"}', Reason.INVALID_UTF8, "$"),
    ("lone surrogate", odd(r'"parent":"\ud800"'), Reason.LONE_SURROGATE, "$.parent"),
    ("lone surrogate in an unknown field", odd(r'"u":{"v":["ok","\uDC00"]}'), Reason.LONE_SURROGATE, "$.u.v[1]"),
    ("lone surrogate in a name", odd(r'"u":{"\ud834":1}'), Reason.LONE_SURROGATE, "$.u"),
    ("a key twice", odd('"seq":1,"seq":2'), Reason.DUPLICATE_KEY, "$.seq"),
    ("a required key twice", odd('"element":"y"'), Reason.DUPLICATE_KEY, "$.element"),
    ("a key twice, once escaped", odd(r'"seq":1,"s\u0065q":2'), Reason.DUPLICATE_KEY, "$.seq"),
    ("a key twice, spaced", odd('"seq" : 1 , "seq"\n:2'), Reason.DUPLICATE_KEY, "$.seq"),
    ("an unknown key twice", odd('"u":1,"u":1'), Reason.DUPLICATE_KEY, "$.u"),
    ("a key twice in an unknown field", odd('"u":{"a":[{"b":1,"b":2}]}'), Reason.DUPLICATE_KEY, "$.u.a[0].b"),
    ("NaN", odd('"interval_s":NaN'), Reason.NOT_A_NUMBER, "$.interval_s"),
    ("NaN in an unknown field", odd('"u":[NaN]'), Reason.NOT_A_NUMBER, "$.u[0]"),
    ("Infinity", odd('"interval_s":Infinity'), Reason.NOT_A_NUMBER, "$.interval_s"),
    ("-Infinity", odd('"u":-Infinity'), Reason.NOT_A_NUMBER, "$.u"),
    ("65 bits", odd('"seq":18446744073709551616'), Reason.INTEGER_TOO_WIDE, "$.seq"),
    ("65 bits below zero", odd('"seq":-9223372036854775809'), Reason.INTEGER_TOO_WIDE, "$.seq"),
    ("65 bits for a double", odd('"interval_s":18446744073709551616'), Reason.INTEGER_TOO_WIDE, "$.interval_s"),
    ("65 bits in an unknown field", odd('"u":{"v":-99999999999999999999}'), Reason.INTEGER_TOO_WIDE, "$.u.v"),
    ("a million digits", odd('"seq":' + "9" * 1_000_000), Reason.INTEGER_TOO_WIDE, "$.seq"),
    ("a million digits, unknown", odd('"u":' + "9" * 1_000_000), Reason.INTEGER_TOO_WIDE, "$.u"),
    ("beyond a double", odd('"interval_s":1e999'), Reason.NUMBER_OUT_OF_RANGE, "$.interval_s"),
    ("beyond a double in an unknown field", odd('"u":-1e999'), Reason.NUMBER_OUT_OF_RANGE, "$.u"),
    ("65 deep", odd('"u":' + "[" * 64 + "]" * 64), Reason.TOO_DEEP, "$.u" + "[0]" * 63),
    ("deep lists", odd('"u":' + "[" * DEEP + "]" * DEEP), Reason.TOO_DEEP, "$"),
    ("deep lists, never closed", b"[" * DEEP, Reason.TOO_DEEP, "$"),
    ("deep objects", odd('"u":' + '{"a":' * DEEP + "1" + "}" * DEEP), Reason.TOO_DEEP, "$"),
    ("a control character", b'{"element":"a\x01b","time":1}', Reason.INVALID_JSON, "$"),
    ("a control character, unknown", odd('"u":"a\nb"'), Reason.INVALID_JSON, "$"),
    ("a field missing", b'{"time":1}', Reason.MISSING_FIELD, "$.element"),
    ("a number for a text", b'{"element":7,"time":1}', Reason.WRONG_TYPE, "$.element"),
    ("a text for a number", odd('"interval_s":"30"'), Reason.WRONG_TYPE, "$.interval_s"),
    ("a unit in a number", odd('"interval_s":"30s"'), Reason.WRONG_TYPE, "$.interval_s"),
    ("a wrong sign", odd('"interval_s":-30'), Reason.OUT_OF_RANGE, "$.interval_s"),
    ("an interval of nothing", odd('"interval_s":0'), Reason.OUT_OF_RANGE, "$.interval_s"),
    ("null for a text", b'{"element":null,"time":1}', Reason.WRONG_TYPE, "$.element"),
    ("a word that is not listed", odd('"status":"UP"'), Reason.UNKNOWN_VALUE, "$.status"),
    ("an instant without an offset", b'{"element":"x","time":"2026-11-22T20:15:00"}', Reason.BAD_TIME, "$.time"),
    ("a date for an instant", b'{"element":"x","time":"2026-11-22"}', Reason.BAD_TIME, "$.time"),
    ("an instant in microseconds", b'{"element":"x","time":%d}' % (NOW * 1000), Reason.BAD_TIME, "$.time"),
    ("a fraction for an instant", b'{"element":"x","time":1795378500.5}', Reason.WRONG_TYPE, "$.time"),
    ("another region than the key", odd('"region":"south"'), Reason.KEY_MISMATCH, "$.region"),
    ("the future", b'{"element":"x","time":%d}' % (NOW + 120_001), Reason.FUTURE, "$.time"),
    ("the future as text", b'{"element":"x","time":"2026-11-22T20:17:00.001Z"}', Reason.FUTURE, "$.time"),
    (
        "a huge text",
        b'{"element":7,"time":1,"u":"' + b"x" * (INPUT_LIMIT - 100) + b'"}',
        Reason.WRONG_TYPE,
        "$.element",
    ),
]


@pytest.mark.parametrize(("value", "reason", "path"), [pytest.param(*case[1:], id=case[0]) for case in VALUES])
@pytest.mark.parametrize("neighbours", [1, 400])
def test_an_odd_value_is_named_and_its_neighbours_are_unharmed(
    value: bytes, reason: Reason, path: str, neighbours: int
) -> None:
    before = [record(beat(number, seq=number), offset=number) for number in range(neighbours)]
    after = [record(beat(number, u="v"), offset=number) for number in range(neighbours)]
    poison = FakeRecord(value, offset=7)
    codec = by_topic()["network.heartbeats"]
    decoded = codec.decode([*before, poison, *after])
    assert [(one.record, one.reason, one.path) for one in decoded.malformed] == [(poison, reason, path)]
    assert decoded.records == [*before, *after]
    assert [event.element for event in decoded.events] == [f"e{number}" for number in range(neighbours)] * 2


@pytest.mark.parametrize(
    ("key", "reason"), [(None, Reason.NULL_KEY), (b"", Reason.EMPTY_KEY), (b"\xff", Reason.INVALID_KEY)]
)
def test_an_odd_key_is_named_and_its_neighbours_are_unharmed(key: bytes | None, reason: Reason) -> None:
    good, poison = record(beat(1)), FakeRecord(record(beat(2)).value, key)
    decoded = by_topic()["network.heartbeats"].decode([good, poison, good])
    assert [one.reason for one in decoded.malformed] == [reason]
    assert decoded.records == [good, good]


def test_a_null_value_on_a_stream_is_a_dead_letter() -> None:
    decoded = by_topic()["usage.records"].decode([FakeRecord(None, b"c"), record(used(1), key="c")])
    assert [one.reason for one in decoded.malformed] == [Reason.NULL_VALUE]
    assert len(decoded.events) == 1


def test_a_null_value_on_a_compacted_topic_deletes_and_an_empty_one_does_not() -> None:
    tombstone, empty = FakeRecord(None, b"olt-1"), FakeRecord(b"", b"olt-1")
    row = record({"element": "olt-2", "region": "north"}, key="olt-2")
    decoded = by_topic()["network.inventory"].decode([row, tombstone, empty])
    assert decoded.records == [row, tombstone]
    assert decoded.events[1] is None
    assert [one.reason for one in decoded.malformed] == [Reason.EMPTY_VALUE]


@pytest.mark.parametrize(
    ("topic", "field", "value"),
    [
        ("network.inventory", "element", {"element": "a", "region": "r"}),
        ("network.maintenance", "maintenance_id", {"elements": ["e"], "start": 1, "end": 2, "status": "planned"}),
        ("customers.profiles", "customer", {"name": "Ann", "services": []}),
        ("customers.subscriptions", "customer", {"alerts": []}),
        ("usage.records", "customer", used(1)),
        ("network.alarms", "region", {"alarm_id": "1", "element": "e", "time": 1, "perceived_severity": "major"}),
        ("network.kpis", "region", {"name": "sessions", "time": 1, "value": 1}),
    ],
)
def test_the_field_of_the_keys_name_must_agree(topic: str, field: str, value: dict[str, object]) -> None:
    codec = by_topic()[topic]
    same, other = record(value | {field: "k"}, key="k"), record(value | {field: "l"}, key="k")
    decoded = codec.decode([same, other, same])
    assert decoded.records == [same, same]
    assert [(one.reason, one.path) for one in decoded.malformed] == [(Reason.KEY_MISMATCH, f"$.{field}")]


@pytest.mark.parametrize("topic", ["network.field", "network.raw"])
@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe"])
def test_a_key_that_means_nothing_may_be_anything(topic: str, key: bytes | None) -> None:
    value = (
        b'{"id":"1","time":1,"author":"ann","action":"comment","outage_id":"o","text":"t"}'
        if topic == "network.field"
        else b'{"id":"1","alarmedObject":{"id":"e"},"perceivedSeverity":"MAJOR","alarmRaisedTime":1}'
    )
    decoded = by_topic()[topic].decode([FakeRecord(value, key)])
    assert not decoded.malformed
    assert len(decoded.events) == 1


@pytest.mark.parametrize(
    ("topic", "value", "path"),
    [
        (
            "customers.profiles",
            {
                "name": "Ann",
                "services": [],
                "plan": {"plan_id": "p", "name": "P", "price": 9.9, "currency": "EUR", "cycle_day": 32},
            },
            "$.plan.cycle_day",
        ),
        ("customers.subscriptions", {"quiet_hours": {"start": "25:00", "end": "07:00"}}, "$.quiet_hours.start"),
        ("network.inventory", {"element": "k", "region": "r", "interval_s": -1}, "$.interval_s"),
    ],
)
def test_what_is_outside_its_bounds_is_named(topic: str, value: dict[str, object], path: str) -> None:
    decoded = by_topic()[topic].decode([record(value, key="k")])
    assert [(one.reason, one.path) for one in decoded.malformed] == [(Reason.OUT_OF_RANGE, path)]


def test_without_a_broker_time_nothing_is_in_the_future() -> None:
    late = FakeRecord(record(beat(1) | {"time": NOW + 10**9}).value, timestamp=-1)
    assert len(by_topic()["network.heartbeats"].decode([late, record(beat(2))]).events) == 2


def test_how_far_ahead_an_event_may_be_is_given() -> None:
    ahead = [record(beat(1) | {"time": NOW + 5_000}), record(beat(1) | {"time": NOW + 4_000})]
    decoded = by_topic(ahead_s=4.0)["network.heartbeats"].decode(ahead)
    assert [one.record for one in decoded.malformed] == ahead[:1]


def test_each_event_is_judged_by_its_own_records_time() -> None:
    hour = 3_600_000
    old, new = record(beat(0), timestamp=NOW), record(beat(hour), timestamp=NOW + hour)
    wrong = record(beat(hour), timestamp=NOW)
    assert len(by_topic()["network.heartbeats"].decode([old, new]).events) == 2
    assert [one.record for one in by_topic()["network.heartbeats"].decode([old, new, wrong]).malformed] == [wrong]


@pytest.mark.parametrize(
    "amount",
    ['"12"', '"NaN"', '"Infinity"', "1e30", "1e-999", "true", "null", '"5 GB"', "123456789012345678901234", "-1e19"],
)
def test_an_amount_that_cannot_be_counted_is_refused(amount: str) -> None:
    good = record(used(1), key="c")
    bad = FakeRecord(b'{"record_id":"u","bucket":"data","amount":%s,"start":1}' % amount.encode(), b"c")
    decoded = by_topic()["usage.records"].decode([good, bad, good])
    assert [(one.record, one.path) for one in decoded.malformed] == [(bad, "$.amount")]
    assert decoded.records == [good, good]


def test_both_forms_of_instants_unknown_fields_and_spaced_json_are_taken() -> None:
    values = [
        b'{"element":"a","time":"2026-11-22T21:15:00.5+01:00"}',
        b'{ "element" : "b", "time" : 1795378500500,\n "vendor": {"name": "x", "tags": ["y", 1, null]} }\n',
        '{"element":"ç","time":1795378500500,"note":"日本"}'.encode(),
        rb'{"element":"\u00e7\ud83d\ude00\"","time":1795378500500}',
    ]
    decoded = by_topic()["network.heartbeats"].decode([FakeRecord(value) for value in values])
    assert not decoded.malformed
    assert [event.element for event in decoded.events] == ["a", "b", "ç", 'ç😀"']


def test_a_duplicate_is_found_though_another_record_lacks_the_field() -> None:
    """The counts of a batch add up when one record has too many and another too few; each must still be judged."""
    fewer = FakeRecord(b'{"element":"a","time":1}')
    twice = FakeRecord(b'{"element":"b","time":1,"status":"up","status":"up"}')
    once = FakeRecord(b'{"element":"c","time":1,"status":"up"}')
    decoded = by_topic()["network.heartbeats"].decode([once] * 20 + [fewer, twice] + [once] * 20)
    assert [one.record for one in decoded.malformed] == [twice]
    assert len(decoded.events) == 41


def test_a_learned_field_hides_no_duplicate() -> None:
    codec = by_topic()["marketing.requests"]
    base = b'{"request_id":"1","time":1,"campaign":"c","channel":"email"%s}'
    clean = FakeRecord(base % b',"cell":"x","content":{"cell":"x"}', b"c")
    twice = FakeRecord(base % b',"content":{"cell":"x"},"campaign":"c"', b"c")
    for _ in range(3):
        decoded = codec.decode([clean] * 40 + [twice] + [clean] * 40)
        assert [one.record for one in decoded.malformed] == [twice]
        assert len(decoded.events) == 80


def test_both_forms_of_instants_in_one_batch_are_judged_each_by_itself() -> None:
    text = [record(beat(number) | {"time": "2026-11-22T20:15:00Z"}) for number in range(20)]
    number = [record(beat(number)) for number in range(20)]
    ahead = record(beat(1) | {"time": "2026-11-23T20:15:00Z"})
    decoded = by_topic()["network.heartbeats"].decode([*text, *number, ahead])
    assert len(decoded.events) == 40
    assert [(one.record, one.reason) for one in decoded.malformed] == [(ahead, Reason.FUTURE)]


def test_a_fraction_below_all_that_can_be_held_is_refused() -> None:
    bad = FakeRecord(odd('"u":1e-99999999999999999999'))
    decoded = by_topic()["network.heartbeats"].decode_strictly([bad])
    assert [(one.reason, one.path) for one in decoded.malformed] == [(Reason.NUMBER_OUT_OF_RANGE, "$.u")]


def test_forewarns_own_topics_are_decoded_without_the_screen_and_without_keys() -> None:
    codec = by_topic()["network.topology"]
    rows = [FakeRecord(b'{"element":"e%d","region":"north"}' % number, None) for number in range(40)]
    gone, bad = FakeRecord(None, b"e1"), FakeRecord(b'{"element":1}', b"e2")
    assert codec.decode(rows).records == rows
    decoded = codec.decode([*rows, gone, bad, *rows])
    assert decoded.records == [*rows, gone, *rows]
    assert decoded.events[40] is None
    assert [(one.record, one.reason) for one in decoded.malformed] == [(bad, Reason.WRONG_TYPE)]
