"""Whatever comes, in whatever order: the meters end where a plain model ends."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forewarn.stream.usage.account import Account, terms
from forewarn.stream.usage.cycle import Calendar
from forewarn.stream.usage.meter import Charge, Meter, step
from forewarn.topics.reasons import Reason
from tests.property.usage.plain_model import Model, Plan
from tests.usage_desk import HOUR, Desk, Raw, account, ms

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"])
#: A cycle of these days begins within a day of the middle of the records.
BOUNDARY = {1: "2026-11-01", 31: "2026-10-31", 15: "2026-11-15"}
DAYS = st.sampled_from(sorted(BOUNDARY))
AMOUNTS = st.one_of(
    st.integers(0, 400),
    st.integers(-300, 300),
    st.decimals(-50, 400, places=3),
    st.sampled_from([Decimal("0.30000000000000004"), 2**62, -(2**62), Decimal("1E+2")]),
)
KINDS = st.sampled_from(["usage", "usage", "usage", "correction", "top_up"])
ROLLOVER = st.sampled_from([False, True, 300])


class Sent:
    """One record to send: offset of its start from the boundary, amount, kind."""

    def __init__(self, minutes: int, amount: int | Decimal, kind: str) -> None:
        self.minutes = minutes
        self.amount = amount
        self.kind = kind

    def __repr__(self) -> str:
        return f"({self.minutes:+} min, {self.amount}, {self.kind})"


SENT = st.builds(Sent, st.integers(-30 * 60, 30 * 60), AMOUNTS, KINDS)


def raws(desk: Desk, sent: list[Sent], boundary: int) -> list[Raw]:
    """Records, each with an id of its own; Kafka has them all after the last start."""
    seen = boundary + 31 * HOUR
    return [desk.record(boundary + s.minutes * 60_000, s.amount, kind=s.kind, seen=seen) for s in sent]


def untold(meter: Meter) -> tuple[Any, ...]:
    """The meter without what was told, which depends on what was known when."""
    return (
        meter.scale,
        meter.history,
        meter.floor,
        [(c.start, c.end, c.used, c.granted, c.rollover, c.carried, c.top_ups) for c in meter.cycles],
    )


@settings(max_examples=150, deadline=None)
@given(
    sent=st.lists(SENT, min_size=1, max_size=12),
    day=DAYS,
    zone=ZONES,
    rollover=ROLLOVER,
    known=st.booleans(),
    data=st.data(),
)
def test_order_duplicates_batches_and_restarts_do_not_matter(
    sent: list[Sent], day: int, zone: str, rollover: bool | int, known: bool, data: st.DataObject
) -> None:
    given_account = account(day=day, zone=zone, rollover=rollover)
    in_order, shuffled = Desk(), Desk()
    if known:
        in_order.profile(given_account)
        shuffled.profile(given_account)
    records = raws(in_order, sent, ms(BOUNDARY[day]))
    for record in sorted(records, key=lambda r: sent[r.offset - 1].minutes):
        in_order.take([record])

    order = data.draw(st.permutations(records + data.draw(st.lists(st.sampled_from(records), max_size=5))))
    while order:
        size = data.draw(st.integers(1, 4))
        shuffled.take(order[:size])
        order = order[size:]
        if data.draw(st.booleans()):
            shuffled.restart()

    if not known:
        in_order.profile(given_account)
        shuffled.profile(given_account)
    assert untold(shuffled.meter()) == untold(in_order.meter())
    model = Model(day, zone, Plan(1000, rollover))
    for one in sent:
        start = ms(BOUNDARY[day]) + one.minutes * 60_000
        model.use(start, Fraction(one.amount), top_up=one.kind == "top_up", seen=start)
    for cycle in in_order.meter().cycles:
        first = Calendar(day, zone).date(cycle.start)
        assert Fraction(cycle.used, 10 ** in_order.meter().scale) == model.used(first)
    if known:
        last = in_order.meter().cycles[-1]
        allowance = Fraction(last.allowance or 0, 10 ** in_order.meter().scale)
        assert allowance == model.allowance(Calendar(day, zone).date(last.start))


class Step:
    """One step of a timeline: hours that pass, how late the record is, and perhaps another plan."""

    def __init__(self, hours: int, late_hours: int, amount: int | Decimal, kind: str, plan: Plan | None) -> None:
        self.hours = hours
        self.late_hours = late_hours
        self.amount = amount
        self.kind = kind
        self.plan = plan

    def __repr__(self) -> str:
        return f"(+{self.hours} h, {self.late_hours} h late, {self.amount}, {self.kind}, {self.plan})"


PLANS = st.builds(
    Plan,
    st.integers(1, 2000),
    ROLLOVER,
    st.sampled_from([(50, 80, 100), (33, 90), ()]),
)
STEPS = st.builds(
    Step, st.integers(0, 60), st.sampled_from([0, 0, 1, 30, 80, 200]), AMOUNTS, KINDS, st.none() | st.none() | PLANS
)


def account_of(plan: Plan, day: int, zone: str) -> Account:
    return account(
        allowance=plan.allowance,
        day=day,
        zone=zone,
        rollover=plan.rollover,
        thresholds={"data": tuple(float(percent) for percent in plan.thresholds)},
    )


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=15), plan=PLANS, day=DAYS, zone=ZONES, restarts=st.booleans())
def test_the_same_is_told_as_the_model_tells(
    steps: list[Step], plan: Plan, day: int, zone: str, restarts: bool
) -> None:
    desk, model = Desk(), Model(day, zone, plan)
    desk.profile(account_of(plan, day, zone))
    now = ms(BOUNDARY[day]) - 24 * HOUR
    for one in steps:
        now += one.hours * HOUR
        if one.plan is not None:
            desk.profile(account_of(one.plan, day, zone), at=now)
            model.change(one.plan, now)
        start = now - one.late_hours * HOUR
        desk.use(start, one.amount, kind=one.kind, seen=now)
        model.use(start, Fraction(one.amount), top_up=one.kind == "top_up", seen=now)
        if restarts:
            desk.restart()

    calendar = Calendar(day, zone)
    crossed = [c for _, c in desk.crossings if c.kind == "threshold"]  # the model foresees nothing
    assert [(calendar.date(c.cycle_start), c.percent) for c in crossed] == model.told
    assert [a["alert_id"] for a in desk.alerts if a["kind"] == "threshold"] == [c.alert_id for c in crossed]
    assert desk.refused == ["too_late"] * model.too_late
    for cycle in desk.meter().cycles if model.plans else ():
        assert Fraction(cycle.used, 10 ** desk.meter().scale) == model.used(calendar.date(cycle.start))


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=15), plan=PLANS, day=DAYS, zone=ZONES)
def test_the_short_way_of_a_record_ends_where_the_long_one_does(
    steps: list[Step], plan: Plan, day: int, zone: str
) -> None:
    desk, now, meter = Desk(), ms(BOUNDARY[day]), None
    held = account_of(plan, day, zone)
    desk.profile(held)
    told = []
    for one in steps:
        now += one.hours * HOUR // 40
        start = now - one.late_hours * HOUR // 40
        desk.use(start, one.amount, kind=one.kind, seen=now)
        answer = step(
            desk.policy,
            terms(desk.policy, held, "data"),
            meter,
            Charge(start, one.amount, one.kind == "top_up", now),
        )
        assert not isinstance(answer, Reason)
        meter, crossed = answer
        told += [t.percent for t in crossed]

    assert desk.meter() == meter
    assert desk.percents == told


@settings(max_examples=100, deadline=None)
@given(
    sent=st.lists(SENT, min_size=1, max_size=10),
    changes=st.lists(st.tuples(DAYS, ZONES, st.integers(0, 40)), min_size=1, max_size=4),
    known=st.booleans(),
)
def test_however_the_calendar_moves_no_usage_is_lost(
    sent: list[Sent], changes: list[tuple[int, str, int]], known: bool
) -> None:
    desk = Desk()
    if known:
        desk.profile(account())
    boundary = ms("2026-11-01")
    for record in raws(desk, sent, boundary):
        desk.take([record])
    now = boundary + 31 * HOUR
    for day, zone, hours in changes:
        now += hours * HOUR
        desk.profile(account(day=day, zone=zone), at=now)
        desk.restart()

    meter = desk.meter()
    total = sum((Fraction(one.amount) for one in sent if one.kind != "top_up"), Fraction())
    assert Fraction(sum(cycle.used for cycle in meter.cycles), 10**meter.scale) == total
    topped = sum((Fraction(one.amount) for one in sent if one.kind == "top_up"), Fraction())
    assert Fraction(sum(u for c in meter.cycles for _, u in c.top_ups), 10**meter.scale) == topped
    assert all(a.end <= b.start for a, b in zip(meter.cycles, meter.cycles[1:], strict=False))
