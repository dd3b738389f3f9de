"""Packs: the data that comes with Forewarn, which rule is in force, an operator's own, and what is wrong with one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from forewarn.stream.policy import Policy, parse
from forewarn.stream.regulator.pack import PackError, RegulatorPolicy, in_force, load, shipped
from forewarn.stream.roles.registry import role_of

ALL = load(RegulatorPolicy(packs=shipped()))


def test_no_regulator_is_followed_unless_the_policy_names_one() -> None:
    assert load(Policy().regulator) == ()
    assert parse('[regulator]\npacks = ["us-fcc-part4"]\n').regulator.packs == ("us-fcc-part4",)


def test_every_rule_that_comes_with_forewarn_is_dated_and_names_its_source() -> None:
    assert [pack.name for pack in ALL] == list(shipped())
    assert len(ALL) == 5
    for pack in ALL:
        rules: list[Any] = [*pack.outage, *pack.compensation, *pack.roaming, *pack.solicitation]
        assert rules
        assert all(rule.source and rule.effective <= date(2026, 11, 1) for rule in rules)


@pytest.mark.parametrize(
    ("day", "sum_"),
    [
        (date(2019, 3, 31), None),
        (date(2019, 4, 1), "8.00"),
        (date(2023, 4, 1), "9.33"),
        (date(2024, 3, 31), "9.33"),
        (date(2026, 3, 31), "9.98"),
        (date(2026, 11, 22), "10.34"),
    ],
)
def test_the_rule_that_took_effect_last_is_in_force(day: date, sum_: str | None) -> None:
    (ofcom,) = (pack for pack in ALL if pack.compensation)
    rule = in_force(ofcom.compensation, day)
    assert (rule.per_day if rule is not None else None) == (Decimal(sum_) if sum_ else None)


def test_an_operators_own_pack_comes_first(tmp_path: Path) -> None:
    own = 'name = "us-tcpa"\njurisdiction = "US"\ntitle = "ours"\n'
    (tmp_path / "us-tcpa.toml").write_text(own)
    (pack,) = load(RegulatorPolicy(packs=("us-tcpa",), directory=str(tmp_path)))
    assert pack.title == "ours"


def test_a_pack_holds_for_the_regions_that_are_named() -> None:
    policy = RegulatorPolicy(packs=("us-tcpa", "eu-roaming"), regions={"us-tcpa": ("texas",)})
    texas, everywhere = load(policy)
    assert [texas.holds_for("texas"), texas.holds_for("north"), everywhere.holds_for("north")] == [True, False, True]


def test_all_that_is_wrong_with_packs_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text('name = "odd"\njurisdiction = "US"\ntitle = "t"\n[[roaming]]\npercents = [80]\n')
    (tmp_path / "lost.toml").write_text(
        'name = "l"\njurisdiction = "GB"\ntitle = "t"\n[[compensation]]\neffective = 2020-01-01\nsource = "s"\n'
        'per_day = "1"\ncurrency = "GBP"\nafter_working_days = 2\nkinds = ["fixed"]\ntime_zone = "UTC"\n'
        'calendar = "mars"\n'
    )
    with pytest.raises(PackError) as caught:
        load(RegulatorPolicy(packs=("nowhere", "odd", "lost"), regions={"other": ()}, directory=str(tmp_path)))
    missing, odd, lost, region = caught.value.problems
    assert "us-fcc-part4" in missing
    assert "effective" in odd
    assert "mars" in lost
    assert "other" in region


@pytest.mark.parametrize("role", ["correlate", "decide"])
def test_no_role_starts_with_a_pack_that_is_not_there(role: str) -> None:
    with pytest.raises(PackError):
        role_of(role, Policy(regulator=RegulatorPolicy(packs=("../secrets",))))
