"""Prometheus: the rules do what their tests say, /metrics is well-formed, and rules name only metrics that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from forewarn.stream.metrics import Metrics

FOLDER = Path(__file__).parents[3] / "deploy" / "prometheus"
RULES = FOLDER / "forewarn.yml"


def promtool(*arguments: str, stdin: bytes = b"") -> None:
    done = subprocess.run(["promtool", *arguments], cwd=FOLDER, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


@pytest.mark.debian("prometheus")
def test_the_rules_hold_their_own_tests() -> None:
    promtool("check", "rules", "forewarn.yml")
    promtool("test", "rules", "forewarn_test.yml")


@pytest.mark.debian("prometheus")
def test_the_metrics_page_passes_the_linter() -> None:
    metrics = Metrics()
    metrics.decisions.labels("notification", "sent", "ok").inc()
    metrics.end_to_end.labels("usage", "decided").observe(0.02)
    promtool("check", "metrics", stdin=generate_latest(metrics.registry))


def test_rules_use_only_metrics_that_are_declared() -> None:
    families = text_string_to_metric_families(generate_latest(Metrics().registry).decode())
    declared = {family.name for family in families}
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    for rule in rules:
        for name in re.findall(r"\bforewarn[a-z0-9_:]+", rule["expr"]):
            assert name in recorded or re.sub(r"_(total|bucket|sum|count)$", "", name) in declared, name


def test_every_alert_says_what_to_do() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    for rule in rules:
        if "alert" in rule:
            assert {"summary", "action"} <= set(rule["annotations"])
            assert rule["labels"]["severity"] in ("warning", "critical")
