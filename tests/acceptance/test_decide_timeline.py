"""Timelines of one customer partition: from impact and usage to notifications, decisions and marketing answers."""

from __future__ import annotations

from tests.decide_desk import START, DecideDesk, agreed, impact, marketing, profile

HOUR = 3600.0
DAY = 24 * HOUR


def test_a_customer_hears_of_an_outage_after_the_group_wait_and_of_its_end_at_once() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.at(10).push("outages.impact", "o1/0", impact("o1", 1, "suspected", ["onu-1"]))
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "confirmed", elements_revision=1, confirmed=START))
    desk.at(129)
    assert desk.stages("ada") == []
    desk.at(131)
    assert desk.stages("ada") == ["confirmed"]
    desk.log("ada", "sent")
    desk.at(500).push(
        "outages.impact", "o1/0", impact("o1", 3, "restored", elements_revision=1, restored=START + 499_000)
    )
    assert desk.stages("ada") == ["confirmed", "restored"]
    assert desk.decisions("ada") == [("confirmed", "sent", "passed"), ("restored", "sent", "passed")]
    sent = desk.out("notifications", "ada")[0].value
    assert (sent["channel"], sent["to"], sent["locale"], sent["incident"]) == ("email", "ada@example.com", "en", "o1")
    row = desk.out("decisions", "ada")[0].value
    assert row["subject_id"] == sent["notification_id"]
    assert row["evidence"]["outage_revision"] == 2
    assert len(row["policy"]) == 12


def test_an_outage_that_ends_within_the_group_wait_is_told_to_nobody() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.at(10).push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(30).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    desk.at(HOUR)
    assert desk.stages("ada") == []


def test_affected_customers_are_counted_at_once() -> None:
    desk = DecideDesk()
    desk.push("customers.profiles", "ada", profile("onu-1", segment="vulnerable"))
    desk.push("customers.profiles", "bob", profile("onu-2"))
    desk.push("customers.profiles", "eve", profile("onu-3"))
    desk.at(10).push("outages.impact", "o1/0", impact("o1", 1, "suspected", ["onu-1", "onu-2"]))
    (row,) = desk.out("outages.affected")
    assert (row.at, row.value["customers"], row.value["vulnerable"], row.value["revision"]) == (10, 2, 1, 1)
    assert desk.outputs[-1].partitions == (0,)


def test_marketing_is_held_in_an_outage_and_for_a_day_after_it() -> None:
    desk = (
        DecideDesk().push("customers.profiles", "ada", profile("onu-1")).push("customers.preferences", "ada", agreed())
    )
    desk.at(10).push("marketing.requests", "ada", marketing("m0", 10))
    desk.at(20).push("outages.impact", "o1/0", impact("o1", 1, "suspected", ["onu-1"]))
    desk.at(30).push("marketing.requests", "ada", marketing("m1", 30))
    desk.at(110).push("outages.impact", "o1/0", impact("o1", 2, "confirmed", elements_revision=1, confirmed=START))
    restored = START + int(HOUR * 1000)
    desk.at(HOUR).push("outages.impact", "o1/0", impact("o1", 3, "restored", elements_revision=1, restored=restored))
    desk.at(DAY + HOUR - 1)
    assert [row.value["request_id"] for row in desk.out("marketing.approved")] == ["m0"]
    held = desk.out("marketing.held", "ada")
    assert held[0].value["reason"] == "outage"
    assert held[-1].value["reason"] == "lease"
    assert not any(row.value["final"] for row in held)
    desk.at(DAY + HOUR + 301)
    approved = desk.out("marketing.approved", "ada")[-1]
    assert approved.value["request_id"] == "m1"
    assert approved.value["final"]
    assert "valid_until" in approved.value
    assert approved.at >= DAY + HOUR


def test_whoever_moves_into_an_outage_is_told_and_whoever_moves_away_is_told_it_is_over() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-9"))
    desk.at(10).push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(100).push("customers.profiles", "ada", profile("onu-1"))
    assert desk.stages("ada") == ["confirmed"]
    desk.log("ada", "delivered")
    desk.at(200).push("customers.profiles", "ada", profile("onu-9"))
    desk.at(499)
    assert desk.stages("ada") == ["confirmed"]
    desk.at(501)
    assert desk.stages("ada") == ["confirmed", "restored"]
    desk.at(900).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    assert desk.stages("ada") == ["confirmed", "restored"]


def test_who_moves_back_within_the_hysteresis_is_not_told_it_is_over() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.at(10).push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(100).push("customers.profiles", "ada", profile("onu-9"))
    desk.at(200).push("customers.profiles", "ada", profile("onu-1"))
    desk.at(HOUR)
    assert desk.stages("ada") == ["confirmed"]


def test_a_profile_that_arrives_in_the_group_wait_is_told_with_the_others() -> None:
    desk = DecideDesk().push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(20).push("customers.profiles", "ada", profile("onu-1"))
    assert desk.stages("ada") == []
    desk.at(31)
    assert desk.stages("ada") == ["confirmed"]


def test_an_element_that_leaves_the_set_is_told_as_restored_after_the_hysteresis() -> None:
    desk = DecideDesk()
    desk.push("customers.profiles", "ada", profile("onu-1")).push("customers.profiles", "bob", profile("onu-2"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1", "onu-2"]))
    later = START + 100_000
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "confirmed", ["onu-2"], time=later))
    desk.at(399)
    assert desk.stages("ada") == ["confirmed"]
    desk.at(401)
    assert desk.stages("ada") == ["confirmed", "restored"]
    assert desk.stages("bob") == ["confirmed"]
    desk.at(500).push("outages.impact", "o1/0", impact("o1", 3, "restored", elements_revision=2))
    assert desk.stages("ada") == ["confirmed", "restored"]
    assert desk.stages("bob") == ["confirmed", "restored"]


def test_who_was_told_of_an_outage_is_told_of_the_end_of_the_one_it_was_merged_into() -> None:
    desk = (
        DecideDesk()
        .push("customers.profiles", "ada", profile("onu-1"))
        .push("customers.profiles", "bob", profile("onu-2"))
    )
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "merged", elements_revision=1, merged_into="o2"))
    desk.push("outages.impact", "o2/0", impact("o2", 1, "confirmed", ["onu-1", "onu-2"]))
    desk.at(200)
    assert (desk.stages("ada"), desk.stages("bob")) == (["confirmed"], ["confirmed"])
    desk.log("ada", "sent")
    desk.push("outages.impact", "o2/0", impact("o2", 2, "restored", elements_revision=1))
    assert [(row.value["stage"], row.value["incident"]) for row in desk.out("notifications", "ada")] == [
        ("confirmed", "o1"),
        ("restored", "o2"),
    ]
    assert desk.stages("bob") == ["confirmed", "restored"]


def test_who_was_told_of_the_parent_hears_nothing_of_its_child() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60).push("outages.impact", "o2/0", impact("o2", 1, "confirmed", ["onu-1"], parent="o1"))
    desk.at(120)
    assert desk.decisions("ada") == [("confirmed", "sent", "passed"), ("confirmed", "dropped", "parent_told")]


def test_a_message_that_could_not_be_delivered_is_tried_on_the_next_channel_and_the_pair_follows_it() -> None:
    both = {"email": "ada@example.com", "phone": "+4915112345678"}
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", contacts=both))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60).log("ada", "failed")
    assert [row.value["channel"] for row in desk.out("notifications", "ada")] == ["sms", "email"]
    desk.log("ada", "sent")
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    assert [row.value["channel"] for row in desk.out("notifications", "ada")] == ["sms", "email", "email"]


def test_the_end_follows_a_second_attempt_on_another_channel_that_is_still_under_way() -> None:
    both = {"email": "ada@example.com", "phone": "+4915112345678"}
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", contacts=both))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60).log("ada", "failed")
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    assert desk.stages("ada") == ["confirmed", "confirmed", "restored"]


def test_who_could_not_be_told_of_the_outage_is_not_told_of_its_end() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60).log("ada", "bounced")
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    assert desk.stages("ada") == ["confirmed"]
    assert desk.decisions("ada")[1:] == [("confirmed", "dropped", "no_contact"), ("restored", "dropped", "not_told")]


def test_a_late_receipt_that_the_outage_was_told_after_all_brings_the_restored() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60).log("ada", "failed")
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    sent = desk.out("notifications", "ada")[0].value
    receipt = {
        "notification_id": sent["notification_id"],
        "time": START + 110_000,
        "channel": "email",
        "status": "delivered",
    }
    desk.at(120).push("delivery.receipts", "ada", receipt)
    assert desk.stages("ada") == ["confirmed", "restored"]


def test_opting_out_in_an_outage_does_not_break_the_pair_but_a_stop_does() -> None:
    desk = DecideDesk()
    desk.push("customers.profiles", "ada", profile("onu-1")).push("customers.profiles", "bob", profile("onu-1"))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    off = {"time": START + 60_000, "source": "page", "alerts": [{"kind": "outage", "channels": [], "enabled": False}]}
    desk.at(60).push("customers.preferences", "ada", off)
    desk.push("customers.preferences", "bob", agreed(60, granted=False, purpose="*", channel="*"))
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    assert desk.stages("ada") == ["confirmed", "restored"]
    assert desk.stages("bob") == ["confirmed"]
    assert desk.decisions("bob")[-1] == ("restored", "dropped", "opted_out")


def test_who_opts_in_during_an_outage_is_told_of_it_and_of_its_end() -> None:
    off = {"alerts": [{"kind": "outage", "channels": ["email"], "enabled": False}]}
    on = {"alerts": [{"kind": "outage", "channels": ["email"]}]}
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1")).push("customers.subscriptions", "ada", off)
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60).push("customers.subscriptions", "ada", on)
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    assert desk.decisions("ada") == [
        ("confirmed", "dropped", "opted_out"),
        ("confirmed", "sent", "passed"),
        ("restored", "sent", "passed"),
    ]


def test_a_false_alarm_that_was_told_is_taken_back_and_leaves_no_lease() -> None:
    desk = (
        DecideDesk().push("customers.profiles", "ada", profile("onu-1")).push("customers.preferences", "ada", agreed())
    )
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(60).push("marketing.requests", "ada", marketing("m1", 60))
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "dismissed", elements_revision=1))
    assert desk.stages("ada") == ["confirmed", "restored"]
    desk.at(500)
    assert [row.value["request_id"] for row in desk.out("marketing.approved")] == ["m1"]


def test_a_relapse_holds_marketing_again_and_its_lease_counts_from_its_own_end() -> None:
    desk = (
        DecideDesk().push("customers.profiles", "ada", profile("onu-1")).push("customers.preferences", "ada", agreed())
    )
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(600).push(
        "outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1, restored=START + 600_000)
    )
    desk.at(900).push("outages.impact", "o1/0", impact("o1", 3, "confirmed", elements_revision=1))
    desk.push("marketing.requests", "ada", marketing("m1", 900))
    assert desk.out("marketing.held")[0].value["reason"] == "outage"
    end = START + int(HOUR * 1000)
    desk.at(HOUR).push("outages.impact", "o1/0", impact("o1", 4, "restored", elements_revision=1, restored=end))
    desk.at(DAY + HOUR - 1)
    assert desk.out("marketing.approved") == []
    desk.at(DAY + HOUR + 301)
    assert [row.value["request_id"] for row in desk.out("marketing.approved")] == ["m1"]
    assert not any(key.startswith((b"o/", b"f/")) for key in desk.core.table)
    desk.at(9 * DAY)  # the question how satisfied they were is over, too
    assert not any(key.startswith((b"n/", b"j/")) for key in desk.core.table)


def test_an_estimate_is_told_in_the_customers_own_time() -> None:
    etr = {
        "earliest": "2026-11-22T13:00:00Z",
        "likely": "2026-11-22T14:00:00Z",
        "latest": "2026-11-22T15:30:00Z",
        "source": "field",
        "issued": "2026-11-22T12:00:00Z",
    }
    desk = DecideDesk().push(
        "customers.profiles", "ada", profile("onu-1", time_zone="America/New_York", locale="en-US")
    )
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"], etr=etr)).at(60)
    assert "10:30" in desk.out("notifications", "ada")[0].value["text"]
