"""The best next action: nothing, a top-up, or the smallest plan that fits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.stream.usage.offer import Allowed, Catalogue, Need, SoldPlan, TopUp, best
from forewarn.topics.events.customers import Bucket, Plan


def sold(plan_id: str, price: float, data: float, *, voice: float = 100, currency: str = "EUR") -> SoldPlan:
    """A plan for sale."""
    return SoldPlan(
        plan_id, plan_id.upper(), price, currency, (Allowed("data", "GB", data), Allowed("voice", "min", voice))
    )


SMALL = TopUp("t1", "1 GB more", "data", 1, "GB", 3, "EUR")
BIG = TopUp("t5", "5 GB more", "data", 5, "GB", 9.99, "EUR")
SHOP = Catalogue(plans=(sold("s", 15, 10), sold("m", 20, 20), sold("l", 30, 50)), top_ups=(BIG, SMALL))


def offered(need: Need, *, price: str | None = "5", limit: int | None = None, shop: Catalogue = SHOP) -> str | None:
    """The id of what someone with plan S is offered."""
    data = Bucket("data", 10, "GB", None, Decimal(price) if price else None, limit)
    plan = Plan("s", "S", 15, "EUR", 1, (data, Bucket("voice", 100, "min")))
    found = best(shop, plan, data, need)
    return found.id if found else None


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [
        (0.5, None),  # 2.50 for what is beyond: less than any top-up
        (0.9, "t1"),  # 4.50 against 3
        (3.0, "m"),  # 15 against 9.99, or 5 more for a plan
        (12.0, "l"),  # no top-up is large enough, M is too small
        (60.0, None),  # nothing fits
    ],
)
def test_the_cheapest_that_helps_is_offered_if_it_is_cheaper_than_doing_nothing(missing: float, wanted: str) -> None:
    assert offered(Need(missing, missing, 10 + missing)) == wanted


def test_without_an_overage_price_anything_that_helps_is_better_than_nothing() -> None:
    assert offered(Need(0.1, 0.1, 10.1), price=None) == "t1"


def test_a_spend_limit_bounds_what_doing_nothing_costs() -> None:
    assert offered(Need(3, 3, 13), limit=4) is None


def test_a_plan_that_takes_minutes_away_is_no_offer() -> None:
    assert offered(Need(3, 3, 13), shop=Catalogue(plans=(sold("m", 16, 20, voice=50),))) is None


def test_an_unlimited_plan_fits_whatever_is_needed_and_a_plan_without_the_bucket_nothing() -> None:
    unlimited = SoldPlan("u", "U", 35, "EUR", (Allowed("data", "GB"),))
    voice_only = SoldPlan("v", "V", 16, "EUR", (Allowed("voice", "min", 500),))
    assert offered(Need(60, 60, 70), shop=Catalogue(plans=(voice_only, unlimited))) == "u"
    assert offered(Need(3, 3, 13), shop=Catalogue(plans=(voice_only,))) is None


def test_another_currency_or_unit_is_no_offer() -> None:
    foreign = (sold("m", 16, 20, currency="USD"),)
    other = (TopUp("x", "X", "data", 5000, "MB", 1, "EUR"),)
    assert offered(Need(3, 3, 13), shop=Catalogue(plans=foreign, top_ups=other)) is None


def test_an_empty_shop_offers_nothing() -> None:
    assert offered(Need(3, 3, 13), shop=Catalogue()) is None


def test_a_catalogue_names_each_offer_once() -> None:
    with pytest.raises(ValueError, match="t1"):
        Catalogue(top_ups=(SMALL, SMALL))


@given(
    missing=st.floats(0, 100),
    doubt=st.floats(0, 10),
    price=st.one_of(st.none(), st.decimals(0, 20, places=2)),
    shop=st.builds(
        Catalogue,
        plans=st.lists(
            st.builds(sold, st.sampled_from("smlxy"), st.floats(0, 90), st.floats(1, 99)), unique_by=lambda p: p.plan_id
        ).map(tuple),
        top_ups=st.sampled_from([(), (SMALL,), (SMALL, BIG)]),
    ),
)
def test_whatever_is_offered_helps_and_costs_less_than_doing_nothing(
    missing: float, doubt: float, price: Decimal | None, shop: Catalogue
) -> None:
    data = Bucket("data", 10, "GB", None, price)
    plan = Plan("s", "S", 15, "EUR", 1, (data,))
    found = best(shop, plan, data, Need(missing, missing + doubt, 10 + missing))
    if found is None:
        return
    extra = float(found.price) - (15 if found.kind == "plan" else 0)
    assert price is None or extra < (missing + doubt) * float(price)
    if found.kind == "plan":
        [chosen] = [one for one in shop.plans if one.plan_id == found.id]
        assert chosen.buckets[0].holds(10 + missing, "GB")
        assert found.id != "s"
    else:
        assert next(one for one in shop.top_ups if one.id == found.id).amount >= missing
