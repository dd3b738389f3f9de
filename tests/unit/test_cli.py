"""The command line: help worth reading, exit codes as promised, all problems at once and no traceback for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from forewarn.stream.cli import app

ROOT = Path(__file__).parents[2]
COMMON = ("--bootstrap", "--config", "--policy", "--topic-prefix")


def forewarn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FOREWARN_")}
    return subprocess.run(
        [sys.executable, "-m", "forewarn", *arguments],
        cwd=ROOT,
        env=plain | {"COLUMNS": "120", "NO_COLOR": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def commands() -> list[tuple[str, ...]]:
    root = get_command(app)
    found: list[tuple[str, ...]] = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [(name, one) for one in inner] if inner else [(name,)]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_explains_itself_and_takes_the_common_options(command: tuple[str, ...]) -> None:
    done = forewarn(*command, "--help")
    assert done.returncode == 0
    for option in COMMON:
        assert option in done.stdout
    assert "Exit codes" in done.stdout


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    heavy = "import sys, forewarn.stream.cli; print({'faust', 'aiokafka', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", heavy], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_wrong_usage_is_2() -> None:
    assert forewarn("worker", "teapot").returncode == 2
    assert forewarn("demo", "--for", "soon").returncode == 2
    assert forewarn("no-such-command").returncode == 2


def test_wrong_settings_are_78_all_at_once_and_without_a_traceback() -> None:
    done = forewarn("worker", "decide", FOREWARN_BOOTSTRAP="nowhere", FOREWARN_SMTP_PORT="many")
    assert done.returncode == 78
    assert "bootstrap (FOREWARN_BOOTSTRAP)" in done.stderr
    assert "smtp_port (FOREWARN_SMTP_PORT)" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_wrong_policy_is_78(tmp_path: Path) -> None:
    bad = tmp_path / "policy.toml"
    bad.write_text('mode = "loud"\n[alerts]\nlease = 1\n')
    done = forewarn("policy", "check", str(bad))
    assert done.returncode == 78
    assert done.stderr.count("policy: ") == 2


def test_a_right_policy_is_0_and_its_result_goes_to_stdout() -> None:
    done = forewarn("policy", "check", "deploy/demo-policy.toml")
    assert done.returncode == 0
    assert "alerts.lease_s" in done.stdout
    assert done.stderr == ""


def test_a_broker_that_does_not_answer_is_70_and_named() -> None:
    done = forewarn("pause", "--bootstrap", "127.0.0.1:1")
    assert done.returncode == 70
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_printed() -> None:
    assert forewarn("--version").stdout.startswith("forewarn ")
