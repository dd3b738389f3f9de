"""The oracle: holds what a run left behind against what the model asks for, and names every difference."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from tests.faults.generator import COUNT
from tests.faults.model import Model
from tests.faults.seen import Row, Seen

#: What makes two records of a topic the same output, which then must be the same bytes.
IDENTITY: dict[str, Callable[[Row], tuple[object, ...]]] = {
    "usage.alerts": lambda row: (row.read["alert_id"],),
    "notifications": lambda row: (row.read["notification_id"],),
    "notifications.log": lambda row: (row.read["notification_id"], row.read["outcome"], row.read["attempt"]),
    "decisions": lambda row: (row.read["decision_id"],),
    "marketing.approved": lambda row: (row.read["request_id"], row.read["decided"]),
    "marketing.held": lambda row: (row.read["request_id"], row.read["decided"]),
    "outages.revisions": lambda row: (row.read["outage_id"], row.read["revision"]),
}


class Violation(Struct, frozen=True):
    """One broken promise: which, and where."""

    kind: str
    about: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.about}"


class Report(Struct, frozen=True):
    """All violations, and figures beside them."""

    violations: tuple[Violation, ...]
    figures: dict[str, int]

    @property
    def kinds(self) -> set[str]:
        """What sorts of promises were broken."""
        return {violation.kind for violation in self.violations}

    def __str__(self) -> str:
        counts = Counter(violation.kind for violation in self.violations)
        shown = "\n".join(f"  {violation}" for violation in self.violations[:20])
        return f"{dict(counts)} of {self.figures}\n{shown}"


def judge(model: Model, seen: Seen, *, mailed: bool) -> Report:
    """Compares. `mailed`: role deliver ran, so what was to be sent must have been taken by its server."""
    found = [
        *_state(model, seen),
        *_alerts(model, seen),
        *_repeats(seen),
        *_answers(model, seen),
        *_ledger(seen),
        *_outages(model, seen),
        *(_mails(model, seen) if mailed else ()),
    ]
    return Report(tuple(found), _figures(model, seen))


def _figures(model: Model, seen: Seen) -> dict[str, int]:
    used = seen.used
    counted = {meter: amount for meter, amount in model.used.items() if meter[1] == COUNT}
    return {
        "events": model.records,
        "lost": sum(max(0, amount - used.get(meter, 0)) for meter, amount in counted.items()),
        "doubled": sum(max(0, used.get(meter, 0) - amount) for meter, amount in counted.items()),
        "alerts": len(model.crossed),
        "answers": len(model.requests),
        "mails": len(seen.mails),
        "mails twice": seen.mails.total() - len(seen.mails),
        "texts": len(seen.texts),
        "texts twice": seen.texts.total() - len(seen.texts),
        "ambiguous listed": len(_ambiguous(seen)),
        "outputs repeated": sum(len(seen.rows[topic]) - len(_by_identity(seen, topic)) for topic in IDENTITY),
        "zombie units refused": seen.refused_units,
    }


def _state(model: Model, seen: Seen) -> Iterator[Violation]:
    used = seen.used
    for meter in sorted(model.used.keys() | used.keys()):
        if model.used.get(meter, 0) != used.get(meter, 0):
            yield Violation("state", f"{meter} is {used.get(meter, 0)}, the model says {model.used.get(meter, 0)}")


def _alerts(model: Model, seen: Seen) -> Iterator[Violation]:
    """Each threshold once, at the amount at which it was crossed; and a message for it, once."""
    alerts: dict[tuple[str, str, int], set[tuple[str, int]]] = defaultdict(set)
    for row in seen.rows["usage.alerts"]:
        read = row.read
        alerts[row.key.decode(), read["bucket"], read["percent"]].add((read["alert_id"], read["used"]))
    noticed = Counter(
        (row.key.decode(), row.read["incident"].partition("/")[0], int(row.read["class"]))
        for row in _once(seen, "notifications")
        if row.read["kind"] == "usage" and row.read["notification_id"] not in model.notices
    )
    for crossing in sorted(model.crossed.keys() | alerts.keys()):
        amounts = [used for _, used in alerts.get(crossing, ())]
        if amounts != [model.crossed.get(crossing)]:
            yield Violation("alert", f"{crossing} was told at {amounts}, the model says {model.crossed.get(crossing)}")
        if noticed[crossing] != (crossing in model.crossed):
            yield Violation("alert notice", f"{crossing} has {noticed[crossing]} messages")


def _repeats(seen: Seen) -> Iterator[Violation]:
    """An output may repeat; then byte for byte, with the same id."""
    for topic in IDENTITY:
        for identity, forms in _by_identity(seen, topic).items():
            if len(forms) > 1:
                yield Violation("repeat differs", f"{topic} {identity}: {sorted(forms)}")


def _answers(model: Model, seen: Seen) -> Iterator[Violation]:
    """One final answer a request, and none that lets marketing through to a customer without service."""
    final: dict[str, set[bytes]] = defaultdict(set)
    for topic in ("marketing.approved", "marketing.held"):
        for row in seen.rows[topic]:
            if row.read["final"]:
                final[row.read["request_id"]].add(row.value)
    for request in sorted(model.requests.keys() | final.keys()):
        if len(final.get(request, ())) != 1:
            yield Violation("answer", f"request {request} has {len(final.get(request, ()))} final answers")
    for row in _once(seen, "marketing.approved"):
        decided = datetime.fromisoformat(row.read["decided"]).timestamp() * 1000
        for quiet in model.quiet.get(row.key.decode(), ()):
            if quiet.since < decided < quiet.until:
                yield Violation("approved in an outage", f"{row.key.decode()}: {row.value.decode()}")


def _ledger(seen: Seen) -> Iterator[Violation]:
    """`decisions` has a row `sent` for every notification that role decide wrote, and for none besides."""
    rows = _once(seen, "decisions")
    sent = {row.read["subject_id"] for row in rows if row.read["outcome"] == "sent"}
    written = {row.read["notification_id"] for row in seen.rows["notifications"]} if rows else set()
    for notification in sorted(sent ^ written):
        yield Violation("decisions", f"{notification} is in only one of decisions and notifications")


def _outages(model: Model, seen: Seen) -> Iterator[Violation]:
    """Who lost service is told so, and told when it is back: a pair for each outage. Nobody else is told anything."""
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in _once(seen, "notifications"):
        if row.read["kind"] == "outage":
            told[row.key.decode(), row.read["stage"]].add(row.read["incident"])
    for customer in sorted({*model.begun, *(customer for customer, _ in told)}):
        confirmed, restored = told[customer, "confirmed"], told[customer, "restored"]
        if len(confirmed) != model.begun.get(customer, 0):
            yield Violation("outage", f"{customer} had {model.begun.get(customer, 0)}, was told of {sorted(confirmed)}")
        if len(restored) != model.mended.get(customer, 0) or not restored <= confirmed:
            yield Violation("restored", f"{customer}: {sorted(restored)} of {model.mended.get(customer, 0)}")


def _mails(model: Model, seen: Seen) -> Iterator[Violation]:
    """Every message is taken by its server; more than once only if an attempt is listed as ambiguous for it.

    Excused are messages that ended as superseded or expired, and those that a newer one of the same incident overtook
    while it was not known whether they had been taken: `ambiguous` is then their outcome.
    """
    ambiguous = Counter(notification for notification, _ in _ambiguous(seen))
    ended = {
        row.read["notification_id"]
        for row in seen.rows["notifications.log"]
        if row.read["outcome"] in ("superseded", "expired")
    } | (_overtaken(seen) & ambiguous.keys())
    due = {row.read["notification_id"] for row in seen.rows["notifications"]} | model.notices.keys()
    sent = {row.read["notification_id"] for row in seen.rows["notifications.log"] if row.read["outcome"] == "sent"}
    taken = seen.mails + seen.texts
    for notification in sorted(due - ended):
        if not taken[notification]:
            yield Violation("mail", f"{notification} was never taken")
        elif notification not in sent:
            yield Violation("delivery log", f"{notification} has no outcome `sent`")
    for notification, count in sorted(taken.items()):
        if notification not in due:
            yield Violation("mail", f"{notification} was sent, but nobody decided it")
        if count - 1 > ambiguous[notification]:
            yield Violation("mail twice", f"{notification}: taken {count} times, {ambiguous[notification]} ambiguous")


def _overtaken(seen: Seen) -> set[str]:
    """Messages that are not the newest of their customer, kind, incident and channel."""
    newest: dict[tuple[object, ...], str] = {}
    rows = list(_once(seen, "notifications"))
    for row in rows:
        newest[_thread(row)] = row.read["notification_id"]
    return {row.read["notification_id"] for row in rows} - set(newest.values())


def _thread(row: Row) -> tuple[object, ...]:
    return row.key, row.read["kind"], row.read["incident"], row.read["channel"]


def _ambiguous(seen: Seen) -> set[tuple[str, int]]:
    return {
        (row.read["notification_id"], row.read["attempt"])
        for row in seen.rows["notifications.log"]
        if row.read["outcome"] == "ambiguous"
    }


def _by_identity(seen: Seen, topic: str) -> dict[tuple[object, ...], set[bytes]]:
    forms: dict[tuple[object, ...], set[bytes]] = defaultdict(set)
    for row in seen.rows[topic]:
        forms[IDENTITY[topic](row)].add(row.key + b" " + row.value)
    return forms


def _once(seen: Seen, topic: str) -> Iterable[Row]:
    """The rows of a topic without repetitions."""
    return {IDENTITY[topic](row): row for row in seen.rows[topic]}.values()
