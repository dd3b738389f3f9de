"""Which notices of an incident make which others pointless, as deliver plays it out."""

from __future__ import annotations

from typing import Any

from forewarn.alerts.channels.protocol import Delivered, Rejected, Retry
from tests.delivering import MINUTE, Post, notification


def test_restored_that_finds_confirmed_unsent_ends_both_as_superseded() -> None:
    post = Post()
    post.control("*", paused=True)
    post.push(notification("c"))
    post.push(notification("r", stage="restored"))
    post.control("*", paused=False)
    assert (post.rows("c"), post.rows("r")) == (["superseded"], ["superseded"])
    assert not post.sends


def test_restored_follows_a_confirmed_that_was_sent() -> None:
    post = Post()
    post.push(notification("c"))
    post.hear(Delivered())
    post.push(notification("r", stage="restored"))
    assert post.sent == {"c": 1, "r": 1}


def test_restored_waits_for_the_answer_of_a_confirmed_under_way() -> None:
    post = Post()
    post.push(notification("c"))
    post.push(notification("r", stage="restored"))
    assert post.sent == {"c": 1}
    post.hear(Delivered())
    assert post.sent == {"c": 1, "r": 1}


def test_a_confirmed_under_way_that_then_fails_for_now_ends_with_its_restored() -> None:
    post = Post()
    post.push(notification("c"))
    post.push(notification("r", stage="restored"))
    post.hear(Retry("rcpt: 450"))
    post.wait(30 * MINUTE)
    assert (post.rows("c"), post.rows("r")) == (["attempt", "failed", "superseded"], ["superseded"])


def test_restored_is_sent_when_confirmed_may_have_been() -> None:
    post = Post()
    post.push(notification("c"))
    post.crash()
    post.wait(0)
    post.push(notification("r", stage="restored"))
    assert post.rows("c") == ["attempt", "ambiguous"]
    assert post.sent == {"c": 1, "r": 1}
    post.hear(Delivered())
    post.wait(10 * MINUTE)
    assert post.sent["c"] == 1


def test_restored_whose_confirmed_is_not_known_here_is_sent() -> None:
    post = Post()
    post.push(notification("r", stage="restored"))
    assert post.sent == {"r": 1}


def test_restored_is_sent_when_confirmed_reached_the_customer_by_another_channel() -> None:
    post = Post()
    post.push(notification("c1"))
    post.hear(Rejected("rcpt: 550"))
    post.push(notification("c2", channel="sms", to="+4915112345678"))
    post.hear(Delivered())
    post.push(notification("r", stage="restored"))
    assert post.sent["r"] == 1


def test_an_unsent_estimate_gives_way_to_a_newer_one() -> None:
    post = Post()
    post.push(notification("c"))
    post.hear(Delivered())
    post.control("outage", paused=True)
    post.push(notification("e1", stage="estimated"), notification("e2", **{"stage": "re_estimated", "class": "2"}))
    post.control("outage", paused=False)
    assert (post.rows("e1"), post.sent["e2"]) == (["superseded"], 1)


def test_incidents_and_customers_do_not_supersede_each_other() -> None:
    post = Post()
    post.control("*", paused=True)
    post.push(notification("c1"), customer="ada")
    post.push(notification("r2", stage="restored", incident="outage-2"), customer="ada")
    post.push(notification("r3", stage="restored"), customer="bob")
    post.control("*", paused=False)
    assert post.sent == {"c1": 1, "r2": 1, "r3": 1}


# confirmed  restored │ confirmed  restored     when an outage comes back, it is told anew
#  turn 0             │ reopened-1


def again(class_: str | None = "reopened-1") -> dict[str, str]:
    return {"class": class_} if class_ is not None else {}


def test_an_outage_that_comes_back_is_told_anew() -> None:
    post = Post()
    for name, stage, class_ in (
        ("c", "confirmed", None),
        ("r", "restored", None),
        ("c1", "confirmed", "reopened-1"),
        ("r1", "restored", "reopened-1"),
    ):
        post.push(notification(name, stage=stage, **again(class_)))
        post.hear(Delivered())
    assert post.sent == {"c": 1, "r": 1, "c1": 1, "r1": 1}


def test_restored_that_is_unsent_when_the_outage_comes_back_is_not_sent_any_more() -> None:
    post = Post()
    post.push(notification("c"))
    post.hear(Delivered())
    post.control("*", paused=True)
    post.push(notification("r", stage="restored"))
    post.push(notification("c1", **again()))
    post.control("*", paused=False)
    post.hear(Delivered())
    assert post.rows("r") == ["superseded"]
    assert post.sent == {"c": 1, "c1": 1}


def test_whoever_was_told_the_first_time_hears_of_the_end_though_the_second_time_went_unsaid() -> None:
    post = Post()
    post.push(notification("c"))
    post.hear(Delivered())
    post.control("*", paused=True)
    post.push(notification("r", stage="restored"))
    post.push(notification("c1", **again()))
    post.push(notification("r1", stage="restored", **again()))
    post.control("*", paused=False)
    post.hear(Delivered())
    assert post.sent == {"c": 1, "r1": 1}


def test_a_second_time_that_went_unsaid_as_a_whole_stays_unsaid() -> None:
    post = Post()
    for name, stage in (("c", "confirmed"), ("r", "restored")):
        post.push(notification(name, stage=stage))
        post.hear(Delivered())
    post.control("*", paused=True)
    post.push(notification("c1", **again()))
    post.push(notification("r1", stage="restored", **again()))
    post.control("*", paused=False)
    assert (post.rows("c1"), post.rows("r1")) == (["superseded"], ["superseded"])


def work(name: str, stage: str, class_: str | None = None) -> Any:
    return notification(name, kind="maintenance", incident="m-1", stage=stage, **({"class": class_} if class_ else {}))


def test_work_that_is_called_off_before_its_announcement_was_sent_is_told_to_nobody() -> None:
    post = Post()
    post.control("*", paused=True)
    post.push(work("a", "announced", "24h"))
    post.push(work("c", "cancelled"))
    post.control("*", paused=False)
    assert (post.rows("a"), post.rows("c")) == (["superseded"], ["superseded"])


def test_the_latest_word_on_the_new_window_overtakes_all_that_was_unsent_before() -> None:
    post = Post()
    post.control("*", paused=True)
    post.push(work("a", "announced", "24h"))
    post.push(work("m", "moved", "moved-1"))
    post.push(work("b", "announced", "1h/moved-1"))
    post.control("*", paused=False)
    assert post.rows("a") == ["superseded"]
    assert post.sent == {"b": 1}


def test_work_that_is_taken_up_again_is_announced_though_its_end_was_sent() -> None:
    post = Post()
    post.push(work("a", "announced", "24h"))
    post.hear(Delivered())
    post.push(work("c", "cancelled"))
    post.hear(Delivered())
    post.push(work("b", "announced", "24h/moved-1"))
    assert post.sent == {"a": 1, "c": 1, "b": 1}
