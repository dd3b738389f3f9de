"""Caps and stage `frequency_cap`: rolling windows, exact, the tightest of those that apply.

limit 2 in 10 s    ●────●─────x────┊────●      x: full until the older of the last two is 10 s old
                   0    4     8    10   11
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.caps import FEW, PREFIX, Caps, Spent, full
from forewarn.alerts.contexts import OutageContext
from forewarn.alerts.frequency_cap import counts, frequency_cap
from forewarn.alerts.policy import AlertPolicy, Cap
from forewarn.alerts.proposal import Defer, Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.alerts.render import Renderer
from forewarn.alerts.told import Entry
from forewarn.stream.engine.unit import Unit

TWO = Cap("two", 2, 10)
SURVEYS = Cap("surveys", 1, 60, kind="survey")
TEXTS = Cap("texts", 1, 30, channel="sms")


def mails(*seconds: int, kind: str = "contract", channel: str = "email") -> tuple[Spent, ...]:
    return tuple(Spent(second * 1000, channel, kind) for second in seconds)


@pytest.mark.parametrize(
    ("caps", "spent", "kind", "channel", "now", "found"),
    [
        ((TWO,), (), "contract", "email", 8, None),
        ((TWO,), mails(0), "contract", "email", 8, None),
        ((TWO,), mails(0, 4), "contract", "email", 8, ("two", 10)),
        ((TWO,), mails(0, 4), "contract", "email", 10, None),
        ((TWO,), mails(0, 4, 4, 5), "contract", "email", 8, ("two", 14)),
        ((TWO,), mails(0, 4, kind="outage"), "contract", "sms", 8, ("two", 10)),
        ((SURVEYS,), mails(0, kind="survey"), "contract", "email", 8, None),
        ((SURVEYS,), mails(0, kind="contract"), "survey", "email", 8, None),
        ((SURVEYS,), mails(0, kind="survey"), "survey", "sms", 8, ("surveys", 60)),
        ((TEXTS,), mails(0, channel="sms"), "contract", "email", 8, None),
        ((TEXTS,), mails(0, channel="sms"), "contract", "sms", 8, ("texts", 30)),
        ((TWO, TEXTS, SURVEYS), mails(0, 4, channel="sms"), "contract", "sms", 8, ("texts", 34)),
        ((TWO, TEXTS, SURVEYS), mails(0, 4, channel="sms", kind="survey"), "survey", "sms", 8, ("surveys", 64)),
    ],
)
def test_the_tightest_cap_says_until_when(
    caps: tuple[Cap, ...], spent: tuple[Spent, ...], kind: str, channel: str, now: int, found: tuple[str, int] | None
) -> None:
    answer = full(caps, spent, kind, channel, now * 1000)
    assert (answer and (answer.cap.name, answer.until // 1000)) == found


KINDS, CHANNELS = st.sampled_from(("offer", "survey", "marketing", "reply")), st.sampled_from(("email", "sms", "pager"))
CAPS = st.lists(
    st.builds(
        Cap,
        st.just("cap"),
        st.integers(1, 3),
        st.sampled_from((5.0, 20.0, 60.0)),
        st.none() | st.sampled_from(("offer", "survey", "marketing")),
        st.none() | st.sampled_from(("email", "sms")),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


@given(CAPS, st.lists(st.tuples(st.integers(0, 15), KINDS, CHANNELS, st.booleans()), max_size=40))
def test_no_window_ever_holds_more_than_a_cap_allows_and_nothing_waits_without_need(
    caps: tuple[Cap, ...], story: list[tuple[int, str, str, bool]]
) -> None:
    now, table, sent = 0, dict[bytes, bytes](), list[tuple[int, str, str, bool]]()
    for pause, kind, channel, urgent in story:
        now += pause * 1000
        unit = Unit(table, {}, now)
        held = Caps(caps)  # nothing but the table is remembered
        crowded = [c for c in caps if c.covers(kind, channel) and in_window(c, sent, now) >= c.limit]
        answer = held.full(unit, "ada", kind, channel)
        assert bool(answer) == bool(crowded)
        if answer:
            assert all(in_window(c, sent, answer.until) < c.limit for c in crowded)
            assert any(in_window(c, sent, answer.until - 1) >= c.limit for c in crowded)
        if urgent or not answer:
            held.spend(unit, "ada", kind, channel)
            sent.append((now, kind, channel, urgent))
            table.update(unit.dirty)
    assert len(table.get(PREFIX + b"ada", b"")) <= 1 + 8 * max(FEW, sum(cap.limit for cap in caps))


def in_window(cap: Cap, sent: list[tuple[int, str, str, bool]], now: int) -> int:
    """How many messages of the cap lie in the window that ends now, counted one by one."""
    return sum(cap.covers(kind, channel) and now - t < cap.window_s * 1000 for t, kind, channel, _ in sent)


def proposal(kind: str = "survey", stage: str = "asked", *, critical: bool = False) -> Proposal:
    return Proposal(
        kind=kind,
        stage=stage,
        incident="i1",
        customer="ada",
        now=8000,
        context=OutageContext(started=0),
        valid_until=10_000,
        evidence={},
        entry=Entry(kind, "i1"),
        channel="email",
        critical=critical,
        spent=mails(0, 4),
    )


@pytest.mark.parametrize(
    ("message", "policy", "waits", "counted"),
    [
        (proposal(), {}, True, True),
        (proposal(critical=True), {}, False, True),
        (proposal("outage", "confirmed"), {}, False, True),
        (proposal("outage", "confirmed"), {"uncapped_count": False}, False, False),
        (proposal("outage", "confirmed"), {"uncapped_kinds": ()}, True, True),
        (proposal("outage", "restored"), {"uncapped_kinds": ()}, False, True),
        (proposal(), {"caps": ()}, False, True),
    ],
)
def test_what_is_urgent_passes_and_counts_unless_the_policy_says_otherwise(
    message: Proposal, policy: dict[str, Any], waits: bool, counted: bool
) -> None:
    told = AlertPolicy(**{"caps": (TWO,), **policy})
    answer = frequency_cap(Rules(told, "abc", "live", Renderer()), message)
    evidence = {"cap": "two", "count": 2, "limit": 2, "window_s": 10, "until": "1970-01-01T00:00:10Z"}
    assert answer == (Defer(Reason.FREQUENCY_CAP, until=10_000, evidence=evidence) if waits else message)
    assert counts(told, message) == counted
