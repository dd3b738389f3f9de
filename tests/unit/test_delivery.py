"""What becomes of a notification: attempted, sent, failed, tried again, expired, superseded, ambiguous."""

from __future__ import annotations

import pytest

from forewarn.alerts.channels.protocol import Ambiguous, Delivered, Rejected, Retry
from forewarn.alerts.delivery import DeliveryPolicy
from forewarn.alerts.parcels import BODY, PARCEL
from forewarn.topics.instants import to_rfc3339
from tests.delivering import MINUTE, SECOND, START, Post, notification


def keys(post: Post, prefix: bytes) -> list[bytes]:
    return [key for key in post.core.table if key.startswith(prefix)]


def test_a_notification_is_attempted_in_the_unit_that_takes_it_in_and_its_outcome_written_down() -> None:
    post = Post()
    post.push(notification("n1"))
    assert post.rows("n1") == ["attempt"]
    post.hear(Delivered("4F2A"))
    assert post.log[-1] == {
        "notification_id": "n1",
        "time": to_rfc3339(START),
        "channel": "email",
        "outcome": "sent",
        "attempt": 1,
        "provider_id": "4F2A",
    }


def test_the_log_goes_to_the_customers_own_partition_under_the_customers_key() -> None:
    post = Post()
    post.push(notification("n1"), customer="ada")
    assert {(o.key, o.partitions) for o in post.outputs} == {(b"ada", (0,))}


def test_the_message_handed_over_is_the_notification() -> None:
    post = Post()
    post.push(notification("n1", html=None))
    message = post.sends[0].message
    assert (message.to, message.subject, message.text, message.html) == (
        "ada@example.com",
        "Service outage",
        "There is an outage.",
        None,
    )
    assert (message.time, message.valid_until) == (START, START + 60 * MINUTE)


def test_a_confirmed_delivery_is_logged_as_sent_and_delivered() -> None:
    post = Post()
    post.push(notification("n1"))
    post.hear(Delivered(confirmed=True))
    assert post.rows("n1") == ["attempt", "sent", "delivered"]


def test_an_output_produced_again_is_not_sent_again_while_it_is_valid() -> None:
    post = Post()
    post.push(notification("n1"))
    post.push(notification("n1"))
    post.hear(Delivered())
    post.crash()
    post.push(notification("n1"))
    assert post.sent["n1"] == 1


def test_an_id_is_forgotten_only_after_its_validity_and_the_memory_beyond() -> None:
    post = Post(DeliveryPolicy(memory_s=600))
    post.push(notification("n1"))
    post.hear(Delivered())
    post.wait(69 * MINUTE)
    assert keys(post, PARCEL)
    post.wait(2 * MINUTE)
    assert not post.core.table


def test_words_shared_by_many_customers_are_stored_once_and_removed_with_the_last_of_them() -> None:
    post = Post(DeliveryPolicy(in_flight=1))
    post.push(*[notification(f"n{i}", incident=f"o{i}") for i in range(3)])
    assert len(keys(post, BODY)) == 1
    for _ in range(3):
        assert len(keys(post, BODY)) == 1
        post.hear(Delivered())
    assert not keys(post, BODY)


def test_what_has_ended_holds_no_address() -> None:
    post = Post()
    post.push(notification("n1"))
    post.hear(Delivered())
    assert b"ada@example.com" not in b"".join(post.core.table.values())


def test_a_permanent_refusal_ends_as_failed_with_its_reason() -> None:
    post = Post()
    post.push(notification("n1"))
    post.hear(Rejected("rcpt: 550 5.1.1"))
    post.wait(59 * MINUTE)
    assert post.rows("n1") == ["attempt", "failed"]
    assert post.log[-1]["error"] == "rcpt: 550 5.1.1"
    assert "retry_at" not in post.log[-1]


def test_a_temporary_refusal_is_tried_again_at_the_time_the_log_says() -> None:
    post = Post()
    post.push(notification("n1"))
    post.hear(Retry("rcpt: 450", after_s=120))
    assert post.log[-1]["retry_at"] == to_rfc3339(START + 120 * SECOND)
    post.wait(119 * SECOND)
    assert post.rows("n1") == ["attempt", "failed"]
    post.wait(1 * SECOND)
    post.hear(Delivered())
    assert post.rows("n1") == ["attempt", "failed", "attempt", "sent"]
    assert post.log[-1]["attempt"] == 2


def test_what_is_refused_until_its_time_is_over_expires_with_the_last_error() -> None:
    post = Post()
    post.push(notification("n1"))
    for _ in range(200):
        post.wait(30 * SECOND)
        if post.rows("n1")[-1] == "expired":
            break
        if post.rows("n1")[-1] == "attempt":
            post.hear(Retry("rcpt: 450"))
    assert post.log[-1]["outcome"] == "expired"
    assert post.log[-1]["error"] == "rcpt: 450"
    assert not keys(post, BODY)


def test_a_notification_that_arrives_too_late_is_never_attempted() -> None:
    post = Post()
    post.push(notification("n1", valid_until=to_rfc3339(START)))
    assert post.rows("n1") == ["expired"]
    assert not post.sends


def test_an_instant_that_is_none_is_dead_lettered_and_its_neighbours_are_sent() -> None:
    post = Post()
    post.push(notification("n1", valid_until="soon"), notification("n2", incident="o2"))
    letters = [o for o in post.outputs if o.topic == "dead.letters"]
    assert [dict(o.headers)["dlq.path"] for o in letters] == [b"$.valid_until"]
    assert post.sent == {"n2": 1}


# -- ambiguity ----------------------------------------------------------------------------------------------------


def test_an_attempt_without_an_answer_is_listed_after_a_crash_and_repeated_after_one_send_time_out() -> None:
    """
    attempt   crash, recovered          send time-out over
       │          │  ambiguous               │ attempt 2
    ───┴──────────┴──────────────────────────┴───────────> t
    """
    post = Post(DeliveryPolicy(send_timeout_s=30))
    post.push(notification("n1"))
    post.crash()
    post.wait(0)
    assert post.rows("n1") == ["attempt", "ambiguous"]
    post.wait(29 * SECOND)
    assert post.sent["n1"] == 1
    post.wait(1 * SECOND)
    assert post.sent["n1"] == 2
    post.hear(Delivered())
    assert post.rows("n1") == ["attempt", "ambiguous", "attempt", "sent"]


def test_an_ambiguous_offer_is_never_sent_again() -> None:
    post = Post()
    post.push(notification("n1", kind="offer", stage="made"))
    post.crash()
    post.wait(10 * MINUTE)
    assert post.rows("n1") == ["attempt", "ambiguous"]


def test_a_connection_lost_after_the_hand_over_is_listed_and_repeated() -> None:
    post = Post()
    post.push(notification("n1"))
    post.hear(Ambiguous("body: disconnected"))
    post.wait(30 * SECOND)
    assert post.rows("n1") == ["attempt", "ambiguous", "attempt"]


def test_an_answer_that_comes_after_the_attempt_was_given_up_changes_nothing() -> None:
    post = Post()
    post.push(notification("n1"))
    late = post.sends[0]
    post.crash()
    post.wait(0)
    post.hear(Delivered(), late)
    assert post.rows("n1") == ["attempt", "ambiguous"]


def test_an_ambiguous_message_that_is_not_repeated_in_time_keeps_ambiguous_as_its_outcome() -> None:
    post = Post()
    post.push(notification("n1", valid_until=to_rfc3339(START + 10 * SECOND)))
    post.hear(Ambiguous("body: timeout"))
    post.wait(5 * MINUTE)
    assert post.rows("n1") == ["attempt", "ambiguous"]


# -- pause, room, circuit -----------------------------------------------------------------------------------------


def test_a_paused_kind_waits_and_others_go_on_also_after_a_crash() -> None:
    post = Post()
    post.control("outage", paused=True)
    post.push(notification("n1"), notification("n2", kind="usage", stage="threshold", incident="data/2026-11-01"))
    assert post.sent == {"n2": 1}
    post.crash()
    post.wait(1 * MINUTE)
    assert post.sent["n1"] == 0
    post.control("outage", paused=False)
    assert post.sent["n1"] == 1


def test_no_more_than_the_room_of_a_channel_is_under_way_and_every_answer_makes_place() -> None:
    post = Post(DeliveryPolicy(in_flight=2))
    post.push(*[notification(f"n{i}", incident=f"o{i}") for i in range(5)])
    assert len(post.sends) == 2
    post.hear(Delivered(), post.sends[0])
    assert len(post.sends) == 3


def test_critical_messages_go_first() -> None:
    post = Post(DeliveryPolicy(in_flight=1))
    post.push(*[notification(f"n{i}", incident=f"o{i}", critical=i == 3) for i in range(5)])
    post.hear(Delivered())
    assert [send.message.notification_id for send in post.sends] == ["n3", "n0"]


def test_a_dead_provider_is_left_alone_but_for_one_probe_and_holds_up_no_other_channel() -> None:
    post = Post(DeliveryPolicy(circuit_failures=3, circuit_cooldown_s=5, backoff_base_s=1, in_flight=4))
    post.push(*[notification(f"n{i}", incident=f"o{i}") for i in range(20)])
    for send in list(post.sends[:4]):
        post.hear(Retry("connect: unreachable", provider=True), send)
    assert len(post.sends) == 6  # one followed each trouble until the third opened the circuit
    for send in list(post.sends[4:]):
        post.hear(Retry("connect: unreachable", provider=True), send)
    post.wait(1 * SECOND)
    assert len(post.sends) == 6
    post.push(notification("s", channel="sms", incident="o99"))
    assert post.sent["s"] == 1
    post.wait(5 * SECOND)
    assert len(post.sends) == 8  # the probe
    post.hear(Delivered())
    assert len(post.sends) == 12  # trusted again: full room


def test_a_rate_is_shared_by_the_partitions_and_kept() -> None:
    post = Post(DeliveryPolicy(rates={"email": 4}, in_flight=100), partitions=2)
    post.push(*[notification(f"n{i}", incident=f"o{i}") for i in range(20)])
    assert len(post.sends) == 2
    for _ in range(3):
        post.wait(1 * SECOND)
    assert len(post.sends) == 8


def test_attempts_of_a_channel_are_committed_in_groups() -> None:
    post = Post(DeliveryPolicy(in_flight=1000, group=10))
    post.push(*[notification(f"n{i}", incident=f"o{i}") for i in range(25)])
    assert post.groups == [10, 10, 5]


def test_a_value_of_a_newer_release_is_not_read() -> None:
    post = Post()
    post.core.table[b"n/x"] = b"\x02whatever"
    with pytest.raises(ValueError, match="schema 2"):
        post.crash()


@pytest.mark.parametrize("bad", [True, False])
def test_the_log_says_when_it_is_the_address_that_does_not_work(bad: bool) -> None:
    post = Post()
    post.push(notification("n1"))
    post.hear(Rejected("rcpt: 550", bad_contact=bad))
    assert post.log[-1]["outcome"] == "failed"
    assert post.log[-1].get("bad_contact", False) is bad


def test_one_customers_endpoint_in_trouble_opens_no_circuit_for_all() -> None:
    post = Post(DeliveryPolicy(circuit_failures=2))
    for number in range(6):
        post.push(notification(f"n{number}", channel="webhook", incident=f"o{number}"), customer=f"c{number}")
    for send in list(post.sends):
        post.hear(Ambiguous("reply: timeout", provider=False), send)
    post.push(notification("n9", channel="webhook", incident="o9"), customer="c9")
    assert post.sent["n9"] == 1
