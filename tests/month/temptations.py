"""What tempts Forewarn to say too much: drawn from a simulated world's truth, and written beside its records.

    in.jsonl, truth.jsonl ──> more.jsonl
        of each outage's customers: some text STOP, switch alerts off or on, sleep through its beginning or its end,
        move in or out, are erased, have a second access; campaigns ask for them in the outage and in the lease after it
        of staff: outages that they declare, mute, dismiss and resolve
        of all: bursts of campaigns, usage that rises, is corrected and rises again, quiet hours, and what comes twice

The simulated network stays as it is: what is added concerns customers alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from tests.month.lines import instant

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
#: Of the customers of an outage, how many are tempted in each way: this share, at least one, at most so many.
SHARE, MOST = 0.08, 40
#: Of all records of these topics, how many come once more.
AGAIN: Mapping[str, float] = {
    "marketing.requests": 0.02,
    "billing.bills": 0.05,
    "customers.interactions": 0.2,
    "customers.appointments": 0.1,
    "usage.records": 0.002,
}


class Line(NamedTuple):
    """One record to be written, at `ts` (epoch ms)."""

    ts: int
    number: int
    line: bytes


class Outage(NamedTuple):
    """One outage of the truth; epoch ms."""

    id: str
    element: str
    start: int
    end: int
    devices: frozenset[str]
    customers: tuple[str, ...]


class World(NamedTuple):
    """What a simulated world is, as far as temptations need it. `span` in epoch ms."""

    seed: int
    span: tuple[int, int]
    outages: tuple[Outage, ...]
    profiles: Mapping[str, dict[str, Any]]


def write(truth: Path, records: Path, out: Path) -> int:
    """Writes the temptations of a simulated world; returns how many records they are."""
    world = _world(truth, records)
    lines = Temptations(world).all()
    lines += _again(world, records, len(lines))
    lines.sort()
    with out.open("wb") as file:
        file.writelines(one.line for one in lines)
    return len(lines)


class Temptations:
    """Draws what tempts. Every customer is tempted by one outage at most, so that each story can be read."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lines: list[Line] = []
        self._taken: set[str] = set()
        self._asked = 0
        self._names = tuple(world.profiles)

    def all(self) -> list[Line]:
        """The records, in no order."""
        for outage in self._world.outages:
            self._tempt(Random(f"temptations/{self._world.seed}/{outage.id}"), outage)
        for number, outage in enumerate(self._world.outages):
            self._declared(number, outage)
        self._everyday(Random(f"temptations/{self._world.seed}"))
        return self._lines

    # Around an outage.

    def _tempt(self, random: Random, outage: Outage) -> None:
        ways = (
            self._stops, self._opts_out, self._opts_in, self._sleeps_before, self._sleeps_after, self._moves_away,
            self._is_erased, self._has_two, self._is_asked, self._is_asked,
        )  # fmt: skip
        free = [c for c in outage.customers if c in self._world.profiles and c not in self._taken]
        random.shuffle(free)
        count = min(MOST, max(1, round(len(free) * SHARE)))
        for way in ways:
            for customer in free[:count]:
                self._taken.add(customer)
                way(random, outage, customer)
            del free[:count]
        elsewhere = [c for c in self._world.profiles if c not in self._taken]
        for customer in random.sample(elsewhere, min(count, len(elsewhere))):
            self._moves_in(random, outage, customer)

    def _stops(self, random: Random, outage: Outage, customer: str) -> None:
        """STOP in the middle, twice; and HELP, three times."""
        at = self._within(random, outage)
        for word, ts in (("STOP", at), ("STOP", at + 20_000), ("HELP", at + HOUR)):
            said = {"id": f"{word}-{customer}", "time": at if word == "STOP" else ts, "kind": "reply", "channel": "sms"}
            self._put(ts, "customers.interactions", customer, said | {"text": word})
            self._put(ts + 90_000, "customers.interactions", customer, said | {"text": word})

    def _opts_out(self, random: Random, outage: Outage, customer: str) -> None:
        self._patch(self._within(random, outage), customer, self._alert("outage", enabled=False))

    def _opts_in(self, random: Random, outage: Outage, customer: str) -> None:
        self._patch(outage.start - 2 * HOUR, customer, self._alert("outage", enabled=False))
        self._patch(self._within(random, outage), customer, self._alert("outage", enabled=True))

    def _sleeps_before(self, random: Random, outage: Outage, customer: str) -> None:
        """Quiet from before the beginning until after the end: told neither, or both."""
        last = outage.end + random.choice((10 * MINUTE, 3 * HOUR))
        self._hours(outage.start - 2 * HOUR, customer, outage.start - 30 * MINUTE, last)

    def _sleeps_after(self, random: Random, outage: Outage, customer: str) -> None:
        """Quiet from shortly before the end on."""
        first = max(outage.start + 40 * MINUTE, outage.end - 5 * MINUTE)
        self._hours(outage.start - 2 * HOUR, customer, first, outage.end + 4 * HOUR)

    def _moves_away(self, random: Random, outage: Outage, customer: str) -> None:
        profile = self._world.profiles[customer]
        kept = [s if s["element"] not in outage.devices else s | self._other(random, outage, s["kind"])
                for s in profile["services"]]  # fmt: skip
        self._put(self._within(random, outage), "customers.profiles", customer, profile | {"services": kept})

    def _moves_in(self, random: Random, outage: Outage, customer: str) -> None:
        neighbour = self._world.profiles.get(random.choice(outage.customers)) if outage.customers else None
        if neighbour is None:
            return
        self._taken.add(customer)
        profile = self._world.profiles[customer]
        services = [s | {"service_id": f"{s['service_id']}-new"} for s in neighbour["services"]]
        self._put(self._within(random, outage), "customers.profiles", customer, profile | {"services": services})

    def _is_erased(self, random: Random, outage: Outage, customer: str) -> None:
        self._put(self._within(random, outage), "customers.profiles", customer, None)
        self._put(self._within(random, outage), "customers.subscriptions", customer, None)

    def _has_two(self, random: Random, outage: Outage, customer: str) -> None:
        """A second access for each service that goes down, from before the outage on."""
        profile = self._world.profiles[customer]
        second = [s | self._other(random, outage, s["kind"]) for s in profile["services"]]
        services = [*profile["services"], *second]
        self._put(outage.start - 3 * HOUR, "customers.profiles", customer, profile | {"services": services})

    def _is_asked(self, random: Random, outage: Outage, customer: str) -> None:
        """Campaigns in the outage, at its end, and through the lease after it."""
        for at in (outage.start + 8 * MINUTE, self._within(random, outage), outage.end - MINUTE, outage.end + MINUTE,
                   outage.end + 6 * MINUTE, outage.end + 3 * HOUR, outage.end + 23 * HOUR):  # fmt: skip
            self._ask(random, max(at, outage.start), customer, random.choice((2, 12, 26)) * HOUR)

    def _declared(self, number: int, outage: Outage) -> None:
        """Long after it, staff declare an outage there that the network knows nothing of, and end it by their word."""
        at = outage.end + 5 * HOUR
        self._act(at, outage, "declare")
        if number % 3 == 0:
            self._act(at + 10_000, outage, "mute")
        self._act(at + 40 * MINUTE, outage, "dismiss" if number % 3 == 1 else "resolve")

    def _act(self, ts: int, outage: Outage, action: str) -> None:
        fields = {"id": f"{action}-{outage.id}", "time": ts, "author": "desk", "action": action}
        self._put(ts, "network.field", "desk", fields | {"element": outage.element})

    # Any day.

    def _everyday(self, random: Random) -> None:
        start, end = self._world.span
        free = [c for c in self._world.profiles if c not in self._taken]
        random.shuffle(free)
        for customer in free[: max(4, len(free) // 12)]:
            at = random.randrange(start + HOUR, max(start + 2 * HOUR, end - DAY))
            for number in range(8):
                self._ask(random, at + number * random.randrange(5, 120) * MINUTE, customer, 20 * HOUR)
        for customer in free[-max(4, len(free) // 20) :]:
            self._rises(random, customer)

    def _rises(self, random: Random, customer: str) -> None:
        """Usage crosses thresholds, is corrected, and crosses them again; half of it by night."""
        buckets = {b["bucket"]: b for b in self._world.profiles[customer]["plan"]["buckets"]}
        allowance = buckets.get("data", buckets["voice"])["allowance"]
        bucket = "data" if "data" in buckets else "voice"
        start, end = self._world.span
        at = random.randrange(start + HOUR, max(start + 2 * HOUR, end - DAY))
        if random.random() < 0.5:
            at = self._midnight(at, customer) + 20 * MINUTE
        apart = random.randrange(2, 70) * MINUTE
        for number, (share, kind) in enumerate(((60, "usage"), (-55, "correction"), (55, "usage"), (30, "usage"))):
            ts = at + number * apart
            record = {"record_id": f"rise-{customer}-{number}", "bucket": bucket, "amount": allowance * share // 100,
                      "start": ts - 2_000, "end": ts - 1_000, "kind": kind}  # fmt: skip
            self._put(ts, "usage.records", customer, record)
            self._put(ts + random.randrange(1_000, 10 * MINUTE), "usage.records", customer, record)

    # Words.

    def _within(self, random: Random, outage: Outage) -> int:
        length = outage.end - outage.start
        return outage.start + length // 3 + random.randrange(max(1, length // 2))

    def _midnight(self, at: int, customer: str) -> int:
        """The next midnight of the customer's own (epoch ms), give or take a change of clocks."""
        zone = ZoneInfo(self._world.profiles[customer].get("time_zone") or "UTC")
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
        return at + DAY - (local.hour * 60 + local.minute) * MINUTE

    def _other(self, random: Random, outage: Outage, kind: str) -> dict[str, str]:
        """What serves somebody else in a way that the outage does not touch."""
        while True:
            someone = self._world.profiles[random.choice(self._names)]
            for service in someone["services"]:
                if service["kind"] == kind and service["element"] not in outage.devices:
                    return {"element": service["element"], "region": service["region"]}

    def _alert(self, kind: str, *, enabled: bool) -> dict[str, Any]:
        return {"alerts": [{"kind": kind, "channels": ["email", "sms"], "enabled": enabled}]}

    def _hours(self, ts: int, customer: str, first: int, last: int) -> None:
        zone = ZoneInfo(self._world.profiles[customer].get("time_zone") or "UTC")
        clock = [datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).strftime("%H:%M") for at in (first, last)]
        self._patch(ts, customer, {"quiet_hours": {"start": clock[0], "end": clock[1]}})

    def _patch(self, ts: int, customer: str, items: dict[str, Any]) -> None:
        self._put(ts, "customers.preferences", customer, {"time": ts - 200, "source": "page"} | items)

    def _ask(self, random: Random, ts: int, customer: str, life: int) -> None:
        self._asked += 1
        contacts = self._world.profiles[customer]["contacts"]
        channel = "sms" if "email" not in contacts or ("phone" in contacts and random.random() < 0.3) else "email"
        request = {"request_id": f"t{self._asked:06d}", "time": ts, "campaign": "burst", "channel": channel,
                   "priority": random.randrange(101), "expires": ts + life}  # fmt: skip
        self._put(ts, "marketing.requests", customer, request)
        if random.random() < 0.5:
            self._put(ts + random.choice((500, MINUTE, HOUR)), "marketing.requests", customer, request)

    def _put(self, ts: int, topic: str, customer: str, value: dict[str, Any] | None) -> None:
        ts = max(ts, self._world.span[0])
        if ts < self._world.span[1]:
            self._lines.append(Line(ts, len(self._lines), line(ts, topic, customer, value)))


def line(ts: int, topic: str, key: str, value: dict[str, Any] | None) -> bytes:
    """A record as `kcat -J` prints it."""
    payload = None if value is None else orjson.dumps(value).decode()
    return orjson.dumps({"topic": topic, "ts": ts, "key": key, "payload": payload}, option=orjson.OPT_APPEND_NEWLINE)


def _again(world: World, path: Path, number: int) -> list[Line]:
    """Records that a producer sends once more, some time later."""
    random = Random(f"again/{world.seed}")
    found: list[Line] = []
    shares = {b'{"topic":"' + topic.encode() + b'"': share for topic, share in AGAIN.items()}
    with path.open("rb") as file:
        for raw in file:
            share = shares.get(raw[: raw.index(b",")])
            if share is not None and random.random() < share:
                one = orjson.loads(raw)
                one["ts"] = max(one["ts"], world.span[0]) + random.choice((1, 800, MINUTE, 9 * MINUTE))
                if one["ts"] < world.span[1]:
                    again = orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE)
                    found.append(Line(one["ts"], number + len(found), again))
    return found


def _world(truth: Path, path: Path) -> World:
    """Reads the truth, and the profiles that come before everything else."""
    outages: list[Outage] = []
    about: dict[str, Any] = {}
    with truth.open("rb") as file:
        for raw in file:
            if not raw.startswith((b'{"kind":"world"', b'{"kind":"outage"')):
                continue
            one = orjson.loads(raw)
            if one["kind"] == "world":
                about = one
            else:
                devices, customers = frozenset(one["devices"]), tuple(one["customers"])
                span = instant(one["start"]), instant(one["end"])
                outages.append(Outage(one["id"], one["element"], *span, devices, customers))
    life = instant(about["start"]), instant(about["end"])
    return World(about["seed"], life, tuple(outages), dict(_profiles(path, life[0])))


def _profiles(path: Path, start: int) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open("rb") as file:
        for raw in file:
            if raw.startswith(b'{"topic":"customers.profiles"'):
                one = orjson.loads(raw)
                yield one["key"], orjson.loads(one["payload"])
            elif not raw.startswith(b'{"topic":"network.kpis"') and orjson.loads(raw)["ts"] >= start:
                return
