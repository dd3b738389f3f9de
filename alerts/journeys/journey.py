"""The format of a journey: what starts it, its steps, and what ends it. Data, as it stands in the policy.

    trigger ──> step ──> step ──> step ──> rest ──> ends            the main line, from top to bottom
                  │        ▲
            reply └──> step (on an event) ──> resume                beside it: entered by a reply or an event

    [alerts.journeys.appointment]
    about = "A visit is confirmed, reminded of, and told of when it changes"
    ends = "end + 1d"
    anew = ["start", "end"]
    trigger = { event = "appointment", when = { status = ["booked", "confirmed"] } }

    [[alerts.journeys.appointment.steps]]
    name = "remind_24h"
    at = "start - 24h"
    say = "appointment/remind"
    class = "24h"
    until = "start - 2h"

A step waits (`at` a moment of the event, or for a `wait`), asks whether its conditions hold (`when`), and then says
something (`say`) or only goes on. `check.py` finds what is wrong with a journey, `runner.py` walks it for a customer.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

#: Where a step may lead besides to a step: the journey is over; nothing more until an event; back to where it waited.
END, REST, RESUME = "end", "rest", "resume"
RESERVED = frozenset({END, REST, RESUME})

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Text = Annotated[str, Meta(max_length=80)]
Scalar = bool | int | float | str


class Bound(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A test of one field: a number of at least, at most; or anything but these values."""

    least: float | None = None
    most: float | None = None
    none_of: Annotated[tuple[Scalar, ...], Meta(max_length=40)] = ()


#: What a field must be: this value, one of these, or what `Bound` says.
Test = bool | int | float | str | Annotated[tuple[Scalar, ...], Meta(max_length=40)] | Bound
#: Conditions by field; all must hold.
When = Annotated[dict[str, Test], Meta(max_length=20)]


class Trigger(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What starts a journey: an event of this kind (`events.py`) whose fields are as `when` says.

    `within`: of a `help` event, how long back the views of one topic are counted.
    """

    event: str
    when: When = {}
    within: Text = "1d"


class Step(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"class_": "class"}):
    """One step.

    `on`: it is entered by every event of the journey that is so, and by no step before it. `at`: a moment of the event,
    `start - 24h` (`moments.py`); one that has passed when the step is reached is left out, unless `late`. `wait`: so
    long after the step is reached. `say`: kind and stage of a message, `class` its class, `until` the moment up to
    which it is worth saying. `then` follows it, `otherwise` when its conditions do not hold; both default to the next
    step of the main line, after a step with `on` to `resume`. `replies`: where `yes`, `no` or a `number` that the
    customer answers leads. `at_most`: how often a step that others lead back to is entered.
    """

    name: Name
    on: When = {}
    at: Text = ""
    late: bool = False
    wait: Text = ""
    when: When = {}
    say: Text = ""
    class_: Text = ""
    until: Text = ""
    then: str = ""
    otherwise: str = ""
    replies: dict[str, str] = {}
    at_most: Annotated[int, Meta(ge=1, le=100)] | None = None

    @property
    def kind(self) -> str:
        """The kind of the step's message; empty when it says nothing."""
        return self.say.partition("/")[0]

    @property
    def stage(self) -> str:
        """The stage of the step's message."""
        return self.say.partition("/")[2]


class Journey(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A journey of one customer about one incident, or, of planned work, of all customers of the work.

    `ends`: the moment after which it is forgotten. `exit`: an event of which any of these holds ends it. `anew`: when
    one of these fields changes, what was told before is told again, as another class.
    """

    trigger: Trigger
    steps: Annotated[tuple[Step, ...], Meta(max_length=60)]
    about: Annotated[str, Meta(max_length=200)] = ""
    ends: Text = "time + 30d"
    exit: Annotated[tuple[When, ...], Meta(max_length=20)] = ()
    anew: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    enabled: bool = True

    def step(self, name: str) -> Step | None:
        """The step of that name."""
        return next((step for step in self.steps if step.name == name), None)

    @property
    def main(self) -> tuple[Step, ...]:
        """The main line: the steps that no event enters."""
        return tuple(step for step in self.steps if not step.on)

    def after(self, name: str) -> str:
        """What follows a step that names nothing: the next of the main line, or rest; `resume` beside the line."""
        line = [step.name for step in self.main]
        if name not in line:
            return RESUME
        place = line.index(name) + 1
        return line[place] if place < len(line) else REST
