"""May marketing contact the customer now? Yes only when everything that is known says so."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from forewarn.alerts.contactable import Answer, contactable
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.proposal import Mode
from forewarn.topics.events.messages import Progress, Standing

NOW = 1_795_348_800_000
STANDING = Standing("ada", "2026-11-22T11:00:00Z")
PROGRESS = Progress("decide", 0, NOW - 60_000, NOW - 120_000)


def asked(
    standing: Standing | None = STANDING, progress: Progress | None = PROGRESS, mode: Mode = "live", **policy: Any
) -> Answer:
    return contactable(AlertPolicy(**policy), mode, "ada", standing, progress, NOW)


def test_a_customer_in_peace_may_be_contacted() -> None:
    assert asked() == Answer(contactable=True, as_of="2026-11-22T11:00:00Z")


def test_all_that_stands_against_it_is_named_with_the_end_that_is_known() -> None:
    held = msgspec.structs.replace(STANDING, reasons=("lease", "case_open"), held_until="2026-11-23T11:00:00Z")
    assert asked(held) == Answer(
        contactable=False, reasons=("lease", "case_open"), held_until="2026-11-23T11:00:00Z", as_of=STANDING.as_of
    )


def test_of_a_stranger_the_answer_is_no() -> None:
    assert asked(None) == Answer(contactable=False, reasons=("unknown_customer",))


@pytest.mark.parametrize(
    "progress",
    [
        None,
        msgspec.structs.replace(PROGRESS, tick=NOW - 60_001),
        msgspec.structs.replace(PROGRESS, event_time=NOW - 120_001),
        msgspec.structs.replace(PROGRESS, behind=True),
    ],
)
def test_a_partition_that_is_silent_or_behind_gives_no_yes(progress: Progress | None) -> None:
    assert asked(progress=progress).reasons == ("upstream_stale",)


@pytest.mark.parametrize(
    ("paused", "reasons"), [(("*",), ("paused",)), (("marketing", "usage"), ("paused",)), (("usage",), ())]
)
def test_paused_marketing_is_no(paused: tuple[str, ...], reasons: tuple[str, ...]) -> None:
    assert asked(progress=msgspec.structs.replace(PROGRESS, paused=paused)).reasons == reasons


def test_a_deployment_that_does_not_send_to_the_customer_yet_lets_nobody_else_either() -> None:
    assert asked(mode="shadow").reasons == ("shadow",)
    assert asked(mode="allow-list").reasons == ("not_on_allow_list",)
    assert asked(mode="allow-list", allow_list=("ada",)).contactable
