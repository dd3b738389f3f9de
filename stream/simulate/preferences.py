"""What customers change on their page (`customers.preferences`): consents, quiet hours, language, kinds of alerts.

Wishes about usage alerts are left as they were: the truth about thresholds counts on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import DAY
from forewarn.stream.simulate.size import draws
from forewarn.topics.instants import to_rfc3339

TOPIC = "customers.preferences"
#: Of all customers, a day.
CHANGES_A_DAY = 0.002


def preferences(seed: int, customers: Sequence[Customer], start: int, end: int) -> Iterator[Event]:
    """The changes in [start, end), epoch ms."""
    random = draws(seed, "preferences")
    share = CHANGES_A_DAY * (end - start) / DAY
    for customer in customers:
        if random.random() < share:
            at = random.randrange(start, end)
            head = {"time": to_rfc3339(at), "source": "page"}
            yield event(at + 200, TOPIC, customer.customer, head | _change(random, to_rfc3339(at)))


def _change(random: Random, time: str) -> dict[str, object]:
    match random.randrange(4):
        case 0:
            granted, channel = random.random() < 0.4, random.choice(("email", "sms"))
            consent = {"purpose": "marketing", "channel": channel, "granted": granted, "source": "page", "time": time}
            return {"consents": [consent]}
        case 1:
            return {"quiet_hours": {"start": "21:30", "end": "07:30"}}
        case 2:
            return {"language": random.choice(("en", "de", "es", "fr"))}
        case _:
            kind = random.choice(("offer", "survey", "appointment", "bill"))
            return {"alerts": [{"kind": kind, "channels": ["sms", "email"], "enabled": random.random() < 0.5}]}
