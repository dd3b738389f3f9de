"""Each stage of the pipeline: a table of cases, and the order of all."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from forewarn.alerts.affected import affected
from forewarn.alerts.channel import channel
from forewarn.alerts.choices import EMPTY, from_subscription, patched
from forewarn.alerts.contexts import OutageContext
from forewarn.alerts.current import current
from forewarn.alerts.customers import Customer
from forewarn.alerts.duplicate import duplicate
from forewarn.alerts.incidents import Incident
from forewarn.alerts.inhibit import inhibit
from forewarn.alerts.materiality import materiality
from forewarn.alerts.pair import pair
from forewarn.alerts.pause import pause
from forewarn.alerts.pipeline import STAGES, judge
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.proposal import Defer, Drop, Mode, Proposal, Rules, notification_id
from forewarn.alerts.quiet_hours import quiet_hours
from forewarn.alerts.reasons import Reason
from forewarn.alerts.render import Renderer
from forewarn.alerts.rollout import rollout
from forewarn.alerts.subscription import subscription
from forewarn.alerts.told import Entry, Message, Status
from forewarn.alerts.worded import worded
from forewarn.stream.regulator.pack import RegulatorPolicy, load
from forewarn.topics.events.customers import Contacts, Preference, Profile, Service, Subscription
from forewarn.topics.events.outages import Etr
from tests.decide_desk import estimate

NOW = 1_795_348_800_000
RENDERER = Renderer()
HOME = Service("s1", "fixed", "onu-1", "north")
OUTAGE = Incident("o1", 1, NOW, "confirmed", "north", "olt-1", NOW, whole=1)
BOTH = Contacts(email="ada@example.com", phone="+4915112345678")


def rules(mode: Mode = "live", **policy: Any) -> Rules:
    return Rules(AlertPolicy(**policy), "abc", mode, RENDERER)


def person(contacts: Contacts = BOTH, *, crm: Any = None, patch: Any = None, segment: Any = "consumer") -> Customer:
    """Ada; `crm` is what the CRM says of her, `patch` her own words."""
    said = from_subscription(EMPTY, msgspec.convert(crm, Subscription), NOW - 10) if crm else EMPTY
    own = patched(EMPTY, msgspec.convert({"time": NOW, "source": "page", **patch}, Preference), NOW) if patch else EMPTY
    return Customer("ada", Profile("Ada", (HOME,), contacts=contacts, segment=segment), said, own)


def told(stage: str, status: Status, *, channel: str = "email", reason: str = "passed") -> Message:
    return Message(stage, None, channel, f"{stage}-{channel}", status, NOW, reason)


def proposal(stage: str = "confirmed", *messages: Message, **more: Any) -> Proposal:
    given: dict[str, Any] = {
        "kind": "outage",
        "stage": stage,
        "incident": "o1",
        "customer": "ada",
        "now": NOW,
        "context": OutageContext(started=NOW),
        "valid_until": NOW + 1000,
        "evidence": {},
        "entry": Entry("outage", "o1", messages),
        "person": person(),
        "outage": OUTAGE,
        "broken": (HOME,),
    }
    return Proposal(**{**given, **more})


def verdict(answer: Proposal | Drop | Defer) -> Reason | None:
    return None if isinstance(answer, Proposal) else answer.reason


def test_the_stages_stand_in_the_order_of_the_design() -> None:
    assert [stage.__name__ for stage in STAGES] == [
        "current",
        "affected",
        "duplicate",
        "pair",
        "inhibit",
        "materiality",
        "subscription",
        "channel",
        "quiet_hours",
        "frequency_cap",
        "digest",
        "storm",
        "worded",
        "pause",
        "rollout",
    ]


def test_what_is_past_its_time_is_not_said() -> None:
    assert verdict(current(rules(), proposal(valid_until=NOW))) == Reason.EXPIRED
    assert verdict(current(rules(), proposal(valid_until=NOW + 1))) is None


SECOND = Service("s2", "fixed", "onu-2", "north")
SAME = Service("s1", "fixed", "lte-1", "north")
PHONE = Service("s3", "mobile", "cell-1", "north")
SIM = Service("s4", "mobile", "cell-2", "north")
VOICE = Service("s5", "voice", "onu-1", "north")


@pytest.mark.parametrize(
    ("broken", "working", "reason"),
    [
        ((HOME,), (), None),
        ((), (HOME,), Reason.NOT_AFFECTED),
        ((HOME,), (SECOND,), Reason.SERVED_OTHERWISE),
        ((HOME,), (SAME,), Reason.SERVED_OTHERWISE),
        ((HOME,), (PHONE,), None),
        ((PHONE,), (SIM,), None),
        ((HOME, VOICE), (SECOND,), None),
    ],
)
def test_affected_is_who_has_no_other_working_access(
    broken: tuple[Service, ...], working: tuple[Service, ...], reason: Reason | None
) -> None:
    assert verdict(affected(rules(), proposal(broken=broken, working=working))) == reason


def test_a_customer_without_a_profile_is_not_told_anything() -> None:
    assert verdict(affected(rules(), proposal(person=None))) == Reason.UNKNOWN_CUSTOMER
    assert verdict(affected(rules(), proposal("threshold", kind="usage", person=None))) == Reason.UNKNOWN_CUSTOMER


def test_only_the_end_does_not_ask_what_is_broken() -> None:
    assert verdict(affected(rules(), proposal("overdue", broken=()))) == Reason.NOT_AFFECTED
    assert verdict(affected(rules(), proposal("restored", broken=()))) is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.DROPPED, None),
        (Status.DEFERRED, None),
        (Status.PENDING, Reason.DUPLICATE),
        (Status.TOLD, Reason.DUPLICATE),
        (Status.FAILED, None),
        (Status.SUPERSEDED, Reason.EXPIRED),
    ],
)
def test_what_was_told_or_is_under_way_is_a_duplicate(status: Status, reason: Reason | None) -> None:
    assert verdict(duplicate(rules(), proposal("confirmed", told("confirmed", status)))) == reason


def test_a_message_that_failed_on_one_channel_and_is_under_way_on_another_is_a_duplicate() -> None:
    messages = told("confirmed", Status.FAILED), told("confirmed", Status.PENDING, channel="sms")
    assert verdict(duplicate(rules(), proposal("confirmed", *messages))) == Reason.DUPLICATE


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (None, Reason.NOT_TOLD),
        (Status.DROPPED, Reason.NOT_TOLD),
        (Status.PENDING, Reason.NOT_TOLD),
        (Status.TOLD, None),
        (Status.SUPERSEDED, Reason.NOT_TOLD),
    ],
)
@pytest.mark.parametrize("stage", ["estimated", "re_estimated", "overdue"])
def test_a_new_time_is_for_whom_confirmed_was_told(status: Status | None, reason: Reason | None, stage: str) -> None:
    messages = () if status is None else (told("confirmed", status),)
    assert verdict(pair(rules(), proposal(stage, *messages))) == reason


def test_shadow_decides_new_times_too() -> None:
    message = told("confirmed", Status.PENDING, reason="shadow")
    assert verdict(pair(rules("shadow"), proposal("overdue", message))) is None
    assert verdict(pair(rules(), proposal("overdue", message))) == Reason.NOT_TOLD


#: Minutes from now: (what was told, source, likely, latest), and whether the customer is told again.
MOVES: list[tuple[tuple[float, str, float, float], bool]] = [
    ((120, "field", 120, 120), False),
    ((120, "field", 149, 149), False),  # 29 min, 24 %
    ((120, "field", 151, 151), True),  # more than 30 min
    ((120, "field", 89, 89), True),  # earlier is news as well
    ((600, "field", 631, 631), True),
    ((20, "field", 26, 26), True),  # 30 % of what was left
    ((12, "field", 16, 16), False),  # less than the step in which times are told
    ((-1, "field", 3, 3), True),  # what was told has passed
    ((-1, "field", -1, -1), False),  # nothing better is known: that is `overdue`, not a new time
    ((120, "model", 90, 240), False),  # the told time is still likelier to hold than not
    ((120, "model", 130, 240), True),
    ((120, "model", 20, 60), True),
    ((120, "model", 60, 117), False),  # rounded up to 5 min it is the same
]


@pytest.mark.parametrize(("move", "matters"), MOVES)
def test_a_new_time_matters_by_how_far_it_moves(move: tuple[float, str, float, float], matters: bool) -> None:
    before, source, likely, latest = move
    etr = msgspec.convert(estimate(likely * 60, latest * 60, source), Etr)
    outage = msgspec.structs.replace(OUTAGE, etr=etr)
    message = msgspec.structs.replace(told("confirmed", Status.TOLD), promise=NOW + round(before * 60_000))
    answer = materiality(rules(), proposal("re_estimated", message, outage=outage))
    assert verdict(answer) == (None if matters else Reason.IMMATERIAL)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (None, Reason.NOT_TOLD),
        (Status.DROPPED, Reason.NOT_TOLD),
        (Status.DEFERRED, Reason.NOT_TOLD),
        (Status.PENDING, None),
        (Status.TOLD, None),
        (Status.FAILED, Reason.NOT_TOLD),
        (Status.SUPERSEDED, Reason.NOT_TOLD),
    ],
)
def test_restored_is_for_whom_confirmed_is_told_or_pending(status: Status | None, reason: Reason | None) -> None:
    messages = () if status is None else (told("confirmed", status),)
    assert verdict(pair(rules(), proposal("restored", *messages))) == reason


def test_what_was_told_in_shadow_was_told_to_nobody() -> None:
    shadowed = proposal("restored", told("confirmed", Status.PENDING, reason="shadow"))
    assert verdict(pair(rules(), shadowed)) == Reason.NOT_TOLD
    assert verdict(pair(rules("shadow"), shadowed)) is None


@pytest.mark.parametrize(
    ("outage", "reason"),
    [
        ({}, None),
        ({"muted": True}, Reason.MUTED),
        ({"maintenance_id": "m1"}, Reason.PLANNED_WORK),
        ({"parent": "o0"}, Reason.PARENT_TOLD),
        ({"parent": "o9"}, None),
    ],
)
def test_greater_messages_silence_smaller_ones(outage: dict[str, Any], reason: Reason | None) -> None:
    parent = Entry("outage", "o0", (told("confirmed", Status.TOLD),))
    given = proposal(outage=msgspec.structs.replace(OUTAGE, **outage), entries=(parent,))
    assert verdict(inhibit(rules(), given)) == reason
    assert verdict(inhibit(rules(), msgspec.structs.replace(given, stage="restored"))) is None


def test_a_child_that_outlives_its_parent_is_told() -> None:
    parent = Entry("outage", "o0", (told("confirmed", Status.TOLD), told("restored", Status.TOLD)))
    given = proposal(outage=msgspec.structs.replace(OUTAGE, parent="o0"), entries=(parent,))
    assert verdict(inhibit(rules(), given)) is None


def wants(*channels: str, enabled: bool = True, kind: str = "outage") -> dict[str, Any]:
    return {"alerts": [{"kind": kind, "channels": list(channels), "enabled": enabled}]}


def stops(channel: str, purpose: str = "service") -> dict[str, Any]:
    return {"consents": [{"purpose": purpose, "channel": channel, "granted": False, "source": "sms", "time": NOW}]}


def chosen(given: Proposal, **policy: Any) -> Proposal | Drop:
    """What the stages of wish and channel make of a proposal."""
    wished = subscription(rules(**policy), given)
    return channel(rules(**policy), wished) if isinstance(wished, Proposal) else wished


@pytest.mark.parametrize(
    ("someone", "wanted"),
    [
        (person(), "email"),
        (person(Contacts(phone="+49151")), "sms"),
        (person(crm=wants("sms", "email")), "sms"),
        (person(crm=wants("sms", "email"), patch=wants("email")), "email"),
        (person(crm=wants("push", "sms")), "sms"),
        (person(crm=wants()), "email"),
        (person(crm=wants("sms", kind="usage")), "email"),
        (person(patch=stops("email")), "sms"),
        (person(patch=stops("email", "marketing")), "email"),
        (person(Contacts(webhook="https://a.example/h"), crm=wants("webhook")), "webhook"),
    ],
)
def test_the_channel_is_the_first_one_wanted_that_reaches_the_customer(someone: Customer, wanted: str) -> None:
    answer = chosen(proposal(person=someone))
    assert isinstance(answer, Proposal)
    assert (answer.channel, answer.to) == (wanted, someone.address(wanted))


@pytest.mark.parametrize(
    ("someone", "reason"),
    [
        (person(crm=wants("email", enabled=False)), Reason.OPTED_OUT),
        (person(patch=stops("*", "*")), Reason.OPTED_OUT),
        (person(patch=stops("all", "outage")), Reason.OPTED_OUT),
        (person(Contacts()), Reason.NO_CONTACT),
        (person(Contacts(email="a@b.c"), crm=wants("sms")), Reason.NO_CONTACT),
        (person(crm=wants("push")), Reason.NO_CONTACT),
    ],
)
def test_who_does_not_want_it_or_cannot_be_reached_is_left_in_peace(someone: Customer, reason: Reason) -> None:
    assert verdict(chosen(proposal(person=someone))) == reason


def test_a_vulnerable_customer_cannot_switch_outages_off() -> None:
    switched_off = person(segment="vulnerable", crm=wants("email", enabled=False))
    for someone in (switched_off, person(segment="vulnerable", patch=stops("*", "*"))):
        answer = chosen(proposal(person=someone))
        assert isinstance(answer, Proposal)
        assert answer.critical


def test_a_kind_that_needs_consent_is_sent_only_with_it() -> None:
    granted = {"consents": [{"purpose": "marketing", "channel": "email", "granted": True, "source": "p", "time": NOW}]}
    assert verdict(chosen(proposal(), consent_kinds=("outage",))) == Reason.NO_CONSENT
    assert verdict(chosen(proposal(person=person(patch=granted)), consent_kinds=("outage",))) is None


def test_a_channel_that_this_deployment_lacks_is_passed_over() -> None:
    here = msgspec.structs.replace(rules(), channels=("email",))
    wished = subscription(here, proposal(person=person(crm=wants("sms", "email"))))
    assert isinstance(wished, Proposal)
    answer = channel(here, wished)
    assert isinstance(answer, Proposal)
    assert answer.channel == "email"
    assert answer.evidence["passed_over"] == {"sms": "not_here"}


def test_the_end_is_told_on_the_channel_of_the_beginning_even_to_who_switched_the_alert_off() -> None:
    off = person(crm=wants("email", enabled=False))
    answer = chosen(proposal("restored", told("confirmed", Status.TOLD, channel="sms"), person=off))
    assert isinstance(answer, Proposal)
    assert answer.channel == "sms"


def test_words_are_in_the_language_that_the_customer_chose() -> None:
    answer = worded(rules(), proposal(person=person(patch={"language": "de"}), channel="email"))
    assert isinstance(answer, Proposal)
    assert answer.rendered is not None
    assert answer.rendered.locale.startswith("de")


def test_a_pause_defers() -> None:
    assert pause(rules(), proposal(paused=True)) == Defer(Reason.PAUSED)
    assert verdict(pause(rules(), proposal())) is None


@pytest.mark.parametrize(
    ("mode", "listed", "reason"),
    [
        ("live", (), None),
        ("shadow", ("ada",), Reason.SHADOW),
        ("allow-list", (), Reason.NOT_ON_ALLOW_LIST),
        ("allow-list", ("ada",), None),
    ],
)
def test_a_deployment_sends_as_far_as_its_mode_says(mode: Mode, listed: tuple[str, ...], reason: Reason | None) -> None:
    assert verdict(rollout(rules(mode, allow_list=listed), proposal())) == reason


def test_the_refusing_stage_is_named_and_the_proposal_is_kept_as_far_as_it_got() -> None:
    judged, refusal, rule = judge(rules("shadow"), proposal())
    assert (refusal, rule) == (Drop(Reason.SHADOW), "rollout")
    assert judged.channel == "email"
    assert judged.rendered is not None


def test_an_id_says_what_makes_a_message_unique_and_nothing_else() -> None:
    ids = {
        notification_id("outage", "o1", "ada", "confirmed", None, "email"),
        notification_id("usage", "o1", "ada", "confirmed", None, "email"),
        notification_id("outage", "o2", "ada", "confirmed", None, "email"),
        notification_id("outage", "o1", "bob", "confirmed", None, "email"),
        notification_id("outage", "o1", "ada", "restored", None, "email"),
        notification_id("outage", "o1", "ada", "confirmed", "2", "email"),
        notification_id("outage", "o1", "ada", "confirmed", None, "sms"),
    }
    assert len(ids) == 7
    assert notification_id("usage", "a", "bc", "s", "80", None) != notification_id("usage", "ab", "c", "s", "80", None)
    first, later = proposal(channel="email"), proposal(channel="email", now=NOW + 5)
    assert first.id == later.id


def heard(stage: str, class_: str | None = None, *, reason: str = "passed", status: Status = Status.TOLD) -> Message:
    return Message(stage, class_, "email", f"{stage}-{class_}", status, NOW, reason)


def work(stage: str, *messages: Message, **more: Any) -> Proposal:
    """A message about planned work."""
    return proposal(stage, *messages, **({"kind": "maintenance", "outage": None} | more))


@pytest.mark.parametrize(
    ("stage", "messages", "reason"),
    [
        ("moved", (), Reason.NOT_TOLD),
        ("moved", (heard("announced", "24h"),), None),
        ("moved", (heard("announced", "24h", status=Status.PENDING),), None),
        ("moved", (heard("announced", "24h", status=Status.DROPPED),), Reason.NOT_TOLD),
        ("moved", (heard("announced", "24h", reason="shadow", status=Status.PENDING),), Reason.NOT_TOLD),
        ("cancelled", (heard("started"),), None),
        ("cancelled", (heard("announced", "24h"), heard("cancelled")), Reason.NOT_TOLD),
        ("completed", (heard("announced", "24h"),), Reason.NOT_TOLD),
        ("completed", (heard("started"),), None),
        ("completed", (heard("overrun"),), None),
        ("started", (), None),
        ("announced", (), None),
    ],
)
def test_of_planned_work_what_follows_is_for_who_was_told(
    stage: str, messages: tuple[Message, ...], reason: Reason | None
) -> None:
    assert verdict(pair(rules(), work(stage, *messages))) == reason


def test_the_end_of_planned_work_is_told_to_who_was_told_whatever_they_chose_since() -> None:
    off = {"alerts": [{"kind": "maintenance", "channels": ["email"], "enabled": False}]}
    assert verdict(subscription(rules(), work("announced", person=person(crm=off)))) == Reason.OPTED_OUT
    assert verdict(subscription(rules(), work("completed", heard("started"), person=person(crm=off)))) is None
    assert verdict(affected(rules(), work("completed", heard("started"), broken=()))) is None
    assert verdict(affected(rules(), work("started", broken=()))) == Reason.NOT_AFFECTED


def test_nobody_is_offered_anything_by_text_when_a_regulator_forbids_it() -> None:
    #  12:00 UTC is 7:00 in New York
    packs = load(RegulatorPolicy(packs=("us-tcpa",)))
    early = msgspec.structs.replace(rules(default_time_zone="America/New_York"), packs=packs)
    offer = proposal("made", kind="offer", outage=None, channel="sms")
    answer = quiet_hours(early, offer)
    assert isinstance(answer, Defer)
    assert (answer.reason, answer.until) == (Reason.SOLICITATION_HOURS, NOW + 3_600_000)
    assert verdict(quiet_hours(early, msgspec.structs.replace(offer, channel="email"))) is None
    assert verdict(quiet_hours(early, msgspec.structs.replace(offer, kind="bill"))) is None
    assert verdict(quiet_hours(rules(default_time_zone="America/New_York"), offer)) is None
