"""What regulators' rules ask of the operator: internal, read by `forewarn regulator export`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

ObligationState = Literal["due", "met", "overdue", "ended"]


class Obligation(Struct, frozen=True, omit_defaults=True):
    """One obligation as it stands (`obligations`, key = incident); each change of its state is a record.

    `obligation_id` is a hash of pack, duty, incident and customer. `since`: what it counts from; `due`: by when it is
    to be done. `ended`: it is asked no more, for the outage is over, or proved to be none. `effective` and `source` are
    of the rule that was in force. Instants are RFC 3339 text.
    """

    obligation_id: str
    time: str
    pack: str
    jurisdiction: str
    duty: str
    incident: str
    state: ObligationState
    since: str
    effective: str
    source: str
    policy: str
    due: str | None = None
    met: str | None = None
    customer: str | None = None
    region: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    author: str | None = None
    evidence: Any = None
