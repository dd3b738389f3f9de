"""Every reason is one word: in the ledger, on the metric, and in the log.

a scene for each reason ──> `decisions` ──> what the worker's observer makes of the very same outputs
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import pytest

from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.proposal import Mode
from forewarn.alerts.reasons import Reason
from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.logs import configure
from forewarn.stream.metrics import Metrics
from forewarn.stream.observer import Observer
from forewarn.stream.policy import Policy
from forewarn.stream.regulator.pack import RegulatorPolicy
from forewarn.topics.events.customers import QuietHours
from tests.decide_desk import START, DecideDesk, agreed, estimate, impact, marketing, profile
from tests.unit.alerts.test_pipeline import Desk as Judged
from tests.unit.alerts.test_stages import proposal

PLAN = {"plan_id": "p", "name": "M", "price": 20, "currency": "EUR", "cycle_day": 1}
DATA = {**PLAN, "buckets": [{"bucket": "data", "allowance": 10, "unit": "GB"}]}


def notified(
    policy: AlertPolicy | None = None, *, mode: Mode = "live", who: dict[str, Any] | None = None, **more: Any
) -> DecideDesk:
    """Ada's line is confirmed to be down; `more` is what the revision says besides."""
    desk = DecideDesk(Policy(alerts=policy if policy is not None else AlertPolicy(), mode=mode))
    desk.push("customers.profiles", "ada", profile("onu-1", plan=DATA) if who is None else who)
    return desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"], **more)).at(60)


def over(desk: DecideDesk) -> DecideDesk:
    return desk.push("outages.impact", "o1/0", impact("o1", 9, "restored", elements_revision=1))


def paused(desk: DecideDesk, *, yes: bool = True, kind: str = "*") -> DecideDesk:
    return desk.push("control", kind, {"kind": kind, "paused": yes, "time": START, "author": "noc"})


def asked(desk: DecideDesk | None = None, *, times: int = 1, consent: bool = True) -> DecideDesk:
    """Marketing asks for Ada."""
    if desk is None:
        desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=DATA))
    if consent:
        desk.push("customers.preferences", "ada", agreed())
    desk.at(desk.seconds + 1)
    return desk.push("marketing.requests", "ada", *(marketing(f"m{n}", desk.seconds) for n in range(times)))


def with_word(topic: str, *words: dict[str, Any]) -> DecideDesk:
    """Marketing asks for Ada after something else was heard of her."""
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=DATA))
    return asked(desk.push(topic, "ada", *words))


def opted_out() -> DecideDesk:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    refusal = {"kind": "outage", "channels": ["email"], "enabled": False}
    desk.push("customers.preferences", "ada", {"time": START, "source": "page", "alerts": [refusal]})
    return desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"])).at(60)


def ended_while_paused() -> DecideDesk:
    desk = paused(DecideDesk().push("customers.profiles", "ada", profile("onu-1")))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"])).at(60)
    return paused(over(desk).at(70), yes=False)


def duplicated() -> Sequence[Output]:
    judged = Judged()
    for _ in range(2):
        judged.consider(proposal())
    return judged.unit.outputs


def left_before_told() -> DecideDesk:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1", "onu-2"])).at(10)
    return desk.push("outages.impact", "o1/0", impact("o1", 2, "confirmed", ["onu-2"])).at(60)


def digested() -> DecideDesk:
    lines = [
        {"service_id": "home", "kind": "fixed", "element": "onu-1", "region": "north"},
        {"service_id": "car", "kind": "mobile", "element": "onu-2", "region": "south"},
    ]
    desk = DecideDesk().push("customers.profiles", "ada", {**profile(), "services": lines})
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    return desk.push("outages.impact", "o2/0", impact("o2", 1, "confirmed", ["onu-2"])).at(60)


def hardly_moved() -> DecideDesk:
    desk = notified(etr=estimate(900, 1800, "field")).log("ada", "sent")
    later = impact("o1", 2, "confirmed", elements_revision=1, etr=estimate(900, 2200, "field"))
    return desk.push("outages.impact", "o1/0", later).push("customers.profiles", "ada", profile("onu-1", plan=PLAN))


def bounced() -> DecideDesk:
    desk = notified().log("ada", "bounced")
    return desk.push("usage.records", "ada", {"record_id": "r1", "bucket": "data", "amount": 9, "start": START})


def crowded() -> DecideDesk:
    desk = DecideDesk(Policy(alerts=AlertPolicy(channel_rates={"email": 4.0})))
    for number in range(6):
        desk.push("customers.profiles", f"c{number}", profile("onu-1"))
    return desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"])).at(60)


def part_of_another() -> DecideDesk:
    return notified().push("outages.impact", "o2/0", impact("o2", 1, "confirmed", ["onu-1"], parent="o1")).at(120)


def at_night() -> DecideDesk:
    contacts = {"email": "ada@example.com", "phone": "+12025550123"}
    desk = DecideDesk(Policy(regulator=RegulatorPolicy(packs=("us-tcpa",))))
    desk.push("customers.profiles", "ada", profile("onu-1", time_zone="Asia/Tokyo", contacts=contacts))
    desk.push("customers.preferences", "ada", agreed(channel="sms")).at(1800)  # half past nine in the evening
    return desk.push("marketing.requests", "ada", marketing("m1", 1800, channel="sms"))


def replied(text: str, **more: Any) -> DecideDesk:
    """Ada answers what she was asked about a visit, or to a survey."""
    visit = {"appointment_id": "a1", "time": START, "kind": "technician", "status": "booked"}
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.push("customers.appointments", "ada", {**visit, "start": START + 60_000, "end": START + 120_000})
    word = {"id": "r1", "time": START, "kind": "reply", "text": text, **more}
    return desk.push("customers.interactions", "ada", word)


def just_critical() -> DecideDesk:
    policy = AlertPolicy(lease_s=0, critical_kinds=("outage",))
    return asked(over(notified(policy)).at(120))


LEDGERS = ("decisions", "customers.answers")

SCENES: dict[Reason, Callable[[], DecideDesk | Sequence[Output]]] = {
    Reason.PASSED: notified,
    Reason.UNKNOWN_CUSTOMER: lambda: asked(DecideDesk(), consent=False),
    Reason.NOT_AFFECTED: left_before_told,
    Reason.SERVED_OTHERWISE: lambda: notified(who=profile("onu-1", "onu-2")),
    Reason.DUPLICATE: duplicated,
    Reason.NOT_TOLD: ended_while_paused,
    Reason.PARENT_TOLD: part_of_another,
    Reason.MUTED: lambda: notified(muted=True),
    Reason.PLANNED_WORK: lambda: notified(maintenance_id="w1"),
    Reason.IMMATERIAL: hardly_moved,
    Reason.OPTED_OUT: opted_out,
    Reason.NO_CONSENT: lambda: asked(consent=False),
    Reason.NO_CONTACT: lambda: notified(who={**profile("onu-1"), "contacts": {}}),
    Reason.BAD_CONTACT: bounced,
    Reason.EXPIRED: lambda: asked(consent=False).at(8 * 86_400),
    Reason.QUIET_HOURS: lambda: notified(AlertPolicy(quiet_hours=QuietHours("11:00", "14:00"))),
    Reason.SOLICITATION_HOURS: at_night,
    Reason.FREQUENCY_CAP: lambda: asked(times=4),
    Reason.DIGESTED: digested,
    Reason.STORM: crowded,
    Reason.PAUSED: lambda: asked(paused(DecideDesk().push("customers.profiles", "ada", profile("onu-1")))),
    Reason.SHADOW: lambda: notified(mode="shadow"),
    Reason.NOT_ON_ALLOW_LIST: lambda: notified(mode="allow-list"),
    Reason.AGREED: lambda: replied("yes"),
    Reason.DECLINED: lambda: replied("no"),
    Reason.SCORED: lambda: replied("", kind="survey", score=9, topic="outage"),
    Reason.CLEAR: asked,
    Reason.OUTAGE: lambda: asked(notified()),
    Reason.LEASE: lambda: asked(over(notified())),
    Reason.CASE_OPEN: lambda: with_word(
        "customers.interactions", {"id": "i1", "time": START, "kind": "case_opened", "case_id": "c1"}
    ),
    Reason.COMPLAINT: lambda: with_word("customers.interactions", {"id": "i1", "time": START, "kind": "complaint"}),
    Reason.APPOINTMENT: lambda: with_word(
        "customers.appointments",
        {
            "appointment_id": "a1",
            "time": START,
            "kind": "technician",
            "status": "booked",
            "start": START + 60_000,
            "end": START + 120_000,
        },
    ),
    Reason.BILL_SHOCK: lambda: with_word(
        "billing.bills",
        *(
            {"bill_id": f"b{amount}", "time": START + amount, "amount": amount, "currency": "EUR"}
            for amount in (40, 41, 99)
        ),
    ),
    Reason.OVERAGE: lambda: with_word(
        "usage.records", {"record_id": "r1", "bucket": "data", "amount": 11, "start": START}
    ),
    Reason.CRITICAL_TOLD: just_critical,
    Reason.UPSTREAM_STALE: lambda: asked(DecideDesk(marks=False).push("customers.profiles", "ada", profile("onu-1"))),
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log of a worker."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    configure(stream=stream, role="decide")
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def test_every_reason_has_a_scene() -> None:
    assert list(SCENES) == list(Reason), "a new reason needs a scene in which it is given"


@pytest.mark.parametrize("reason", list(SCENES))
def test_a_reason_is_the_same_word_in_the_ledger_the_metric_and_the_log(reason: Reason, log: io.StringIO) -> None:
    scene = SCENES[reason]()
    outputs = scene.outputs if isinstance(scene, DecideDesk) else scene
    rows = [orjson.loads(output.value or b"") for output in outputs if output.topic in LEDGERS]
    given = [(row["subject"], row["outcome"]) for row in rows if row["reason"] == reason.value]
    assert given
    metrics, unit = Metrics(), Unit({}, {}, START)
    unit.outputs += outputs
    Observer(metrics, "decide").unit(0, unit, len(outputs), 0.0)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    logged = {(line["about"], line["outcome"], line["reason"]): line["count"] for line in lines}
    for subject, outcome in set(given):
        labels = {"subject": subject, "outcome": outcome, "reason": reason.value}
        assert metrics.registry.get_sample_value("forewarn_decisions_total", labels) == given.count((subject, outcome))
        assert logged[subject, outcome, reason.value] == given.count((subject, outcome))
    held = sum(outcome == "held" for _, outcome in given)
    counted = metrics.registry.get_sample_value("forewarn_marketing_held_total", {"reason": reason.value})
    assert (counted or 0) == held
