"""Rows of topics as a small demo leaves them, and a way to bend them."""

from __future__ import annotations

from typing import Any

Rows = list[tuple[str, dict[str, Any]]]


def run() -> dict[str, Rows]:
    """One outage with two customers, both told twice; one near-allowance alert; one request held, then approved."""
    return {
        "outages.revisions": [
            ("o1", revision("suspected", 1)),
            ("o1", revision("confirmed", 2)),
            ("o1", revision("restored", 3)),
        ],
        "notifications": [
            ("ann", notice("n1", "outage", "confirmed")),
            ("bob", notice("n2", "outage", "confirmed")),
            ("ann", notice("n3", "outage", "restored")),
            ("bob", notice("n4", "outage", "restored")),
            ("cid", notice("n5", "usage", "threshold", "data/2026-11-01")),
        ],
        "notifications.log": [("ann", delivery("n1")), ("bob", delivery("n2")), ("cid", delivery("n5"))],
        "usage.alerts": [("cid", {"bucket": "data", "percent": 80.0, "time": "2026-11-22T20:15:00Z"})],
        "marketing.held": [("ann", request("m1", "outage"))],
        "marketing.approved": [
            ("ann", request("m1", "clear", final=True)),
            ("bob", request("m2", "clear", final=True)),
        ],
        "decisions": [("ann", {"outcome": "sent", "reason": "passed"})],
        "dead.letters": [],
    }


def ledger() -> list[str]:
    """Message-IDs of the mail server."""
    return [f"<n{number}@forewarn.invalid>" for number in range(1, 6)]


def revision(state: str, number: int, outage_id: str = "o1") -> dict[str, Any]:
    return {
        "outage_id": outage_id,
        "revision": number,
        "state": state,
        "region": "north",
        "element": "olt-1",
        "devices_down": 12,
        "devices_expected": 40,
        "customers": 2,
    }


def notice(identity: str, kind: str, stage: str, incident: str = "o1") -> dict[str, Any]:
    return {"notification_id": identity, "kind": kind, "stage": stage, "incident": incident, "channel": "email"}


def delivery(identity: str, outcome: str = "sent") -> dict[str, Any]:
    return {"notification_id": identity, "outcome": outcome, "channel": "email", "attempt": 1}


def request(identity: str, reason: str, *, final: bool = False) -> dict[str, Any]:
    return {"request_id": identity, "campaign": "tv-sport", "reason": reason, "final": final}
