"""Killing decide changes no decision: at every crash point, at every unit, through a day in which everything happens.

    s     0        30        40     75        500    1200       1500  1800        5400      7200       30 h
    o1    │        suspected confirmed        …      monitoring over  over again  │         │          │
    o2    │        │              one message │      │     over                   │         │          │
    bob   asleep ─────────────────────────────────────────────────────────────────────────── awake      │
    o3    │                                                                       confirmed ────── over │
    asks  m1 ok    m2 m3 held                        m5 m6 leased                                      all answered

The clock is driven by the test and stands still while decide is dead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.engine import crash
from forewarn.stream.policy import Policy
from tests.decide_desk import START, agreed, estimate, impact, marketing, profile, table_of
from tests.mortal_desk import KEPT, LOST, POINTS, TWICE, MortalDesk

#: The same timeline again and again: what it covers others cover, too.
pytestmark = pytest.mark.no_cover

HOUR = 3600.0
END = 30 * HOUR
#: Two customers a unit, so that a fan-out is killed in its midst; a channel that takes one message a second.
POLICY = Policy(alerts=AlertPolicy(fan_out_customers=2, lease_s=HOUR, channel_rates={"email": 4, "sms": 4}))
PLAN = {
    "plan_id": "p",
    "name": "P",
    "price": 20,
    "currency": "EUR",
    "cycle_day": 1,
    "buckets": [{"bucket": name, "allowance": 1000, "unit": "MB"} for name in ("data", "video")],
}


class Day:
    """The story. `handed` are the notifications whose outcome deliver has reported."""

    def __init__(self, point: str | None = None, clock: Sequence[int] | None = None) -> None:
        self.desk = MortalDesk(POLICY, point, clock)
        self.handed: set[str] = set()
        self.revisions: dict[str, int] = {}
        self.sets: dict[str, int] = {}

    def play(self) -> MortalDesk:
        self.people()
        self.before()
        self.outage()
        self.midst()
        self.over()
        self.later()
        return self.desk.at(END)

    # -- what happens

    def people(self) -> None:
        for number in range(8):
            self.person(f"c{number}", "onu-1")
        self.person("ada", "onu-1", plan=PLAN)
        self.person("bob", "onu-1")
        self.desk.push("customers.subscriptions", "bob", {"quiet_hours": {"start": "11:00", "end": "14:00"}})
        self.person("cleo", "onu-1", segment="vulnerable")
        self.person("dan", "onu-1", mobile="cell-1")
        self.person("eve", "onu-2")
        self.person("fay", "onu-1")
        self.desk.push("customers.subscriptions", "fay", {"alerts": [{"kind": "outage", "enabled": False}]})
        self.person("gus", "onu-2", plan=PLAN)
        self.person("hal", "onu-9")
        self.person("ivy", "onu-9")
        for customer in ("ada", "dan", "eve", "gus", "hal", "ivy"):
            self.desk.push("customers.preferences", customer, agreed())

    def before(self) -> None:
        self.ask("ada", "m1", 10)
        for number in range(4):
            self.ask("gus", f"g{number}", 11, priority=number)
        self.use("ada", 20, "data", 550)
        self.use("gus", 21, "data", 850)
        self.use("gus", 22, "video", 1010)
        bills = [(number, 20) for number in range(1, 7)] + [(7, 58)]
        self.desk.at(25).push("billing.bills", "eve", *(self.bill(*bill) for bill in bills))

    def outage(self) -> None:
        self.says(30, "o1", "suspected", ["onu-1"])
        self.ask("ada", "m2", 31, priority=10)
        self.ask("ada", "m3", 32, priority=90)
        self.ask("ada", "m4", 33, expires=START + 300_000)
        self.says(40, "o1", "confirmed", ["onu-1"])
        self.says(45, "o2", "confirmed", ["cell-1"], region="harbour", element="bts-1")
        self.deliver(76, "c1")
        self.bounce(80, "c2")

    def midst(self) -> None:
        self.desk.at(100)
        self.person("eve", "onu-1")
        patch = {"time": START + 110_000, "source": "page", "alerts": [{"kind": "outage", "enabled": True}]}
        self.desk.at(110).push("customers.preferences", "fay", patch)
        self.says(120, "o1", "confirmed", etr=estimate(4000, 4000, "field"))
        self.deliver(130)
        self.says(400, "o1", "confirmed", etr=estimate(9000, 9000, "field"))
        self.pause(500, "usage", paused=True)
        self.use("ada", 505, "data", 300)
        self.pause(520, "usage", paused=False)
        self.tell("c3", 540, kind="reply", channel="sms", text="STOP")
        self.tell("gus", 550, kind="complaint")
        self.tell("hal", 560, kind="case_opened", case_id="c1")
        visit = {"appointment_id": "a1", "time": START + 570_000, "kind": "technician", "status": "booked"}
        hours = {"start": START + round(3 * HOUR) * 1000, "end": START + round(4 * HOUR) * 1000}
        self.desk.at(570).push("customers.appointments", "ivy", visit | hours)
        for number, customer in enumerate(("dan", "hal", "ivy", "gus")):
            self.ask(customer, f"x{number}", 580)
        self.says(600, "o1", "confirmed", ["onu-1", "onu-2"])
        self.deliver(640)
        self.says(700, "o1", "confirmed", ["onu-1"])

    def over(self) -> None:
        self.says(1200, "o1", "monitoring")
        self.says(1260, "o1", "restored", restored=START + 1_260_000)
        self.deliver(1280)
        self.says(1300, "o2", "restored", region="harbour", element="bts-1", restored=START + 1_300_000)
        self.tell("ada", 1400, kind="reply", text="We are still out")
        self.ask("ada", "m5", 1410)
        self.ask("ada", "m6", 1411, priority=50)
        self.says(1500, "o1", "confirmed", reopened=1)
        self.deliver(1540)
        self.says(1800, "o1", "restored", reopened=1, restored=START + 1_800_000)
        self.deliver(1840)

    def later(self) -> None:
        self.desk.at(2000).push("customers.profiles", "dan", None)
        self.says(5400, "o3", "confirmed", ["onu-1"])
        self.deliver(5440)
        self.tell("hal", 6000, kind="case_closed", case_id="c1")
        self.deliver(7300)
        self.says(3 * HOUR, "o3", "restored", restored=START + round(3 * HOUR) * 1000)
        self.deliver(3 * HOUR + 60)

    # -- how it is said

    def person(self, customer: str, element: str, *, mobile: str | None = None, **more: Any) -> None:
        number = sum(customer.encode()) % 1000
        contacts = {"email": f"{customer}@example.com", "phone": f"+4915112345{number:03d}"}
        one = profile(element, contacts=contacts, **more)
        if mobile is not None:
            one["services"].append({"service_id": "m", "kind": "mobile", "element": mobile, "region": "harbour"})
        self.desk.push("customers.profiles", customer, one)

    def ask(self, customer: str, request: str, at: float, **more: Any) -> None:
        word = marketing(request, at, **{"expires": START + round(25 * HOUR) * 1000, **more})
        self.desk.at(at).push("marketing.requests", customer, word)

    def use(self, customer: str, at: float, bucket: str, amount: int) -> None:
        time = START + round(at * 1000)
        record = {"record_id": f"{customer}{at}", "bucket": bucket, "amount": amount, "start": time}
        self.desk.at(at).push("usage.records", customer, record)

    def bill(self, number: int, amount: int) -> dict[str, Any]:
        time = START + 20_000 - (7 - number) * 30 * 86_400_000
        lines = [{"name": "plan", "amount": amount}]
        return {"bill_id": f"b{number}", "time": time, "amount": amount, "currency": "EUR", "lines": lines}

    def says(self, at: float, outage: str, state: str, elements: list[str] | None = None, **more: Any) -> None:
        revision = self.revisions[outage] = self.revisions.get(outage, 0) + 1
        if elements is not None:
            self.sets[outage] = revision
        more["elements_revision"] = self.sets[outage]
        word = impact(outage, revision, state, elements, time=START + round(at * 1000), **more)
        self.desk.at(at).push("outages.impact", f"{outage}/0", word)

    def tell(self, customer: str, at: float, **more: Any) -> None:
        word = {"id": f"{customer}{at}", "time": START + round(at * 1000), **more}
        self.desk.at(at).push("customers.interactions", customer, word)

    def pause(self, at: float, kind: str, *, paused: bool) -> None:
        word = {"kind": kind, "time": START + round(at * 1000), "author": "noc", "paused": paused}
        self.desk.at(at).push("control", kind, word)

    def deliver(self, at: float, *failing: str) -> None:
        """Deliver reports what came of all that was decided; of those who fail, the first message each time."""
        self.desk.at(at)
        for row in self.desk.out("notifications"):
            told = row.value
            if told["notification_id"] in self.handed:
                continue
            self.handed.add(told["notification_id"])
            word = {"notification_id": told["notification_id"], "time": self.desk.core.now, "channel": told["channel"]}
            outcome = "failed" if row.key in failing else "sent"
            self.desk.push("notifications.log", row.key, {**word, "outcome": outcome, "attempt": 1})

    def bounce(self, at: float, customer: str) -> None:
        told = self.desk.at(at).out("notifications", customer)[-1].value
        word = {"notification_id": told["notification_id"], "time": self.desk.core.now, "channel": told["channel"]}
        self.desk.push("delivery.receipts", customer, {**word, "status": "bounced"})


@pytest.fixture(scope="module")
def uninterrupted() -> MortalDesk:
    return Day().play()


def test_the_day_has_all_of_it(uninterrupted: MortalDesk) -> None:
    reasons = {row.value["reason"] for row in uninterrupted.out("decisions")}
    assert reasons >= {
        *("passed", "clear", "outage", "lease", "storm", "digested", "quiet_hours", "paused", "frequency_cap"),
        *("opted_out", "expired", "complaint", "case_open", "appointment", "overage"),
    }
    stages = {(row.value["kind"], row.value["stage"]) for row in uninterrupted.out("notifications")}
    assert stages >= {
        *(("outage", "confirmed"), ("outage", "restored"), ("outage", "re_estimated"), ("usage", "threshold")),
        ("bill", "explained"),
    }
    channels = [row.value["channel"] for row in uninterrupted.out("notifications", "c1")[:2]]
    assert len(set(channels)) == 2  # failed, and went the other way
    assert [row for row in uninterrupted.out("outages.affected") if row.value["type"] == "still_out"]


def test_every_request_of_the_day_has_one_final_answer(uninterrupted: MortalDesk) -> None:
    answers = uninterrupted.out("marketing.approved") + uninterrupted.out("marketing.held")
    final = sorted(row.value["request_id"] for row in answers if row.value["final"])
    assert final == sorted(["m1", "m2", "m3", "m4", "m5", "m6", "g0", "g1", "g2", "g3", "x0", "x1", "x2", "x3"])


def test_all_points_of_a_commit_are_tried() -> None:
    ours = [point for point in crash.POINTS if point != "takeover" and not point.startswith("deliver.")]
    assert list(POINTS) == ours


#: Of a point nothing matters but what survives it: nothing of the unit, the unit, the unit with its outputs.
@pytest.mark.parametrize("points", [LOST, KEPT, TWICE], ids=" ".join)
def test_death_at_every_unit_changes_no_decision(points: tuple[str, ...], uninterrupted: MortalDesk) -> None:
    desk = Day(points[0], uninterrupted.ticks).play()
    assert desk.deaths > 800
    assert list(desk.said) == list(uninterrupted.said)
    assert table_of(desk) == table_of(uninterrupted)
