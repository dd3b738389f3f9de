"""Answering: what customers reply to what they were asked, for the operator and for the journey that asked.

    customers.interactions: reply "JA"  ─┐   the newest open question that such an answer fits,
                            survey, 9   ─┴─> or the one that its case or topic names
                                               ├─ `customers.answers`: agreed | declined | scored
                                               └─ the journey goes on where its step says

The row in `customers.answers` is how the operator's systems learn of it: it names the appointment (`incident`) and what
was asked. Invariant: a reply is taken once, and an answer to a survey that nobody asked for here is counted, too; no
row holds what the customer wrote.
"""

from __future__ import annotations

import msgspec

from forewarn.alerts.journeys import course as courses
from forewarn.alerts.journeys.answers import MOST, Answer, answer
from forewarn.alerts.journeys.course import HEARD, Course, Row
from forewarn.alerts.journeys.journey import Step
from forewarn.alerts.journeys.runner import Journeys
from forewarn.alerts.ledger import Answered, Ledger
from forewarn.alerts.reasons import Reason
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.customers import Interaction
from forewarn.topics.instants import to_ms, to_rfc3339

_REASONS = {"yes": Reason.AGREED, "no": Reason.DECLINED, "number": Reason.SCORED}


class Answering:
    """The answers of one partition's customers."""

    def __init__(self, journeys: Journeys, ledger: Ledger) -> None:
        self.journeys = journeys
        self.ledger = ledger

    def take(self, unit: Unit, customer: str, event: Interaction) -> None:
        """Takes a reply, or the answer to a survey."""
        said = _answer(event)
        if said is None:
            return
        row = courses.load(unit, customer)
        heard = courses.digest(event.id)
        if heard in row.heard:
            return
        course = _asked(self.journeys, row, event, said)
        if course is not None:
            row = msgspec.structs.replace(row, heard=(*row.heard, heard)[-HEARD:])
            self._answered(unit, customer, row, course, event, said)
        elif event.kind == "survey":
            self._unasked(unit, customer, event, said)

    def _answered(self, unit: Unit, customer: str, row: Row, course: Course, event: Interaction, said: Answer) -> None:
        found = self.journeys.asked(unit, customer, course)
        assert found is not None  # its question is open
        step, message = found
        about = Answered(
            reply=event.id,
            time=to_ms(event.time),
            kind=step.kind,
            stage=step.stage,
            channel=event.channel or (message.channel if message is not None else None),
            incident=course.incident,
            notification=message.id if message is not None else None,
        )
        evidence = _evidence(course, step, said)
        self.ledger.answered(unit, customer, about=about, reason=_REASONS[said.word], evidence=evidence)
        self.journeys.answer(unit, customer, row, course, said.word)

    def _unasked(self, unit: Unit, customer: str, event: Interaction, said: Answer) -> None:
        """A score that came by itself, from a page for one."""
        about = Answered(event.id, to_ms(event.time), "survey", "asked", event.channel, event.case_id)
        evidence = {"score": said.number, "about": event.topic or "", "asked": False}
        self.ledger.answered(unit, customer, about=about, reason=Reason.SCORED, evidence=evidence)


def _answer(event: Interaction) -> Answer | None:
    if event.kind == "survey" and event.score is not None:
        score = round(event.score)
        return Answer("number", score) if 0 <= score <= MOST else None
    return answer(event.text or "") if event.kind in ("reply", "survey") else None


def _asked(journeys: Journeys, row: Row, event: Interaction, said: Answer) -> Course | None:
    """The course whose open question is answered: the one that the event names, else the one that asked last."""
    fitting = [one for one in row.courses if said.word in _replies(journeys, one)]
    named = [one for one in fitting if one.incident in (event.case_id, event.topic)]
    return max(named or fitting, key=lambda one: (one.asked, one.journey, one.subject), default=None)


def _replies(journeys: Journeys, course: Course) -> dict[str, str]:
    journey = journeys.journeys.get(course.journey)
    step = journey.step(course.question) if journey is not None and course.question else None
    return step.replies if step is not None else {}


def _evidence(course: Course, step: Step, said: Answer) -> dict[str, object]:
    """What was asked and answered; of an appointment also which time."""
    evidence: dict[str, object] = {"answer": said.word, "journey": course.journey, "step": step.name}
    if said.number is not None:
        about = "outage" if "outage_id" in course.fields else "appointment" if "appointment_id" in course.fields else ""
        evidence |= {"score": said.number, "about": about}
    for name in ("start", "end"):
        if isinstance(at := course.fields.get(name), int):
            evidence[name] = to_rfc3339(at)
    return evidence
