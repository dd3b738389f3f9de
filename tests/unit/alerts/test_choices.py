"""What customers chose: layers, times, and consents that stay withdrawn."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
import pytest

from forewarn.alerts.choices import (
    AHEAD_MS,
    EMPTY,
    Layer,
    consented,
    effective,
    from_subscription,
    keep_denials,
    patched,
)
from forewarn.topics.events.customers import Preference, Subscription

HOUR = 3_600_000


def crm(**said: Any) -> Subscription:
    return msgspec.convert(said, Subscription)


def patch(time: int, **said: Any) -> Preference:
    return msgspec.convert({"time": time, "source": "page", **said}, Preference)


def consent(time: int, granted: bool, *, purpose: str = "marketing", channel: str = "email") -> dict[str, Any]:
    return {"purpose": purpose, "channel": channel, "granted": granted, "source": "x", "time": time}


def agreed(*layers: Layer, purpose: str = "marketing", channel: str = "email") -> bool | None:
    return consented((layers[0], layers[1] if len(layers) > 1 else EMPTY), (purpose,), channel)


def test_a_nightly_dump_of_old_content_does_not_undo_what_the_customer_chose() -> None:
    known = from_subscription(EMPTY, crm(language="en"), HOUR)
    own = patched(EMPTY, patch(2 * HOUR, language="de"), 2 * HOUR)
    dumped = from_subscription(known, crm(language="en"), 3 * HOUR)
    assert effective(dumped.language, own.language) == "de"


def test_what_the_crm_changes_later_wins() -> None:
    own = patched(EMPTY, patch(2 * HOUR, language="de"), 2 * HOUR)
    changed = from_subscription(from_subscription(EMPTY, crm(language="en"), HOUR), crm(language="fr"), 3 * HOUR)
    assert effective(changed.language, own.language) == "fr"


def test_an_item_that_nobody_set_is_not_in_force() -> None:
    assert effective(None, None) is None
    assert effective(from_subscription(EMPTY, crm(language="en"), 1).language, None) == "en"


def test_patches_end_the_same_in_whatever_order_they_come() -> None:
    patches = [
        patch(1, language="de", thresholds={"data": [50]}, consents=[consent(1, True)]),
        patch(2, language="en", quiet_hours={"start": "22:00", "end": "07:00"}, consents=[consent(2, False)]),
        patch(2, language="fr", thresholds={"data": [90]}, consents=[consent(2, True)]),
        patch(3, alerts=[{"kind": "outage", "channels": ["sms"]}]),
    ]
    ends = set()
    for order in permutations(patches):
        own = EMPTY
        for one in order:
            own = patched(own, one, HOUR)
        ends.add((effective(None, own.language), effective(None, own.thresholds["data"]), agreed(EMPTY, own)))
    assert ends == {("fr", (90.0,), False)}


@pytest.mark.parametrize("granted", [True, False])
def test_the_newest_consent_wins_whatever_its_source(granted: bool) -> None:
    known = from_subscription(EMPTY, crm(consents=[consent(1, not granted)]), HOUR)
    own = patched(EMPTY, patch(2, consents=[consent(2, granted)]), HOUR)
    assert agreed(known, own) is granted
    newer = from_subscription(EMPTY, crm(consents=[consent(3, not granted)]), HOUR)
    assert agreed(newer, own) is not granted


def test_a_consent_that_the_crm_no_longer_shows_is_gone_but_its_refusal_stays() -> None:
    granted, refused = crm(consents=[consent(1, True)]), crm(consents=[consent(2, False)])
    assert agreed(from_subscription(from_subscription(EMPTY, granted, 1), crm(), 2)) is None
    own = keep_denials(patched(EMPTY, patch(1, consents=[consent(1, True)]), 1), refused, 2)
    assert agreed(from_subscription(EMPTY, None, 3), own) is False
    assert keep_denials(own, granted, 4) is own


def test_a_stop_works_against_a_consent_dated_into_the_future() -> None:
    own = patched(EMPTY, patch(1, consents=[consent(100 * HOUR, True)]), HOUR)
    stopped = patched(own, patch(HOUR + AHEAD_MS, consents=[consent(HOUR + AHEAD_MS, False)]), HOUR + AHEAD_MS)
    assert agreed(EMPTY, stopped) is False


def test_a_word_for_all_channels_or_purposes_counts_for_each() -> None:
    own = patched(EMPTY, patch(1, consents=[consent(1, True), consent(2, False, channel="*", purpose="all")]), HOUR)
    assert agreed(EMPTY, own) is False
    assert agreed(EMPTY, own, purpose="outage", channel="sms") is False
    assert agreed(EMPTY, EMPTY) is None
