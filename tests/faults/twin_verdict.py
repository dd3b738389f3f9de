"""What twins told, and what is wrong in either: read back from their topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from tests.faults.seen import Row, Seen

#: The notices that are compared.
STAGES = frozenset({"confirmed", "restored", "threshold"})
TOPICS = ("notifications", "outages.revisions", "marketing.approved", "marketing.held")

Notice = tuple[str, str, str, str, str | None]


class Verdict(Struct, frozen=True):
    """What each twin told and how often, what is wrong in either, and how often a role of the one was killed."""

    calm: Counter[Notice]
    killed: Counter[Notice]
    wrong: tuple[str, ...]
    kills: Counter[str]
    outages: int
    requests: int

    @property
    def differs(self) -> list[str]:
        """The notices of one twin alone, and broken promises of either, in words."""
        lost = [f"lost: {notice}" for notice in sorted((self.calm - self.killed).elements(), key=repr)]
        new = [f"new: {notice}" for notice in sorted((self.killed - self.calm).elements(), key=repr)]
        return [*lost, *new, *self.wrong]


def once(seen: Seen, topic: str) -> list[Row]:
    """The rows of a topic without repetitions."""
    return list({(row.key, row.value): row for row in seen.rows[topic]}.values())


def notices(seen: Seen) -> Iterator[Notice]:
    elements = {row.read["outage_id"]: row.read["element"] for row in seen.rows["outages.revisions"]}
    for row in once(seen, "notifications"):
        told = row.read
        if told["stage"] in STAGES:
            element = elements.get(told["incident"], told["incident"])
            yield row.key.decode(), element, told["kind"], told["stage"], told.get("class")


def paired(notices: Counter[Notice]) -> bool:
    """Whether everybody who was told of an outage was told of its end."""
    begun, ended = (
        Counter({notice[:2]: count for notice, count in notices.items() if notice[3] == stage})
        for stage in ("confirmed", "restored")
    )
    return bool(begun) and begun == ended


def wrong(seen: Seen, requests: int) -> Iterator[str]:
    """Requests without exactly one final answer, and those approved between a customer's two notices."""
    approved, held = once(seen, "marketing.approved"), once(seen, "marketing.held")
    final = Counter(row.read["request_id"] for row in approved + held if row.read["final"])
    for number in range(1, requests + 1):
        if final[f"m{number}"] != 1:
            yield f"request m{number} has {final[f'm{number}']} final answers"
    out = _out(seen)
    for row in approved:
        decided = datetime.fromisoformat(row.read["decided"])
        if any(since < decided < until for since, until in out.get(row.key.decode(), ())):
            yield f"request {row.read['request_id']} was approved in an outage"


def _out(seen: Seen) -> dict[str, list[tuple[datetime, datetime]]]:
    """When each customer knew that service was out: from one notice to the other of an outage."""
    times: dict[tuple[str, str], dict[str, datetime]] = {}
    for row in once(seen, "notifications"):
        if row.read["kind"] == "outage":
            known = times.setdefault((row.key.decode(), row.read["incident"]), {})
            known[row.read["stage"]] = datetime.fromisoformat(row.read["time"])
    never = datetime.max.replace(tzinfo=UTC)
    out: dict[str, list[tuple[datetime, datetime]]] = {}
    for (customer, _), known in times.items():
        if "confirmed" in known:
            out.setdefault(customer, []).append((known["confirmed"], known.get("restored", never)))
    return out
