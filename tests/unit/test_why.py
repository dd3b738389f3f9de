"""The story of one customer, told from the ledger and the delivery log."""

from __future__ import annotations

from io import StringIO

from msgspec.structs import replace
from rich.console import Console

from forewarn.stream.why import show, story, tell
from forewarn.topics.events.messages import Decision, NotificationLog, Receipt

DROPPED = Decision(
    decision_id="d0",
    time="2026-11-22T12:00:00Z",
    subject="notification",
    subject_id="n0",
    kind="outage",
    outcome="dropped",
    reason="opted_out",
    policy="abc",
    stage="confirmed",
    incident="o0",
    rule="subscription",
    evidence={"outage_revision": 3},
)
SENT = Decision(
    decision_id="d1",
    time="2026-11-22T12:01:00Z",
    subject="notification",
    subject_id="n1",
    kind="outage",
    outcome="sent",
    reason="passed",
    policy="abc",
    stage="confirmed",
    incident="o1",
    channel="email",
)
ATTEMPT = NotificationLog("n1", 1_795_348_861_000, "email", "failed", 1, error="550")
RECEIPT = Receipt("n1", 1_795_348_862_000, "email", "bounced")
HELD = Decision(
    decision_id="d2",
    time="2026-11-22T12:02:00Z",
    subject="marketing",
    subject_id="m1",
    kind="marketing",
    outcome="held",
    reason="a_word_of_tomorrow",
    policy="abc",
    channel="email",
    evidence={"outages": ["o1", "o2"]},
)


def test_what_happened_is_told_in_the_order_of_time() -> None:
    steps = story([HELD, RECEIPT, ATTEMPT, SENT, DROPPED])
    assert [step.outcome for step in steps] == ["dropped", "sent", "failed", "bounced", "held"]


def test_an_outcome_names_the_message_it_belongs_to() -> None:
    failed = story([ATTEMPT, SENT])[1]
    assert (failed.kind, failed.stage, failed.incident) == ("outage", "confirmed", "o1")


def test_a_story_can_be_of_one_incident() -> None:
    assert [step.id for step in story([HELD, RECEIPT, ATTEMPT, SENT, DROPPED], "o1")] == ["n1", "n1", "n1"]


def test_a_person_reads_outcome_reason_rule_evidence_and_policy() -> None:
    assert list(tell("ada", story([DROPPED, SENT, ATTEMPT, RECEIPT, HELD]))) == [
        "2026-11-22T12:00:00Z      outage o0 confirmed: dropped, opted_out",
        "                            The customer does not want this.",
        "                            outage_revision 3",
        "                            rule subscription, policy abc, id n0",
        "2026-11-22T12:01:00Z      outage o1 confirmed by email: sent, passed",
        "                            Every stage let the message pass.",
        "                            policy abc, id n1",
        "2026-11-22T12:01:01Z        delivery of outage o1 confirmed by email, attempt 1: failed (550)",
        "                            id n1",
        "2026-11-22T12:01:02Z        receipt of outage o1 confirmed by email: bounced",
        "                            id n1",
        "2026-11-22T12:02:00Z      marketing by email: held, a_word_of_tomorrow",
        "                            outages o1 o2",
        "                            policy abc, id m1",
    ]


def test_a_message_that_nobody_decided_on_here_is_told_all_the_same() -> None:
    assert next(tell("ada", story([RECEIPT]))).endswith("receipt of message by email: bounced")


def test_about_a_stranger_nothing_is_known() -> None:
    (line,) = tell("ada", [])
    assert "Nothing is recorded about ada" in line


def test_a_terminal_shows_the_days_and_the_colours_of_what_was_told_and_what_was_not() -> None:
    console = Console(file=StringIO(), width=100, force_terminal=True, color_system="standard", highlight=False)
    show(story([DROPPED, SENT, HELD]), console)
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert text.count("Sunday, 22 November 2026") == 1
    assert "\x1b[31moutage o0 confirmed: dropped, opted_out" in text
    assert "\x1b[32moutage o1 confirmed by email: sent, passed" in text
    assert "\x1b[33mmarketing by email: held" in text


def test_evidence_is_written_as_one_says_it() -> None:
    evidence = {"passed_over": {"sms": "failed", "push": "out"}, "final": False, "until": ["a", "b"]}
    lines = list(tell("ada", story([replace(SENT, evidence=evidence)])))
    assert lines[2].strip() == "passed_over sms: failed, push: out, final no, until a b"
