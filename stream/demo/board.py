"""What the demo's view shows, folded from the topics as anyone may read them. Pure: records and times in, state out.

    topics ──Board.take──> regions, outages, alerts, marketing, rates ──> view.py

Invariant: it shows only what stands in a topic or in the mail server's ledger; it knows nothing of the simulator.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

import msgspec
from msgspec import Struct, field

#: A device counts as heard for this many of the beat intervals that it shows.
HEARD_S = 4.0
#: Lines of news that are kept.
NEWS = 200
#: Rates are taken over this long.
RATE_S = 5.0
_decode = msgspec.json.decode


class _Beat(Struct):
    element: str
    status: str = "up"


_BEATS: msgspec.json.Decoder[_Beat] = msgspec.json.Decoder(_Beat)


class News(Struct, frozen=True):
    """One line of what happened: `at` epoch ms, `sign` for the eye (`!`, `+`, `@`, `%`, `#`), `text`.

    Lines of one `group` that follow each other may be told as one: `many` of them.
    """

    at: int
    sign: str
    text: str
    group: str = ""

    def many(self, count: int) -> News:
        """This line for `count` customers at once."""
        return self if count == 1 else News(self.at, self.sign, f"{count} {self.group}", self.group)


class Outage(Struct):
    """An outage as its newest revision has it."""

    outage_id: str
    state: str
    region: str
    element: str
    devices_down: int
    devices_expected: int
    revision: int
    customers: int = 0
    told: int = 0
    restored_told: int = 0


class Region(Struct):
    """Who was heard in a region, and when: element -> epoch ms."""

    heard: dict[str, int] = field(default_factory=dict)

    def up(self, now: int) -> int:
        """Devices heard lately."""
        return sum(now - at <= HEARD_S * 1000 for at in self.heard.values())


class Alert(Struct, frozen=True):
    """A usage alert, in short."""

    at: int
    customer: str
    bucket: str
    percent: float


class Board:
    """The state of the view. All times are epoch ms."""

    def __init__(self) -> None:
        self.regions: dict[str, Region] = {}
        self.outages: dict[str, Outage] = {}
        self.alerts: deque[Alert] = deque(maxlen=50)
        self.news: deque[News] = deque(maxlen=NEWS)
        self.said = 0
        self.mails: Counter[str] = Counter()
        self.held: dict[str, str] = {}
        self.held_ever: set[str] = set()
        self.released: set[str] = set()
        self.approved = 0
        self.dead_letters = 0
        self.counts: Counter[str] = Counter()
        self._ticks: deque[tuple[int, Counter[str]]] = deque()
        self._mailed: set[str] = set()
        self._readers = {
            "network.heartbeats": self._beat,
            "outages.revisions": self._revision,
            "usage.alerts": self._alert,
            "notifications": self._notification,
            "notifications.log": self._delivery,
            "marketing.held": self._held,
            "marketing.approved": self._approved,
            "dead.letters": self._dead_letter,
        }
        self._notifications: dict[str, tuple[str, str, str]] = {}

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that feed it, besides those that are only counted."""
        return tuple(self._readers)

    def take(self, topic: str, at: int, key: bytes | None, value: bytes | None) -> None:
        """Takes one record; `topic` is the catalog's name, `at` its broker time."""
        self.counts[topic] += 1
        read = self._readers.get(topic)
        if read is None or value is None:
            return
        try:
            read(at, (key or b"").decode(), value)
        except (msgspec.DecodeError, KeyError, TypeError, UnicodeDecodeError):
            self.counts["unreadable"] += 1

    def tick(self, now: int) -> None:
        """Remembers the counts for `rate`."""
        self._ticks.append((now, self.counts.copy()))
        while len(self._ticks) > 2 and now - self._ticks[1][0] >= RATE_S * 1000:
            self._ticks.popleft()

    def rate(self, *topics: str) -> float:
        """Records a second of some topics over the last seconds."""
        if len(self._ticks) < 2:
            return 0.0
        (start, before), (end, after) = self._ticks[0], self._ticks[-1]
        seconds = max(0.001, (end - start) / 1000)
        return sum(after[topic] - before[topic] for topic in topics) / seconds

    def open_outages(self) -> list[Outage]:
        """Outages that are not over, newest last; then what was restored, as long as it is not closed."""
        return [outage for outage in self.outages.values() if outage.state not in ("closed", "dismissed", "merged")]

    # -- topics -----------------------------------------------------------------------------------------------------

    def _beat(self, at: int, key: str, value: bytes) -> None:
        beat = _BEATS.decode(value)
        if beat.status == "up":
            self.regions.setdefault(key, Region()).heard[beat.element] = at

    def _revision(self, at: int, key: str, value: bytes) -> None:
        row: dict[str, Any] = _decode(value)
        known = self.outages.get(row["outage_id"])
        if known is not None and known.revision >= row["revision"]:
            return
        names = ("outage_id", "state", "region", "element", "devices_down", "devices_expected", "revision")
        outage = Outage(**{name: row[name] for name in names}, customers=row.get("customers") or 0)
        if known is not None:
            outage.told, outage.restored_told = known.told, known.restored_told
        if known is None or known.state != outage.state:
            where = f"{outage.element} in {outage.region}"
            self._say(at, "!" if outage.state in ("suspected", "confirmed") else "+", f"outage {outage.state}: {where}")
        self.outages[outage.outage_id] = outage

    def _alert(self, at: int, key: str, value: bytes) -> None:
        row: dict[str, Any] = _decode(value)
        self.alerts.append(Alert(at, key, row["bucket"], row["percent"]))
        text = f"used {row['percent']:g} % of {row['bucket']}"
        self._say(at, "%", f"{key} {text}", f"customers {text}")

    def _notification(self, at: int, key: str, value: bytes) -> None:
        row: dict[str, Any] = _decode(value)
        self._notifications[row["notification_id"]] = (row["kind"], row["stage"], row["incident"])

    def _delivery(self, at: int, key: str, value: bytes) -> None:
        row: dict[str, Any] = _decode(value)
        identity = row["notification_id"]
        if row["outcome"] != "sent" or identity in self._mailed:
            return
        self._mailed.add(identity)
        kind, stage, incident = self._notifications.get(identity, ("?", "?", "?"))
        self.mails[f"{kind} {stage}"] += 1
        self._say(at, "@", f"{key} was mailed: {kind} {stage}", f"customers were mailed: {kind} {stage}")
        if (outage := self.outages.get(incident)) is not None:
            outage.told += stage == "confirmed"
            outage.restored_told += stage == "restored"

    def _held(self, at: int, key: str, value: bytes) -> None:
        row: dict[str, Any] = _decode(value)
        identity = row["request_id"]
        if row["final"]:
            self.held.pop(identity, None)
        else:
            if identity not in self.held_ever:
                reason = row["reason"]
                self._say(at, "#", f"{row['campaign']} to {key} is held: {reason}", f"campaigns are held: {reason}")
            self.held[identity] = row["reason"]
            self.held_ever.add(identity)

    def _approved(self, at: int, key: str, value: bytes) -> None:
        row: dict[str, Any] = _decode(value)
        self.approved += 1
        if self.held.pop(row["request_id"], None) is not None:
            self.released.add(row["request_id"])
            self._say(at, "#", f"{row['campaign']} to {key} is released", "marketing requests are released")

    def _dead_letter(self, at: int, key: str, value: bytes) -> None:
        self.dead_letters += 1

    def since(self, said: int) -> list[News]:
        """The news after the first `said` ones, as far as they are kept."""
        new = min(self.said - said, len(self.news))
        return list(self.news)[len(self.news) - new :]

    def _say(self, at: int, sign: str, text: str, group: str = "") -> None:
        self.said += 1
        self.news.append(News(at, sign, text, group))
