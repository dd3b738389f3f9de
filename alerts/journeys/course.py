"""A course: how far one customer is on one journey, and the row that all courses of a customer lie in. Pure.

One table key a customer, `j/<customer>`, and one timer at the next instant that matters to any of them. A course that
is over is kept until its journey `ends`, so that an event that comes again, or late, is known; of a journey that may
begin anew it is remembered longer, so that a visit booked again under its old id is told as another one. Customers on
no journey have neither. Invariant: the timer in the table is the one that `Row.armed` names.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from msgspec import Struct

from forewarn.alerts.journeys.events import Value
from forewarn.alerts.journeys.journey import Step
from forewarn.stream.engine.unit import Unit

PREFIX = b"j/"
SCHEMA = b"\x01"
#: Name of the timer; its subject is the customer.
DUE = "journey.due"

#: Replies of which is remembered that they were heard.
HEARD = 8


class Course(Struct, frozen=True, array_like=True, omit_defaults=True):
    """One customer on one journey. Instants are epoch ms.

    `time` and `fields` are of the newest event of `subject`, `before` the fields as they were before the last change
    of one that begins the messages anew. It waits for `step` until `due` (empty and 0: it rests), ends at `ends`, and
    is forgotten then, or at `remembered`, when that is later. `open`: steps whose messages are still worth saying.
    `question`: the step whose message, sent at `asked`, asked something. `numbers`: how often a step's message is said
    anew; `entered`: how often a step was.
    """

    journey: str
    subject: str
    incident: str
    time: int
    fields: dict[str, Value]
    ends: int
    before: dict[str, Value] = {}
    step: str = ""
    due: int = 0
    open: tuple[str, ...] = ()
    question: str = ""
    asked: int = 0
    numbers: dict[str, int] = {}
    entered: dict[str, int] = {}
    over: bool = False
    remembered: int = 0

    @property
    def known_until(self) -> int:
        """When (epoch ms) nothing is known of it any more."""
        return max(self.ends, self.remembered)

    def after(self, now: int) -> Course | None:
        """What is kept of it at `now`: all, then that it was and what was said anew, then nothing."""
        if self.ends > now:
            return self
        if self.remembered <= now:
            return None
        rests = {"step": "", "due": 0, "open": (), "question": "", "asked": 0, "over": True}
        return msgspec.structs.replace(self, **rests, ends=self.remembered)

    def value(self, name: str) -> Value | None:
        """A field of the newest event, `time` among them."""
        return self.time if name == "time" else self.fields.get(name)

    @property
    def instants(self) -> dict[str, object]:
        """What moments are counted from."""
        return {**self.fields, "time": self.time}

    def class_of(self, step: Step) -> str | None:
        """The class of a step's message: its own, and from the second time on which time it is."""
        number = self.numbers.get(step.name, 1)
        if number == 1:
            return step.class_ or None
        return f"{step.class_}/{number}" if step.class_ else str(number)


class View(Struct, frozen=True, array_like=True):
    """A look at a help page; `id` is the interaction's."""

    topic: str
    time: int
    id: str


class Row(Struct, frozen=True, array_like=True, omit_defaults=True):
    """All of one customer. `views` are of help pages, `heard` digests of the replies that were taken.

    `waits`: a message waits for an operator to resume sending. `armed`: the timer that is set (epoch ms, 0: none);
    `views_until`: when the views are of no more use.
    """

    courses: tuple[Course, ...] = ()
    views: tuple[View, ...] = ()
    views_until: int = 0
    heard: tuple[bytes, ...] = ()
    waits: bool = False
    armed: int = 0

    def find(self, journey: str, subject: str) -> Course | None:
        """The course of a journey about one thing."""
        return next((one for one in self.courses if (one.journey, one.subject) == (journey, subject)), None)

    def put(self, course: Course) -> Row:
        """The row with a course in place of the one about the same."""
        known = self.find(course.journey, course.subject)
        if known is None:
            return msgspec.structs.replace(self, courses=(*self.courses, course))
        return msgspec.structs.replace(self, courses=tuple(course if one is known else one for one in self.courses))

    def due(self) -> int:
        """The next instant (epoch ms) at which something is to be looked at; 0: none."""
        instants = [min(one.due or one.ends, one.ends) for one in self.courses]
        return min((*instants, *([self.views_until] if self.views else ())), default=0)

    def tidied(self, now: int) -> Row:
        """The row without what is forgotten at `now`."""
        courses = tuple(kept for one in self.courses if (kept := one.after(now)) is not None)
        views = self.views if self.views_until > now else ()
        return msgspec.structs.replace(self, courses=courses, views=views, heard=self.heard if courses else ())


NONE = Row()
ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(Row).decode


def load(unit: Unit, customer: str) -> Row:
    """The customer's row."""
    value = unit.get(PREFIX + customer.encode())
    return DECODE(memoryview(value)[1:]) if value is not None else NONE


def save(unit: Unit, customer: str, row: Row) -> None:
    """Stores a row, if it changed, and sets its timer."""
    key, known = PREFIX + customer.encode(), unit.get(PREFIX + customer.encode())
    due = row.due()
    if due != row.armed:
        if row.armed:
            unit.disarm(row.armed, customer, DUE)
        if due:
            unit.arm(due, customer, DUE)
        row = msgspec.structs.replace(row, armed=due)
    if not (row.courses or row.views):
        if known is not None:
            unit.delete(key)
        return
    value = SCHEMA + ENCODE(row)
    if value != known:
        unit.put(key, value)


def erase(unit: Unit, customer: str) -> None:
    """Forgets the customer."""
    row = load(unit, customer)
    if row.armed:
        unit.disarm(row.armed, customer, DUE)
    if row is not NONE:
        unit.delete(PREFIX + customer.encode())


def digest(identity: str) -> bytes:
    """Stands for a reply's id."""
    return blake2b(identity.encode(errors="surrogatepass"), digest_size=6).digest()
