"""Seeded input: customers, usage with repetitions and corrections, marketing requests, heartbeats with outages.

Pure: what comes out follows from the seed and the times that are passed in. `feeder.py` writes it down and produces it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from tests.faults.ledger import Input

#: Devices of each access node, and the two nodes: while one is dark, the other shows that the collector still hears.
DEVICES, NODES = 10, ("olt-a", "olt-b")
#: Buckets: `count` is charged 1 a record, so a lost or doubled record is a difference of one; `data` gets any amount.
COUNT, DATA = "count", "data"


class Generator:
    """The world of one run. Times are epoch ms. `texts`: every second finished message is one by SMS."""

    def __init__(self, seed: int, *, customers: int = 40, region: str = "north", texts: bool = False) -> None:
        self.random = Random(seed)
        self.texts = texts
        self.region = region
        self.customers = [f"c{number:04d}" for number in range(customers)]
        self.dark: set[str] = set()
        self._records = 0
        self._requests = 0
        self._recent: list[Input] = []

    def element_of(self, customer: str) -> str:
        """What serves a customer: every second one hangs on the first node."""
        number = int(customer[1:])
        return f"{NODES[number % 2]}/onu-{number // 2 % DEVICES}"

    def served_by(self, node: str) -> list[str]:
        """The customers of an access node."""
        return [customer for customer in self.customers if self.element_of(customer).startswith(node)]

    def base(self, now: int) -> Iterator[Input]:
        """Profiles and consents; the billing cycle turns half a month from now."""
        turn = (datetime.fromtimestamp(now / 1000, UTC) + timedelta(days=15)).day
        for customer in self.customers:
            plan = {
                "plan_id": "p",
                "name": "Plan",
                "price": 10,
                "currency": "EUR",
                "cycle_day": min(turn, 28),
                "buckets": [
                    {"bucket": COUNT, "allowance": self.random.randint(20, 400), "unit": "records"},
                    {"bucket": DATA, "allowance": self.random.randint(500, 20_000), "unit": "MB"},
                ],
            }
            service = {"service_id": f"s-{customer}", "kind": "fixed", "element": self.element_of(customer)}
            profile = {
                "customer": customer,
                "name": f"Customer {customer}",
                "locale": self.random.choice(["en-GB", "de-DE"]),
                "services": [service | {"region": self.region}],
                "plan": plan,
                "contacts": {"email": f"{customer}@example.com"},
            }
            yield Input("customers.profiles", customer, profile)
            if self.random.random() < 0.8:
                consent = {"purpose": "marketing", "channel": "email", "granted": True, "source": "crm", "time": now}
                yield Input("customers.subscriptions", customer, {"alerts": [], "consents": [consent]})

    def usage(self, count: int, now: int) -> list[Input]:
        """Usage records; one in twelve repeats a recent one, one in twenty is a correction."""
        made = []
        for _ in range(count):
            if self._recent and self.random.random() < 1 / 12:
                made.append(self.random.choice(self._recent))
                continue
            self._records += 1
            customer = self.random.choice(self.customers)
            bucket = self.random.choice([COUNT, DATA])
            record = {"record_id": f"u{self._records}", "bucket": bucket, "amount": 1, "start": now - 1000}
            if bucket == DATA:
                record["amount"] = self.random.randint(1, 120)
                if self.random.random() < 1 / 20:
                    record |= {"amount": -self.random.randint(1, 60), "kind": "correction"}
            made.append(Input("usage.records", customer, record))
        self._recent = (self._recent + made)[-300:]
        return made

    def requests(self, count: int, now: int, *, life_s: float = 8.0) -> list[Input]:
        """Marketing requests that end `life_s` seconds from now."""
        made = []
        for _ in range(count):
            self._requests += 1
            request = {
                "request_id": f"m{self._requests}",
                "time": now,
                "campaign": "spring",
                "channel": "email",
                "priority": self.random.randint(0, 100),
                "expires": now + int(life_s * 1000),
            }
            made.append(Input("marketing.requests", self.random.choice(self.customers), request))
        return made

    def beats(self, time: int) -> list[Input]:
        """One heartbeat of every device whose node is not dark."""
        return [
            Input(
                "network.heartbeats",
                self.region,
                {"element": f"{node}/onu-{number}", "time": time, "parent": node, "collector": "c1", "interval_s": 2},
            )
            for node in NODES
            if node not in self.dark
            for number in range(DEVICES)
        ]

    def notifications(self, count: int, now: int) -> list[Input]:
        """Finished messages, as role decide would write them, for runs of role deliver alone."""
        made = []
        for _ in range(count):
            self._records += 1
            customer = self.random.choice(self.customers)
            notification = {
                "notification_id": f"n{self._records}",
                "time": _rfc3339(now),
                "kind": "usage",
                "stage": "threshold",
                "class": "80",
                "incident": f"data/{self._records}",
                "locale": "en",
                "valid_until": _rfc3339(now + 3_600_000),
                "critical": False,
            }
            by_text = self.texts and self._records % 2 == 0
            made.append(Input("notifications", customer, notification | (self._text() if by_text else _mail(customer))))
        return made

    def _text(self) -> dict[str, object]:
        """One part, and it says itself which notification it is: what an SMS centre takes carries no id of ours."""
        number = f"+49151{self._records % 10**7:07d}"
        return {"channel": "sms", "to": number, "text": f"n{self._records}: you have used 80 % of your data."}


def _mail(customer: str) -> dict[str, object]:
    words = {"subject": "Nearly used up", "text": "You have used 80 % of your data."}
    return {"channel": "email", "to": f"{customer}@example.com", **words}


def _rfc3339(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
