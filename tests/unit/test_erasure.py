"""A deleted customer gets nothing more, and leaves nothing behind with deliver."""

from __future__ import annotations

from forewarn.alerts.channels.protocol import Delivered
from forewarn.alerts.delivery import DeliveryPolicy
from forewarn.topics.instants import to_rfc3339
from tests.decide_desk import DecideDesk, profile
from tests.delivering import MINUTE, START, Post, notification

DAY = 24 * 60 * MINUTE


def remains(post: Post) -> list[bytes]:
    """Keys of the table in which Ada, or a message to her, still is, beside that she was deleted."""
    marks = (b"e/", b"t/")
    return [key for key, value in post.core.table.items() if b"ada" in key + value and not key.startswith(marks)]


def test_what_waits_for_a_deleted_customer_is_not_sent() -> None:
    post = Post()
    post.control("*", paused=True)
    post.push(notification("n1"), notification("n2", incident="o2", channel="sms", to="+491511"))
    post.push(notification("n3", to="bob@example.com"), customer="bob")
    post.delete()
    post.control("*", paused=False)
    post.wait(MINUTE)
    assert post.sent == {"n3": 1}
    assert post.rows("n1") == post.rows("n2") == ["failed"]
    assert post.log[0]["error"] == "customer deleted"
    assert not remains(post)


def test_what_is_under_way_is_listed_as_ambiguous_and_its_answer_changes_nothing() -> None:
    post = Post(DeliveryPolicy(in_flight=1))
    post.push(notification("n1"))
    post.delete()
    post.hear(Delivered())
    assert post.rows("n1") == ["attempt", "ambiguous"]
    assert not remains(post)
    post.push(notification("n2"), customer="bob")  # the room that it took is free again
    assert post.sent["n2"] == 1


def test_a_message_that_the_word_of_the_deletion_has_overtaken_is_not_sent_also_after_a_crash() -> None:
    """
    decided n1 ── deleted ── n1 arrives ── crash ── n1 again ── decided n2, for whom came back
    """
    post = Post()
    post.delete()
    post.push(notification("n1"))
    post.crash()
    post.push(notification("n1"))
    assert post.rows("n1") == ["failed", "failed"]
    post.wait(MINUTE)
    post.push(notification("n2", time=to_rfc3339(START + MINUTE)))
    assert post.sent == {"n2": 1}


def test_a_deletion_that_comes_late_leaves_what_was_decided_for_whom_came_back() -> None:
    post = Post()
    post.control("*", paused=True)
    post.push(notification("n1", time=to_rfc3339(START + MINUTE)))
    post.delete()
    post.control("*", paused=False)
    assert post.sent == {"n1": 1}


def test_the_deletion_itself_is_forgotten_when_nothing_older_can_arrive() -> None:
    post = Post()
    post.delete()
    post.delete()
    post.wait(2 * DAY)
    assert post.core.table
    post.wait(2 * DAY)
    assert not post.core.table


def test_decide_says_so_once_to_the_customers_partition_and_once_to_that_of_the_number() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", contacts={"phone": "+4915112345678"}))
    desk.push("customers.profiles", "ada", None)
    told = desk.out("delivery.inbound")
    assert [row.value["customer"] for row in told] == ["ada", "ada"]
    assert told[0].key == "ada"
    assert told[1].key != "ada"
    assert not [key for key in desk.core.table if b"ada" in key]
