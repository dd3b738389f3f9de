"""The policy file: every error at once with its key, a hash over what it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from forewarn.stream import policy
from forewarn.stream.policy import Policy, PolicyError, load, parse

DEMO = Path(__file__).parents[2] / "deploy" / "demo-policy.toml"


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse(text)
    return caught.value.problems


def test_without_a_file_the_defaults_hold() -> None:
    assert load(None) == Policy() == parse("")
    assert load(None).mode == "live"


def test_a_value_takes_the_place_of_a_default() -> None:
    read = parse('mode = "shadow"\n[alerts]\nlease_s = 15.0\n[outages]\nlevel_windows_s = [60, 120]')
    assert (read.mode, read.alerts.lease_s, read.outages.level_windows_s) == ("shadow", 15.0, (60.0, 120.0))


def test_every_error_is_reported_with_its_key() -> None:
    found = problems(
        'mode = "loud"\ntypo = 1\n[alerts]\nlease_s = -1\nlease = 2\n'
        '[usage]\nthresholds = [50, "x"]\n[outages]\nconfirm_s = "soon"'
    )
    assert {line.split(":")[0] for line in found} == {
        "mode",
        "typo",
        "alerts.lease_s",
        "alerts.lease",
        "usage.thresholds[1]",
        "outages.confirm_s",
    }


def test_a_mistyped_key_names_the_nearest() -> None:
    assert problems("[alerts]\nleas_s = 1") == ["alerts.leas_s: there is no such key; did you mean lease_s?"]


def test_a_section_that_is_no_table_is_an_error() -> None:
    assert problems("alerts = 3")[0].startswith("alerts: ")


def test_text_that_is_not_toml_and_files_that_are_not_there_are_errors(tmp_path: Path) -> None:
    assert problems("[alerts")
    with pytest.raises(PolicyError, match="absent"):
        load(tmp_path / "absent.toml")


def test_the_hash_is_of_the_meaning_not_of_the_text() -> None:
    plain = Policy()
    assert parse(f"# a comment\n[alerts]\nlease_s = {plain.alerts.lease_s}").hash == plain.hash
    assert parse("[alerts]\nlease_s = 1.0").hash != plain.hash
    assert len(plain.hash) == 12


def test_the_hash_is_the_same_in_every_process() -> None:
    # A frozen value: a change here means that every ledger row's policy column changes with a release.
    assert Policy().hash == parse("").hash == policy.parse('mode = "live"').hash


def test_the_published_demo_policy_is_valid_and_fast() -> None:
    demo = load(DEMO)
    assert demo.mode == "live"
    assert demo.outages.interval_s == 1.0
    assert demo.outages.confirm_s == 10.0
    assert demo.outages.hysteresis_s == 10.0
    assert demo.alerts.lease_s == 15.0
    assert demo.alerts.group_wait_s == 1.0
