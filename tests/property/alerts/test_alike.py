"""Customers who are told by a mould are told, byte for byte, what judging each of them would have told them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forewarn.alerts.alike import Alike
from forewarn.alerts.policy import AlertPolicy, Cap
from forewarn.stream.policy import Policy
from tests.decide_desk import START, DecideDesk, estimate, impact, marketing

ELEMENTS = ("onu-1", "onu-2", "onu-9")
HOUR = 3600.0

services = st.lists(
    st.tuples(st.sampled_from(("fixed", "mobile", "voice")), st.sampled_from(ELEMENTS), st.sampled_from("ab")),
    min_size=1,
    max_size=3,
)
contacts = st.sampled_from(
    (
        {"email": "{}@example.com"},
        {"email": "{}@example.com", "phone": "+4915{:09d}"},
        {"phone": "+4915{:09d}"},
        {"push": {"endpoint": "https://push.example/{}"}},
        {},
    )
)
consents = st.lists(
    st.tuples(
        st.sampled_from(("marketing", "service", "outage", "*")),
        st.sampled_from(("email", "sms", "*")),
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=2,
)
choices = st.sampled_from(
    (
        None,
        {"alerts": [{"kind": "outage", "channels": ["sms", "email"]}]},
        {"alerts": [{"kind": "outage", "channels": [], "enabled": False}]},
        {"alerts": [{"kind": "outage", "channels": ["inapp"]}]},
        {"quiet_hours": {"start": "11:00", "end": "13:30"}},
        {"language": "fr"},
    )
)
#: What has happened to somebody before.
pasts = st.sampled_from((None, None, None, None, "case", "usage", "bounced", "marketing", "told"))
person = st.fixed_dictionaries(
    {
        "services": services,
        "contacts": contacts,
        "segment": st.sampled_from(("consumer", "consumer", "business", "vulnerable")),
        "locale": st.sampled_from((None, "en-GB", "de-DE")),
        "time_zone": st.sampled_from((None, "Europe/Berlin")),
        "consents": consents,
        "choice": choices,
    }
)
#: Of whom a mould can be taken.
PLAIN: dict[str, Any] = {
    "services": [("fixed", "onu-1", "a")],
    "contacts": {"email": "{}@example.com", "phone": "+4915{:09d}"},
    "segment": "consumer",
    "locale": None,
    "time_zone": None,
    "consents": [],
    "choice": None,
    "past": None,
}


@st.composite
def towns(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Plain people, then some of whom each differs in one thing, by what they are or what has happened to them."""
    people = [PLAIN, PLAIN]
    for field in draw(st.lists(st.sampled_from(sorted(PLAIN)), min_size=3, max_size=8)):
        other = draw(pasts) if field == "past" else draw(person)[field]
        people += [{**PLAIN, field: other}] * draw(st.integers(1, 2))
    return people


etr = st.sampled_from((None, estimate(900, 1800), estimate(900, 1800, "field")))
POLICIES = (
    AlertPolicy(group_wait_s=1),
    AlertPolicy(group_wait_s=1, caps=(Cap("day", 2, 86_400),), uncapped_kinds=()),
    AlertPolicy(group_wait_s=1, channel_rates={"email": 2.0}),
    AlertPolicy(group_wait_s=1, fan_out_customers=3),
)


def alike(desk: DecideDesk) -> Alike:
    found: Alike = desk.core.fold.desk.impact.alike  # type: ignore[attr-defined]
    return found


def filled(text: Any, number: int) -> Any:
    """A contact with the customer's own number in it."""
    return text.format(number) if isinstance(text, str) else {name: filled(part, number) for name, part in text.items()}


class Town:
    """A desk and its customers. `moulds`: whether those who are alike are told by a mould."""

    def __init__(self, policy: Policy, people: Sequence[dict[str, Any]], *, moulds: bool) -> None:
        self.desk = DecideDesk(policy)
        self.people = people
        if not moulds:
            alike(self.desk).enabled = False
        for number, one in enumerate(people):
            self._move_in(f"c{number}", number, one)

    def live(self, etr: dict[str, str] | None) -> Town:
        """An outage is confirmed, re-estimated, told, and restored; marketing asks all the time."""
        desk, more = self.desk.at(20), {} if etr is None else {"etr": etr}
        self._ask("m1")
        desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1", "onu-2"], **more)).at(25)
        self._ask("m2")
        for number in range(0, len(self.people), 2):
            if any(row.value["stage"] == "confirmed" for row in desk.out("notifications", f"c{number}")):
                desk.log(f"c{number}", "sent")
        desk.at(600).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
        self.desk.at(HOUR)
        return self

    def _ask(self, request: str) -> None:
        for number in range(len(self.people)):
            self.desk.push("marketing.requests", f"c{number}", marketing(request, self.desk.seconds))

    def _move_in(self, name: str, number: int, one: dict[str, Any]) -> None:
        lines = [
            {"service_id": f"{name}-{which}", "kind": kind, "element": element, "region": "north"}
            for kind, element, which in one["services"]
        ]
        plan = {"plan_id": f"p{number}", "name": "M", "price": 20 + number, "currency": "EUR", "cycle_day": 1}
        bucket = {"bucket": "data", "allowance": 10, "unit": "GB"}
        profile = {
            "name": f"Customer {number}",
            "services": lines,
            "contacts": {channel: filled(text, number) for channel, text in one["contacts"].items()},
            "segment": one["segment"],
            "locale": one["locale"],
            "time_zone": one["time_zone"],
            "plan": {**plan, "buckets": [bucket]},
        }
        self.desk.push("customers.profiles", name, profile)
        granted = [
            {"purpose": purpose, "channel": channel, "granted": yes, "source": "page", "time": START + 10 * at + number}
            for purpose, channel, yes, at in one["consents"]
        ]
        if granted or one["choice"]:
            words = {"alerts": [], "consents": granted, **(one["choice"] or {})}
            self.desk.push("customers.subscriptions", name, words)
        self._remember(name, one["past"])

    def _remember(self, name: str, past: str | None) -> None:
        if past == "case":
            case = {"id": "i1", "time": START, "kind": "case_opened", "case_id": "c1"}
            self.desk.push("customers.interactions", name, case)
        elif past in ("usage", "bounced"):
            record = {"record_id": f"{name}-1", "bucket": "data", "amount": 9, "start": START}
            self.desk.push("usage.records", name, record)
            if past == "bounced" and self.desk.out("notifications", name):
                self.desk.log(name, "bounced", "threshold")
        elif past == "marketing":
            self.desk.push("marketing.requests", name, *(marketing(f"m0-{n}", 0) for n in range(2)))
        elif past == "told":
            self.desk.push("outages.impact", "o0/0", impact("o0", 1, "confirmed", ["onu-1"])).at(self.desk.seconds + 2)
            self.desk.push("outages.impact", "o0/0", impact("o0", 2, "dismissed", elements_revision=1))


@given(towns(), etr, st.sampled_from((POLICIES[0], *POLICIES)))
@settings(max_examples=50, deadline=None)
def test_a_mould_writes_what_judging_writes(
    people: list[dict[str, Any]], etr: dict[str, str] | None, policy: AlertPolicy
) -> None:
    each = Town(Policy(alerts=policy), people, moulds=False).live(etr).desk
    together = Town(Policy(alerts=policy), people, moulds=True).live(etr).desk
    assert alike(each).filled == 0
    assert together.outputs == each.outputs
    assert together.core.table == each.core.table


def test_those_who_were_told_of_other_things_keep_a_record_of_their_own() -> None:
    people = [{**PLAIN, "past": past} for past in (None, None, None, "usage", "case", "bounced", "usage")]
    desk = Town(Policy(alerts=AlertPolicy(group_wait_s=1)), people, moulds=True).live(None).desk
    each = Town(Policy(alerts=AlertPolicy(group_wait_s=1)), people, moulds=False).live(None).desk
    assert desk.outputs == each.outputs
    # not the first, whose notice changes the outage's header, nor the second, nor whose address does not work
    assert alike(desk).filled == 4


def test_those_who_differ_in_their_names_alone_are_judged_once_a_unit() -> None:
    policy = Policy(alerts=AlertPolicy(group_wait_s=1, fan_out_customers=6))
    desk = Town(policy, [PLAIN] * 12, moulds=True).live(None).desk
    assert [row.value["to"] for row in desk.out("notifications") if row.value["stage"] == "confirmed"] == [
        f"+4915{number:09d}" for number in (0, 1, 10, 11, *range(2, 10))
    ]
    # the first of all is told with the outage's header, which then says so; the next is the first of the alike
    assert alike(desk).filled == 12 - 2 - 1
