"""Truths and outputs made by hand. Times are minutes since midnight of 2026-01-05, a region is `r1`, `r2`, …"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from forewarn.topics.instants import to_rfc3339

MIDNIGHT, MINUTE = 1_767_571_200_000, 60_000
Json = dict[str, object]


def at(minute: float) -> int:
    return MIDNIGHT + round(minute * MINUTE)


def text(minute: float) -> str:
    return to_rfc3339(at(minute))


def homes(element: str, count: int = 10) -> list[str]:
    """The devices behind an element."""
    return [f"{element}-onu-{number}" for number in range(count)]


def world(*, hours: float = 24, regions: int = 3, seed: int = 1) -> Json:
    return {
        "kind": "world",
        "seed": seed,
        "start": text(0),
        "end": text(hours * 60),
        "interval_s": 60.0,
        "customers": 100,
        "regions": {f"r{number}": 100 for number in range(1, regions + 1)},
    }


def outage(name: str, element: str, start: float, end: float, *, devices: Sequence[str] = (), **more: object) -> Json:
    """A real one at `element`, named `<region>-…`."""
    down = list(devices) or homes(element)
    head = {"kind": "outage", "what": "fibre_cut", "cause": "fibre", "id": name, "region": element.split("-")[0]}
    return head | {
        "element": element,
        "start": text(start),
        "end": text(end),
        "devices": down,
        "serving": down,
        "customers": [f"C-{device}" for device in down],
        "share": 1.0,
        "share_of_region": 0.1,
    } | more  # fmt: skip


def silent(reason: str, element: str, start: float, end: float, *, devices: Sequence[str] = (), **more: object) -> Json:
    down = list(devices) or homes(element)
    return {
        "kind": "silent",
        "reason": reason,
        "id": f"{reason}-1",
        "region": element.split("-")[0],
        "element": element,
        "start": text(start),
        "end": text(end),
        "devices": down,
    } | more


def said(
    outage_id: str, element: str, *states: tuple[float, str], down: Sequence[str] = (), **more: object
) -> list[Json]:
    """The revisions of one outage: (minute, state) each."""
    devices = list(down) or homes(element)
    return [
        {
            "outage_id": outage_id,
            "revision": number,
            "time": text(minute),
            "state": state,
            "region": element.split("-")[0],
            "element": element,
            "started": text(states[0][0] - 3),
            "devices_down": len(devices),
            "devices_expected": len(devices),
            "elements_total": len(devices),
            "elements": devices if state in ("suspected", "confirmed", "unknown", "planned") else None,
            "evidence": [{"detector": "liveness", "value": 1e-9, "threshold": 1e-6, "window_s": 300}],
            **more,
        }
        for number, (minute, state) in enumerate(states, 1)
    ]


def life(outage_id: str, element: str, start: float, end: float, **more: object) -> list[Json]:
    """What is said about an outage when all goes well: suspected 3 min after its start, confirmed 4.5."""
    return said(
        outage_id,
        element,
        (start + 3, "suspected"),
        (start + 4.5, "confirmed"),
        (end + 0.5, "monitoring"),
        (end + 5.5, "restored"),
        (end + 35.5, "closed"),
        **more,  # type: ignore[arg-type]
    )


def notice(customer: str, minute: float, incident: str, *, kind: str = "outage", stage: str = "confirmed",
           **more: object) -> tuple[str, Json]:  # fmt: skip
    value: Json = {
        "notification_id": f"{incident}/{customer}/{stage}/{more.get('class', '')}/{minute}",
        "time": text(minute),
        "kind": kind,
        "stage": stage,
        "incident": incident,
        "channel": "email",
        "to": "a@example.com",
        "locale": "en",
        "text": "…",
        "valid_until": text(minute + 60),
        "critical": False,
    }
    return customer, value | more


def truth_file(path: Path, *lines: Json) -> Path:
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return path


def output_file(
    path: Path,
    revisions: Sequence[Json] = (),
    notices: Sequence[tuple[str, Json]] = (),
    alerts: Sequence[tuple[str, Json]] = (),
) -> Path:
    """A file of kcat lines as a replay writes them."""
    records = [("outages.revisions", str(r["outage_id"]), r) for r in revisions]
    records += [("notifications", customer, value) for customer, value in notices]
    records += [("usage.alerts", customer, value) for customer, value in alerts]
    with path.open("wb") as file:
        for offset, (topic, key, value) in enumerate(records):
            line = {"topic": topic, "partition": 0, "offset": offset, "ts": MIDNIGHT, "key": key,
                    "payload": orjson.dumps(value).decode()}  # fmt: skip
            file.write(orjson.dumps(line) + b"\n")
    return path
