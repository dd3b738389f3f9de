"""Metrics: what a worker commits is what is counted, in the words of the topics."""

from __future__ import annotations

import json
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from forewarn.stream.engine.unit import Unit
from forewarn.stream.metrics import Metrics
from forewarn.stream.observer import Observer
from forewarn.topics.instants import to_rfc3339

NOW = 1_795_000_000_000


class Watched:
    """An observer with a registry of its own, and units to show it."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.observer = Observer(self.metrics, "decide")

    def commits(self, *outputs: tuple[str, Any], records: int = 1, seconds: float = 0.01) -> None:
        unit = Unit({}, {}, NOW)
        for topic, value in outputs:
            unit.emit(topic, b"k", json.dumps(value).encode())
        self.observer.unit(0, unit, records, seconds)

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


def outage(state: str, outage_id: str = "o1", customers: int = 40) -> dict[str, Any]:
    started = to_rfc3339(NOW - 90_000)
    return {"outage_id": outage_id, "state": state, "started": started, "customers": customers}


def test_decisions_are_counted_by_reason() -> None:
    watched = Watched()
    row = {"subject": "notification", "kind": "outage", "stage": "confirmed", "channel": "email"}
    watched.commits(("decisions", {**row, "outcome": "sent", "reason": "ok"}))
    watched.commits(("decisions", {**row, "outcome": "dropped", "reason": "opted_out"}))
    watched.commits(("decisions", {"subject": "marketing", "kind": "marketing", "outcome": "held", "reason": "outage"}))
    assert watched.value("forewarn_decisions_total", subject="notification", outcome="dropped", reason="opted_out") == 1
    sent = {"kind": "outage", "stage": "confirmed", "channel": "email", "outcome": "sent"}
    assert watched.value("forewarn_notifications_total", **sent) == 1


def test_outages_are_gauged_by_state_and_leave_when_closed() -> None:
    watched = Watched()
    watched.commits(("outages", outage("confirmed")), ("outages", outage("suspected", "o2", 2)))
    assert watched.value("forewarn_outages", state="confirmed") == 1
    assert watched.value("forewarn_customers_affected", state="confirmed") == 40
    watched.commits(("outages", outage("restored")))
    assert watched.value("forewarn_outages", state="confirmed") == 0
    assert watched.value("forewarn_customers_affected", state="confirmed") == 0
    watched.commits(("outages", outage("closed")))
    assert watched.value("forewarn_outages", state="restored") == 0
    assert watched.value("forewarn_outages", state="suspected") == 1


def test_outages_of_before_the_start_are_gauged_too() -> None:
    watched = Watched()
    watched.observer.seed_outage(json.dumps(outage("monitoring")).encode())
    watched.observer.seed_outage(None)
    assert watched.value("forewarn_outages", state="monitoring") == 1


def test_detection_time_is_taken_once_from_onset_to_confirmation() -> None:
    watched = Watched()
    for _ in range(2):  # two revisions while confirmed
        watched.commits(("outages.revisions", outage("confirmed")), ("outages", outage("confirmed")))
    labels = {"kind": "outage", "step": "detected"}
    assert watched.value("forewarn_end_to_end_seconds_count", **labels) == 1
    assert watched.value("forewarn_end_to_end_seconds_sum", **labels) == 90


def test_dead_letters_carry_topic_and_reason() -> None:
    watched = Watched()
    unit = Unit({}, {}, NOW)
    unit.emit("dead.letters", b"k", b"{", headers=[("dlq.topic", b"usage.records"), ("dlq.reason", b"not_json")])
    watched.observer.unit(0, unit, 1, 0.0)
    assert watched.value("forewarn_dead_letters_total", topic="usage.records", reason="not_json") == 1
    assert watched.value("forewarn_events_total", topic="usage.records", outcome="dead_lettered") == 1


def test_deliveries_and_retries_are_counted() -> None:
    watched = Watched()
    for attempt, outcome in ((1, "attempt"), (1, "failed"), (2, "attempt"), (2, "sent")):
        watched.commits(("notifications.log", {"channel": "email", "outcome": outcome, "attempt": attempt}))
    assert watched.value("forewarn_deliveries_total", channel="email", outcome="attempt") == 2
    assert watched.value("forewarn_delivery_retries_total", channel="email") == 1


def test_watermark_lag_is_told_by_progress_and_goes_with_the_partition() -> None:
    watched = Watched()
    watched.commits(("outages.signals", {"kind": "progress", "event_time": NOW - 61_000}))
    assert watched.value("forewarn_watermark_lag_seconds", partition="0") == 61
    watched.observer.ready(None)
    assert watched.value("forewarn_watermark_lag_seconds", partition="0") is None
    assert watched.value("forewarn_ready") == 0


def test_an_output_of_another_shape_stops_nothing() -> None:
    watched = Watched()
    shapes: list[Any] = [None, 3, [], {"state": 7}, {"time": "yesterday", "kind": "threshold"}]
    for topic in (
        "decisions",
        "outages",
        "outages.revisions",
        "usage.alerts",
        "marketing.held",
        "notifications.log",
        "progress",
    ):
        watched.commits(*((topic, shape) for shape in shapes))
    assert watched.value("forewarn_records_total") == 7


def test_every_metric_has_the_prefix_a_base_unit_and_no_customer_in_its_labels() -> None:
    metrics = Metrics()
    metrics.expose_process()
    for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
        assert family.documentation
        if not family.name.startswith(("process_", "python_")):
            assert family.name.startswith("forewarn_")
        assert not family.name.endswith(("_ms", "_kb", "_minutes"))
        for sample in family.samples:
            assert not {"customer", "to", "email", "phone", "line"} & set(sample.labels)


def measured(state: str, **measures: float) -> dict[str, Any]:
    return {**outage(state), "measures": measures}


def test_each_measure_of_an_outage_is_observed_once() -> None:
    watched = Watched()
    watched.commits(("outages", measured("suspected", time_to_suspect_s=180.0)))
    watched.commits(("outages", measured("confirmed", time_to_suspect_s=180.0, time_to_confirm_s=270.0)))
    over = {"time_to_suspect_s": 180.0, "time_to_confirm_s": 270.0, "time_to_restore_s": 3600.0, "etr_error_s": -600.0}
    watched.commits(("outages", measured("restored", **over)), ("outages", measured("closed", **over)))
    for step, seconds in (("suspect", 180), ("confirm", 270), ("restore", 3600)):
        assert watched.value("forewarn_outage_delay_seconds_count", step=step) == 1
        assert watched.value("forewarn_outage_delay_seconds_sum", step=step) == seconds
    assert watched.value("forewarn_etr_error_seconds_sum", side="early") == 600
    assert watched.value("forewarn_outage_customers_sum") == 40


def test_measures_of_outages_of_before_the_start_are_not_observed_again() -> None:
    watched = Watched()
    unit = Unit({}, {}, NOW)
    unit.note("outage", "o1", json.dumps(measured("confirmed", time_to_confirm_s=270.0)))
    watched.observer.unit(0, unit, 0, 0.0)
    watched.commits(("outages", measured("monitoring", time_to_confirm_s=270.0)))
    assert watched.value("forewarn_outages", state="monitoring") == 1
    assert watched.value("forewarn_outage_delay_seconds_count", step="confirm") is None


def test_what_is_unknown_is_logged_and_what_must_be_looked_at_is_gauged(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched()
    unknown = {**outage("unknown"), "region": "north", "comment": "not heard: collector c-2"}
    for row in (unknown, unknown, {**unknown, "page": True}, {**unknown, "page": True}):
        watched.commits(("outages", row))
    assert [record.message for record in caplog.records] == ["outage.unknown", "outage.page"]
    assert watched.value("forewarn_outages_paged") == 1
    watched.commits(("outages", outage("dismissed")))
    assert watched.value("forewarn_outages_paged") == 0


def test_the_state_of_a_circuit_is_the_one_that_was_noted_last() -> None:
    watched = Watched()
    for state in ("closed", "open"):
        unit = Unit({}, {}, NOW)
        unit.note("circuit", "email", state)
        watched.observer.unit(0, unit, 0, 0.0)
    assert watched.value("forewarn_circuit_state", channel="email", state="open") == 1
    assert watched.value("forewarn_circuit_state", channel="email", state="closed") == 0


def test_outages_leave_the_gauges_with_their_partition() -> None:
    watched = Watched()
    watched.commits(("outages", outage("confirmed")))
    watched.observer.ready(None)
    assert watched.value("forewarn_outages", state="confirmed") == 0


def test_a_promise_that_passed_is_gauged_until_there_is_a_new_one_or_an_end() -> None:
    watched = Watched()
    past, ahead = ({"latest": to_rfc3339(NOW + seconds * 1000)} for seconds in (-1, 600))
    watched.commits(("outages", outage("confirmed") | {"etr": past}), ("outages", outage("confirmed", "o2")))
    assert watched.value("forewarn_outages_overdue") == 1
    watched.commits(("outages", outage("confirmed") | {"etr": ahead}))
    assert watched.value("forewarn_outages_overdue") == 0
    watched.commits(("outages", outage("confirmed") | {"etr": past}), ("outages", outage("restored") | {"etr": past}))
    assert watched.value("forewarn_outages_overdue") == 0
    watched.commits(("outages", outage("confirmed") | {"etr": past}))
    watched.observer.ready(None)
    assert watched.value("forewarn_outages_overdue") == 0


def test_planned_work_is_gauged_while_it_is_late() -> None:
    watched = Watched()
    for name, word, late in (("m-1", "late", 1), ("m-2", "late", 2), ("m-1", "", 1), ("m-3", "", 1)):
        unit = Unit({}, {}, NOW)
        unit.note("work", name, word)
        watched.observer.unit(0, unit, 0, 0.01)
        assert watched.value("forewarn_works_late") == late


def test_obligations_are_counted_by_pack_and_state() -> None:
    watched = Watched()
    watched.commits(*(("obligations", {"pack": "us-tcpa", "state": state}) for state in ("due", "due", "overdue")))
    assert watched.value("forewarn_obligations_total", pack="us-tcpa", state="due") == 2
    assert watched.value("forewarn_obligations_total", pack="us-tcpa", state="overdue") == 1


def test_scores_are_counted_by_what_they_are_about_and_by_nothing_of_the_customer() -> None:
    watched = Watched()
    row = {"subject": "notification", "kind": "survey", "stage": "asked", "outcome": "answered", "reason": "scored"}
    for evidence in (
        {"score": 9, "about": "outage"},
        {"score": 9, "about": "outage"},
        {"score": 2, "about": "my name"},
    ):
        watched.commits(("customers.answers", {**row, "evidence": evidence}))
    watched.commits(("decisions", {**row, "evidence": {"about": "outage"}}))
    assert watched.value("forewarn_survey_scores_total", about="outage", score="9") == 2
    assert watched.value("forewarn_survey_scores_total", about="other", score="2") == 1
