"""The demo's verdict: kept only when the topics and the mail server's ledger say so together."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from forewarn.stream.demo.summary import Verdict, decode, judge, show
from tests.unit.demo.records import ledger, notice, request, revision, run

DETECTED, TOLD, NEAR, RELEASED = range(4)


def kept(verdict: Verdict) -> list[bool]:
    return [finding.kept for finding in verdict.findings]


def test_a_run_that_kept_every_promise() -> None:
    verdict = judge(run(), ledger())
    assert verdict.kept
    assert kept(verdict) == [True, True, True, True]


def test_an_e_mail_counts_only_when_the_mail_server_has_it() -> None:
    verdict = judge(run(), [])
    assert kept(verdict) == [True, False, False, True]
    assert not verdict.kept


def test_a_suspicion_alone_is_no_detection() -> None:
    topics = run() | {"outages.revisions": [("o1", revision("suspected", 1))]}
    assert not kept(judge(topics, ledger()))[DETECTED]


@pytest.mark.parametrize("lost", ["n2", "n4"])
def test_one_customer_who_was_not_told_breaks_the_promise(lost: str) -> None:
    mails = [message for message in ledger() if lost not in message]
    assert not kept(judge(run(), mails))[TOLD]


def test_one_whole_outage_is_enough_while_another_goes_on() -> None:
    topics = run()
    topics["outages.revisions"].append(("o2", revision("confirmed", 2, "o2")))
    topics["notifications"].append(("eve", notice("n9", "outage", "confirmed", "o2")))
    assert judge(topics, ledger()).kept


def test_restoration_told_to_someone_who_was_not_told_of_the_outage_is_no_exact_pair() -> None:
    topics = run()
    topics["notifications"].append(("eve", notice("n9", "outage", "restored")))
    assert not kept(judge(topics, [*ledger(), "<n9@forewarn.invalid>"]))[TOLD]


def test_an_alert_far_from_the_allowance_is_none() -> None:
    topics = run()
    topics["usage.alerts"][0][1]["percent"] = 50.0
    assert not kept(judge(topics, ledger()))[NEAR]


def test_an_approval_without_a_hold_before_is_no_release() -> None:
    assert not kept(judge(run() | {"marketing.held": []}, ledger()))[RELEASED]


def test_a_request_that_ended_as_held_was_not_released() -> None:
    topics = run() | {"marketing.approved": [], "marketing.held": [("ann", request("m1", "expired", final=True))]}
    assert not kept(judge(topics, ledger()))[RELEASED]


def test_a_mail_taken_twice_is_said() -> None:
    figures = dict(judge(run(), [*ledger(), ledger()[0]]).figures)
    assert figures["e-mails"] == "6 taken by the mail server, 1 of them twice"


def test_nothing_at_all_is_judged_too() -> None:
    verdict = judge({topic: [] for topic in run()}, [])
    assert kept(verdict) == [False] * 4


def test_rows_are_decoded_and_tombstones_and_dead_letters_are_not() -> None:
    assert decode("decisions", [(b"ann", b'{"a":1}'), (b"ann", None)]) == [("ann", {"a": 1})]
    assert decode("dead.letters", [(b"\xff", b"{broken")]) == [("�", None)]


def test_the_summary_is_readable_without_colours() -> None:
    out = io.StringIO()
    show(judge(run(), ledger()), Console(file=out, width=120))
    assert "2 customers of outage o1" in out.getvalue()
    assert "1 were held, 1 released (1 outage)" in out.getvalue()
