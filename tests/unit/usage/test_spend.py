"""Limits that are money, and limits abroad.

used    ├──── 1000 MB ────┤▒▒▒▒▒▒▒▒▒▒▒▒  x 0.05 a MB
spent                     0     8   10   of 10: told at 80 and at 100 %
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from forewarn.topics.events.customers import Bucket
from tests.usage_desk import HOUR, Desk, account, ms


def desk(price: int | str | None = "0.05", limit: int | str | None = 10, allowance: int = 1000) -> Desk:
    """A desk at which customer c1 pays for what is beyond the allowance, up to a limit."""
    made = Desk()
    money = [Decimal(amount) if isinstance(amount, str) else amount for amount in (price, limit)]
    made.profile(account(Bucket("data", allowance, "MB", None, money[0], money[1])))
    return made


def use(one: Desk, *amounts: int | str) -> list[tuple[float, float]]:
    """Uses it hour by hour; (share, spent) of what was told."""
    for hour, amount in enumerate(amounts):
        one.use(ms("2026-07-10") + hour * HOUR, amount)
    return [(alert["percent"], alert["used"]) for alert in one.alerts_of("spend")]


def test_it_is_told_at_80_and_at_100_percent_of_the_limit() -> None:
    assert use(desk(), 1000, 159, 1, 39, 1, 500) == [(80, 8), (100, 10)]


def test_what_is_told_is_money() -> None:
    one = desk()
    use(one, 1165)
    [alert] = one.alerts_of("spend")
    assert (alert["percent"], alert["used"], alert["allowance"], alert["unit"]) == (82.5, 8.25, 10, "EUR")


def test_a_burst_over_both_tells_the_greater_once() -> None:
    one = desk()
    assert use(one, 1400, 400) == [(200, 20)]
    assert [crossing.class_ for _, crossing in one.crossings if crossing.kind == "spend"] == ["100"]


@pytest.mark.parametrize(("price", "limit"), [(None, 10), ("0.05", None), (0, 10), ("0.05", 0), (-1, 10)])
def test_without_a_price_and_a_limit_nothing_is_told(price: str | None, limit: int | None) -> None:
    assert use(desk(price, limit), 5000) == []


def test_money_is_exact() -> None:
    one = desk("0.0333", "0.0999")
    assert use(one, 1000, "2.9", "0.09999", "0.00001") == [(96.6, pytest.approx(0.09657)), (100, 0.0999)]


def test_paying_for_every_bit_has_a_limit_too() -> None:
    assert use(desk(allowance=0), 160, 40) == [(80, 8), (100, 10)]


def test_a_new_cycle_has_its_own_limit() -> None:
    one = desk()
    use(one, 1200)
    one.use("2026-08-10", 1200)
    assert [alert["cycle_start"][:10] for alert in one.alerts_of("spend")] == ["2026-07-01", "2026-08-01"]


def test_after_a_correction_it_is_not_told_twice() -> None:
    one = desk()
    one.use("2026-07-10", 1200)
    one.use("2026-07-10T01:00", -100, kind="correction")
    one.use("2026-07-10T02:00", 100)
    assert len(one.alerts_of("spend")) == 1


def test_a_restart_forgets_nothing_that_was_told() -> None:
    one = desk()
    use(one, 1165)
    one.restart()
    one.use("2026-07-11", 1)
    assert len(one.alerts_of("spend")) == 1


def test_abroad_80_and_100_percent_are_told_whatever_was_chosen() -> None:
    one = Desk()
    one.profile(account(Bucket("roaming:eu", 100, "MB"), thresholds={"roaming:eu": (30,)}))
    for hour in range(10):
        one.use(ms("2026-07-10") + hour * HOUR, 10, bucket="roaming:eu", zone="roaming:eu")
    assert one.percents == [30, 80, 100]


def test_at_home_the_customers_own_choice_stands() -> None:
    one = Desk()
    one.profile(account(thresholds={"data": (30,)}))
    use(one, 500, 500)
    assert one.percents == [30]


def test_the_lines_of_a_family_share_the_allowance_and_the_limit() -> None:
    one = desk()
    for hour in range(12):
        one.use(ms("2026-07-10") + hour * HOUR, 100, line=f"line-{hour % 4}")
    assert one.percents == [50, 80, 100]
    assert [alert["percent"] for alert in one.alerts_of("spend")] == [100]
