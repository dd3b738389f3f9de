"""docker-compose.yml: valid by the compose specification, and every service's command line is one that Forewarn has."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from msgspec import convert

from forewarn.stream.health import PORTS
from forewarn.stream.settings import load
from forewarn.topics.catalog import CHANGELOGS

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS: dict[str, dict[str, Any]] = {
    name: service for name, service in COMPOSE["services"].items() if service["image"] == "forewarn"
}


def test_the_file_is_valid_by_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests/data/compose-spec/compose-spec.json").read_text())
    problems = Draft202012Validator(schema).iter_errors(COMPOSE)
    assert [f"{problem.json_path}: {problem.message}" for problem in problems] == []


def test_every_role_is_a_service_on_its_own_port() -> None:
    assert set(CHANGELOGS) == set(PORTS) <= set(OURS)
    for role, port in PORTS.items():
        assert OURS[role]["command"] == ["worker", role]
        assert OURS[role]["environment"]["FOREWARN_METRICS_PORT"] == str(port)


@pytest.mark.parametrize("name", OURS)
def test_the_command_line_of_every_service_is_understood(name: str) -> None:
    entrypoint = OURS[name].get("entrypoint", ["python", "-m", "forewarn"])[1:]
    command = [sys.executable, *entrypoint, *convert(OURS[name]["command"], list[str]), "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stderr}"


@pytest.mark.parametrize("name", [name for name, service in OURS.items() if "entrypoint" not in service])
def test_the_settings_of_every_service_are_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [variable for variable in os.environ if variable.startswith("FOREWARN_")]:
        monkeypatch.delenv(variable)
    for variable, value in OURS[name]["environment"].items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("FOREWARN_POLICY", str(ROOT / "deploy" / "demo-policy.toml"))
    settings = load()
    assert settings.bootstrap == "kafka:9092"
    assert settings.channels == ("email", "sms")
    assert (settings.smpp_host, settings.smpp_port) == ("smsc", int(OURS["smsc"]["command"][-1]))


def test_services_run_without_privileges_on_a_read_only_root() -> None:
    for service in OURS.values():
        assert service["read_only"]
        assert service["user"] == "10001:10001"
        assert service["cap_drop"] == ["ALL"]


def test_prometheus_scrapes_every_role() -> None:
    scrape = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"][0]
    targets = {target for one in scrape["static_configs"] for target in one["targets"]}
    assert targets == {f"{role}:{port}" for role, port in PORTS.items()}
