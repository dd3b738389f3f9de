"""What regulators ask about customers and outages, as timelines, and the evidence that is exported of it.

The desk begins on Sunday, 2026-11-22 at 12:00 UTC.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import orjson
import pytest

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.policy import Policy
from forewarn.stream.regulator.evidence import Held, Revision, as_csv, as_json, evidence
from forewarn.stream.regulator.pack import RegulatorPolicy
from forewarn.stream.replay.lines import encode
from forewarn.stream.replay.product import Replay
from forewarn.topics.events.obligations import Obligation
from tests.decide_desk import START, DecideDesk, agreed, impact, marketing, profile

T = TypeVar("T")
HOUR, DAY = 3600.0, 86_400.0
#: Wednesday 00:00: Monday and Tuesday are the two full working days.
FIRST = 2 * DAY + 12 * HOUR


def policy(*packs: str, **more: Any) -> Policy:
    return Policy(regulator=RegulatorPolicy(packs=packs, **more))


def obligations(desk: DecideDesk, customer: str | None = None) -> list[Any]:
    rows = [row.value for row in desk.out("obligations")]
    return [row for row in rows if customer in (None, row["customer"])]


# -- Ofcom


def out(rules: Policy | None = None, **more: Any) -> DecideDesk:
    desk = DecideDesk(rules or policy("uk-ofcom-compensation"))
    desk.push("customers.profiles", "ada", profile("onu-1")).push("customers.profiles", "bob", profile("onu-9"))
    return desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"], confirmed=START, **more))


def test_a_fixed_line_that_is_out_after_two_working_days_earns_a_sum_a_day() -> None:
    desk = out().at(FIRST - 1)
    assert obligations(desk) == []
    desk.at(FIRST + 1)
    (first,) = obligations(desk)
    assert (first["customer"], first["amount"], first["currency"]) == ("ada", 10.34, "GBP")
    assert (first["duty"], first["state"]) == ("compensation/2026-11-25", "due")
    desk.at(FIRST + DAY + 1)
    restored = START + round((FIRST + DAY + HOUR) * 1000)
    desk.push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1, restored=restored))
    desk.at(FIRST + 4 * DAY)
    assert [row["duty"] for row in obligations(desk)] == ["compensation/2026-11-25", "compensation/2026-11-26"]
    assert len({row["obligation_id"] for row in obligations(desk)}) == 2
    assert not [key for key in desk.core.table if key.startswith(b"a/")]


def test_a_mobile_line_or_one_that_is_served_otherwise_earns_nothing() -> None:
    desk = out()
    mobile = [{"service_id": "m", "kind": "mobile", "element": "onu-1", "region": "north"}]
    desk.push("customers.profiles", "ada", profile(services=mobile) | {"services": mobile})
    desk.push("customers.profiles", "eve", profile("onu-1", "onu-2"))
    assert obligations(desk.at(FIRST + DAY)) == []


def test_compensation_holds_in_the_regions_of_the_pack_and_only_when_it_is_in_force() -> None:
    elsewhere = policy("uk-ofcom-compensation", regions={"uk-ofcom-compensation": ("south",)})
    assert obligations(out(elsewhere).at(FIRST + DAY)) == []
    assert obligations(out(Policy()).at(FIRST + DAY)) == []


def test_a_kill_at_any_time_changes_no_compensation() -> None:
    calm, killed = out(), out()
    for hour in range(int(FIRST / HOUR) - 2, int(FIRST / HOUR) + 50, 3):
        calm.at(hour * HOUR)
        killed.at(hour * HOUR).restart()
    assert killed.rows == calm.rows
    assert len(obligations(calm)) == 3


# -- EU roaming

PLAN = {
    "plan_id": "m",
    "name": "M",
    "price": 20,
    "currency": "EUR",
    "cycle_day": 1,
    "buckets": [{"bucket": "roaming:eu", "allowance": 100, "unit": "MB"}],
}


def abroad(*amounts: int) -> DecideDesk:
    desk = DecideDesk(policy("eu-roaming")).push("customers.profiles", "ada", profile("onu-1", plan=PLAN))
    for number, amount in enumerate(amounts):
        desk.at(60 * (number + 1))
        record = {"record_id": f"r{number}", "bucket": "roaming:eu", "amount": amount, "start": desk.core.now}
        desk.push("usage.records", "ada", record)
    return desk


def test_a_roaming_limit_is_to_be_told_within_the_hour_and_was() -> None:
    desk = abroad(85)
    desk.log("ada", "sent", "threshold").at(2 * HOUR)
    due, met = obligations(desk)
    assert (due["duty"], due["state"], met["state"]) == ("threshold/80", "due", "met")
    assert due["obligation_id"] == met["obligation_id"]
    assert met["met"] <= due["due"]


def test_a_notice_that_did_not_get_through_is_overdue() -> None:
    desk = abroad(85, 20).restart().at(2 * HOUR)
    assert [(row["duty"], row["state"]) for row in obligations(desk)] == [
        ("threshold/80", "due"),
        ("threshold/100", "due"),
        ("threshold/80", "overdue"),
        ("threshold/100", "overdue"),
    ]


def test_half_a_limit_is_no_matter_of_the_regulator_and_a_deleted_customer_none_any_more() -> None:
    assert obligations(abroad(55).at(2 * HOUR)) == []
    desk = abroad(85).push("customers.profiles", "ada", None).at(2 * HOUR)
    assert [row["state"] for row in obligations(desk)] == ["due", "ended"]


# -- TCPA


def texts(at: float, zone: str) -> DecideDesk:
    """A campaign asks to text Ada at `at` seconds."""
    desk = DecideDesk(policy("us-tcpa"))
    contacts = {"email": "ada@example.com", "phone": "+12025550123"}
    desk.push("customers.profiles", "ada", profile("onu-1", time_zone=zone, contacts=contacts))
    desk.push("customers.preferences", "ada", agreed(channel="sms")).at(at)
    return desk.push("marketing.requests", "ada", marketing("r1", at, channel="sms"))


@pytest.mark.parametrize(
    ("zone", "approved"),
    [("America/New_York", False), ("America/Puerto_Rico", True), ("Europe/London", True), ("Asia/Tokyo", False)],
)
def test_nobody_is_solicited_by_text_before_eight_or_after_nine(zone: str, approved: bool) -> None:
    #  12:30 UTC: 7:30 in New York, 8:30 in San Juan, 12:30 in London, 21:30 in Tokyo
    desk = texts(1800, zone)
    assert bool(desk.out("marketing.approved")) is approved
    if not approved:
        assert desk.out("marketing.held")[0].value["reason"] == "solicitation_hours"


def test_a_campaign_that_came_too_early_is_let_through_at_eight() -> None:
    desk = texts(1800, "America/New_York").at(1.5 * HOUR)
    (answer,) = desk.out("marketing.approved")
    assert HOUR <= answer.at <= HOUR + AlertPolicy().release_spread_s + 60


def test_e_mail_is_no_matter_of_the_hour() -> None:
    desk = texts(1800, "America/New_York").push("customers.preferences", "ada", agreed(1800))
    desk.push("marketing.requests", "ada", marketing("r2", 1800))
    assert [row.value["request_id"] for row in desk.out("marketing.approved")] == ["r2"]


# -- FCC and ACMA, through the whole product, and what is exported

SLOW = OutagePolicy(tick_s=60)


def declared() -> Replay:
    rules = Policy(outages=SLOW, regulator=RegulatorPolicy(packs=("us-fcc-part4", "au-acma-outages")))
    replay = Replay(rules)
    replay.advance(START)
    word = {"id": "f1", "time": START, "author": "ana", "action": "declare", "element": "core-1", "region": "north"}
    replay.push("network.field", word | {"customers": 120_000}, key="any")
    replay.advance(START + 3_600_000)
    return replay


def rows_of(replay: Replay) -> list[Any]:
    return [one.json for one in replay.take("obligations")]


def file(replay: Replay, outage: str, duty: str) -> None:
    word = {"id": duty, "time": replay.now, "author": "ana", "action": "filed", "outage_id": outage, "text": duty}
    replay.push("network.field", word, key="any")


def test_a_large_outage_is_to_be_reported_and_the_evidence_says_what_became_of_it() -> None:
    replay = declared()
    rows = rows_of(replay)
    outage = rows[0]["incident"]
    file(replay, outage, "notification")
    file(replay, outage, "party")
    replay.advance(START + 8 * 3_600_000)
    rows += rows_of(replay)
    letters = replay.take("dead.letters")
    assert [dict(one.headers)["dlq.reason"] for one in letters] == [b"unknown_outage"]
    found = evidence(
        (decode(row) for row in rows), (orjson_to(Revision, one.json) for one in replay.take("outages.revisions"))
    )
    assert [(row.pack, row.duty, row.state) for row in found] == [
        ("au-acma-outages", "update", "overdue"),
        ("au-acma-outages", "update/2", "due"),
        ("au-acma-outages", "daily_update", "due"),
        ("us-fcc-part4", "notification", "met"),
        ("us-fcc-part4", "initial_report", "due"),
        ("us-fcc-part4", "final_report", "due"),
    ]
    assert {(row.element, row.customers, row.author) for row in found if row.state == "met"} == {
        ("core-1", 120_000, "ana")
    }


def decode(row: Any) -> Obligation:
    return orjson_to(Obligation, row)


def orjson_to(kind: type[T], row: Any) -> T:
    return msgspec.json.decode(orjson.dumps(row), type=kind)


def test_the_same_records_give_the_same_bytes_in_any_order() -> None:
    desk = out().at(FIRST + 2 * DAY)
    rows = [decode(row) for row in obligations(desk)]
    held = [Held("d1", START, "r1", "marketing", "solicitation_hours", "abc", "sms", "ada")]

    def both(found: Iterable[Obligation]) -> tuple[bytes, bytes]:
        table = evidence(found, (), held)
        return as_csv(table), as_json(table)

    once = both(rows)
    assert both([*reversed(rows), *rows]) == once
    table = list(csv.DictReader(io.StringIO(once[0].decode())))
    assert [row["pack"] for row in table] == ["solicitation_hours", *["uk-ofcom-compensation"] * 3]
    assert {row["amount"] for row in table} == {"", "10.34"}
    assert [row["duty"] for row in orjson.loads(once[1])] == [row["duty"] for row in table]


def test_what_a_replay_wrote_is_exported_by_the_command(tmp_path: Path) -> None:
    replay = declared()
    out_file, table = tmp_path / "out.jsonl", tmp_path / "evidence.csv"
    out_file.write_bytes(b"".join(encode(one) for one in replay.take()))
    command = [sys.executable, "-m", "forewarn", "regulator", "export", str(out_file), "--csv", str(table)]
    done = subprocess.run([*command, "--pack", "us-fcc-part4"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(table.open()))
    assert [(row["duty"], row["state"], row["element"]) for row in rows] == [
        ("notification", "due", "core-1"),
        ("initial_report", "due", "core-1"),
        ("final_report", "due", "core-1"),
    ]
    empty = subprocess.run([*command, "--pack", "us-tcpa"], capture_output=True, text=True, check=False)
    assert empty.returncode == 1
