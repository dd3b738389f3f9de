"""What every part looks at that proposes messages to customers: who they are, how to reach them, what concerns them.

Invariant: the parts of one partition share one of each.
"""

from __future__ import annotations

from msgspec import Struct

from forewarn.alerts.contacts import Contacts
from forewarn.alerts.control import Controls
from forewarn.alerts.customers import Customers
from forewarn.alerts.incidents import Incidents
from forewarn.alerts.told import Told


class Known(Struct, frozen=True, eq=False):
    """What is known of one partition's customers."""

    customers: Customers
    contacts: Contacts
    incidents: Incidents
    told: Told
    controls: Controls


class Proposing:
    """A part that proposes messages."""

    def __init__(self, known: Known) -> None:
        self.customers = known.customers
        self.contacts = known.contacts
        self.incidents = known.incidents
        self.told = known.told
        self.controls = known.controls
