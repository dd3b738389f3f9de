"""The bench's own arithmetic: inputs, oracle and figures, without Kafka."""

from __future__ import annotations

import json
import time
from collections import Counter
from itertools import islice

import pytest

from tests.bench.heartbeat_input import DEVICES, ELEMENTS, ROUNDS, HeartbeatInput
from tests.bench.measure import Sample, quantile, slope, summarise
from tests.bench.state_size import name_of
from tests.bench.tables import ratios
from tests.bench.usage_input import ALLOWANCE, VALUE_BYTES, UsageInput


def test_a_usage_record_is_235_bytes_of_json_for_its_own_key() -> None:
    for _, key, value, _ in islice(UsageInput(2_000, customers=50).keyed(4), 2_000):
        assert len(value) == VALUE_BYTES
        assert json.loads(value)["customer"] == key.decode()


def test_a_smaller_usage_input_is_a_prefix_of_a_larger_one() -> None:
    small, large = UsageInput(500, customers=50), UsageInput(2_000, customers=50)
    drawn = [[(key, json.loads(value)["amount"]) for _, key, value, _ in source.keyed(4)] for source in (small, large)]
    assert drawn[0] == drawn[1][:500]


def test_the_oracle_sends_each_level_once_and_only_the_highest_that_a_record_reaches() -> None:
    source = UsageInput(3_000, customers=20, big=8)
    alerts = source.expected()
    assert max(alerts.values()) == 1
    assert max(Counter((customer, percent) for customer, percent, _ in alerts).values()) == 1
    assert all(used * 100 >= percent * ALLOWANCE for _, percent, used in alerts)


def test_all_beats_of_healthy_elements_are_there_and_sick_ones_stop() -> None:
    source = HeartbeatInput(9)
    beats = Counter(json.loads(value)["parent"] for _, _, value, _ in source.keyed(4))
    assert len(beats) == 9 * ELEMENTS
    assert {element for element, count in beats.items() if count < ROUNDS * DEVICES} == source.expected()


def test_heartbeats_come_in_event_time_and_end_in_the_past() -> None:
    times = [json.loads(value)["time"] for _, _, value, _ in HeartbeatInput(1).keyed(1)]
    assert times == sorted(times)
    assert times[-1] < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def test_the_first_fifth_of_a_run_is_not_counted() -> None:
    #  position   0      100     200      1000
    #  cpu s      0       9       10       18
    moments = [(0, 0.0), (100, 9.0), (200, 10.0), (1_000, 18.0)]
    run = summarise("x", [Sample(at, cpu, cpu, cpu) for at, cpu in moments], 1.0, "")
    assert (run.measured, run.worker_cpu_s, run.per_cpu_second) == (800, 8.0, 100.0)


def test_a_run_that_is_too_short_has_no_figure() -> None:
    run = summarise("x", [Sample(0, 0.0, 0.0, 0.0), Sample(1_000, 1.0, 1.0, 1.0)], 1.0, "")
    assert run.per_cpu_second == 0.0


def test_a_repetition_that_failed_the_gate_counts_in_no_ratio() -> None:
    samples = [Sample(0, 0.0, 0.0, 0.0), Sample(200, 1.0, 1.0, 1.0), Sample(1_000, 9.0, 9.0, 9.0)]
    right, wrong = (summarise("forewarn", samples, 1.0, verdict) for verdict in ("", "1 alerts missing"))
    peer = summarise("quix", samples, 1.0, "")
    assert ratios([wrong, peer], "quix") is None
    both = ratios([right, peer], "quix")
    assert both is not None
    assert both.median == 1.0


def test_a_quantile_is_the_nearest_rank() -> None:
    assert [quantile([float(n) for n in range(1, 101)], share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]


def test_the_slope_of_growing_memory_is_its_growth() -> None:
    assert slope([(0.0, 10.0), (1.0, 12.0), (2.0, 14.0)]) == pytest.approx(2.0)


def test_kinds_of_keys_are_told_by_their_prefix() -> None:
    assert [name_of(key) for key in (b"u/c1/data", b"\0marker", b"p")] == ["u", "(engine)", "p"]
