"""A marketing request as it is kept: until when it lives, when it is looked at again, and how important it is. Pure.

freed ├── the customer's own share ──┼── by priority: 100 ... 50 ... 0 ──┤     of `release_spread_s`
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from forewarn.alerts.proposal import digest
from forewarn.topics.events.messages import MarketingRequest

#: By how many points of priority the ids of two requests may part them at most.
OWN_SHARE = 20


class Request(Struct, frozen=True, array_like=True, omit_defaults=True):
    """A request as kept in the table. Instants are epoch ms.

    `review`: when to look at it again, 0 = it has its final answer. `reason` and `announced` (its `review_at`) are
    those of the last answer given. `forget`: until then it may come again.
    """

    id: str
    expires: int
    forget: int
    review: int = 0
    reason: str = ""
    announced: int = 0
    event: MarketingRequest | None = None

    @property
    def priority(self) -> float:
        """The campaign's; an answered request has none any more."""
        return float(self.event.priority) if self.event is not None else 0.0

    def turn(self, customer: str, spread: int) -> int:
        """How long (ms, from 1 to `spread`) it waits when it is freed: shorter for higher priority, else by its id.

        The customers' own shares keep those of one outage apart.
        """
        rank = 100 - min(max(self.priority, 0.0), 100.0) + OWN_SHARE * _share(self.id)
        return 1 + int(spread * (_share(customer) + rank / (100 + OWN_SHARE)) / 2)


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(tuple[Request, ...]).decode


def next_due(requests: tuple[Request, ...]) -> int:
    """When (epoch ms) the first of these is to be looked at, or forgotten."""
    return min(request.review or request.forget for request in requests)


def importance(request: Request) -> tuple[float, str]:
    """Orders requests of one customer: the most important first."""
    return -request.priority, request.id


def _share(name: str) -> float:
    """A number between 0 and 1 that is the name's own."""
    return int(digest(name)[:8], 16) / 2**32
