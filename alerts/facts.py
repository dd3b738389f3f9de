"""Facts: a context as the finished texts that templates may say, in the reader's language and local time.

    context ──> facts(context, speech) ──> {"place": "Linden", "started": "3:30 pm on November 22", "etr": "", …}

What is not known is an empty text, and so is a flag that is down. Invariant: contexts of one type give the same names
in the same order (`frame.py` relies on it), and no fact holds a control character but an operator's own line breaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from forewarn.alerts.contexts import (
    AppointmentContext,
    BillContext,
    ChoiceContext,
    Context,
    ContractContext,
    JourneyContext,
    MaintenanceContext,
    OfferContext,
    OutageContext,
    Suggestion,
    SurveyContext,
    UsageContext,
)
from forewarn.alerts.journeys.events import COMMON, EVENTS, Field
from forewarn.alerts.wording import Speech

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

#: Lines of a bill that a message names.
LINES = 3


def facts(context: Context, speech: Speech) -> dict[str, str]:
    """The context as finished texts: all that a template can see."""
    return _FACTS[type(context)](context, speech)


def outage_facts(context: OutageContext, speech: Speech) -> dict[str, str]:
    """`place`, `started`, `restored`, `duration`, `cause`, `etr`, `promised`, `words` (an operator's).

    Of `etr` and `promised` there is the time, as in "by 4:30 pm".
    """
    place = speech.listing((context.place, *context.also)) if context.also and context.place else context.place
    started, restored, etr, promised = context.started, context.restored, context.etr, context.promised
    return {
        "place": one_line(place),
        "started": speech.moment(started),
        "restored": speech.time(restored, same_day_as=started) if restored is not None else "",
        "duration": speech.duration(restored - started) if restored is not None else "",
        "cause": one_line(speech.cause(context.cause)),
        "etr": speech.time(etr, same_day_as=started) if etr is not None else "",
        "promised": speech.time(promised, same_day_as=started) if promised is not None else "",
        "words": (context.text or "").strip(),
    }


def maintenance_facts(context: MaintenanceContext, speech: Speech) -> dict[str, str]:
    """`place`, `start`, `end`, `window`, `short` (the window for a text message), `before` and `before_short` (the
    window announced before), `reason`, `expected`, `ended`, `words`."""
    start, end = context.start, context.end
    before = _window(speech, context.previous_start, context.previous_end)
    return {
        "place": one_line(context.place),
        "start": speech.moment(start),
        "end": speech.time(end, same_day_as=start),
        "window": speech.window(start, end),
        "short": speech.window(start, end, short=True),
        "before": before[0],
        "before_short": before[1],
        "reason": one_line(context.reason or ""),
        "expected": speech.time(context.expected, same_day_as=start) if context.expected is not None else "",
        "ended": speech.time(context.ended, same_day_as=start) if context.ended is not None else "",
        "words": (context.text or "").strip(),
    }


def usage_facts(context: UsageContext, speech: Speech) -> dict[str, str]:
    """`bucket`, `percent`, `used`, `allowance`, `left`, `renews` (a date), `over` (nothing is left), `runs_out` (a
    date), `offer` with `price` and `top_up`."""
    left = context.allowance - context.used
    return {
        "bucket": one_line(speech.bucket(context.bucket)),
        "percent": speech.percent(context.percent),
        "used": speech.amount(context.used, context.unit),
        "allowance": speech.amount(context.allowance, context.unit),
        "left": speech.amount(max(left, left - left), context.unit),
        "renews": speech.day(context.cycle_end),
        "over": "over" if left <= 0 else "",
        "runs_out": speech.day(context.runs_out) if context.runs_out is not None else "",
        **_suggested(context.offer, speech),
    }


def appointment_facts(context: AppointmentContext, speech: Speech) -> dict[str, str]:
    """`visit` (what it is called), `window`, `short`, `day`, `from`, `to`, `before`, `before_short`, `instructions`;
    where it is: `home`, `store`, `call`."""
    start, end = context.start, context.end
    window, short = _window(speech, start, end)
    before = _window(speech, context.previous_start, context.previous_end)
    return {
        "visit": speech.visit(context.kind),
        "window": window,
        "short": short,
        "day": speech.weekday(start) if start is not None else "",
        "from": speech.time(start, same_day_as=start) if start is not None else "",
        "to": speech.time(end, same_day_as=end if start is None else start) if end is not None else "",
        "before": before[0],
        "before_short": before[1],
        "instructions": (context.instructions or "").strip(),
        "home": "home" if context.kind in ("technician", "install") else "",
        "store": "store" if context.kind == "store" else "",
        "call": "call" if context.kind == "callback" else "",
    }


def bill_facts(context: BillContext, speech: Speech) -> dict[str, str]:
    """`amount`, `usual`, `more` (the difference), `due` (a date), `line_1` with `change_1` (signed), and so to 3."""
    lines = [*context.differences[:LINES], *[("", 0)] * (LINES - len(context.differences))]
    said = {
        "amount": speech.money(context.amount, context.currency),
        "usual": speech.money(context.usual, context.currency),
        "more": speech.money(float(context.amount) - float(context.usual), context.currency),
        "due": speech.day(context.due) if context.due is not None else "",
    }
    for number, (name, change) in enumerate(lines, 1):
        said[f"line_{number}"] = one_line(name)
        said[f"change_{number}"] = speech.change(change, context.currency) if name else ""
    return said


def contract_facts(context: ContractContext, speech: Speech) -> dict[str, str]:
    """`ends` (a date with its year), `plan`, how it fitted: `over`, `under`, `fits`; `offer`, `price`, `top_up`."""
    return {
        "ends": speech.full_day(context.ends),
        "plan": one_line(context.plan),
        **{use: use if context.use == use else "" for use in ("over", "under", "fits")},
        **_suggested(context.suggestion, speech),
    }


def survey_facts(context: SurveyContext, speech: Speech) -> dict[str, str]:
    """`outage` or `visit` says about what, `day` when, `place` where."""
    return {
        "outage": "outage" if context.about == "outage" else "",
        "visit": "visit" if context.about == "appointment" else "",
        "day": speech.day(context.time),
        "place": one_line(context.place),
    }


def offer_facts(context: OfferContext, speech: Speech) -> dict[str, str]:
    """`bucket`, `until` (a date), `offer`, `price`, `top_up`."""
    return {
        "bucket": one_line(speech.bucket(context.bucket)) if context.bucket else "",
        "until": speech.day(context.until) if context.until is not None else "",
        **_suggested(context.suggestion, speech),
    }


def choice_facts(context: ChoiceContext, speech: Speech) -> dict[str, str]:
    """Nothing: the stage says it all."""
    return {}


#: All fields of all events: contexts of one type give the same names. Events that share a name share its type.
_FIELDS: dict[str, Field] = COMMON | {name: one for event in EVENTS.values() for name, one in event.fields.items()}


def journey_facts(context: JourneyContext, speech: Speech) -> dict[str, str]:
    """Every field of its event by name: an instant as time and date, with `_day` added to its name as a date alone.

    `amount` and `price` are money if the event names a currency; `visit` is what an appointment is called. A flag that
    is up is its own name.
    """
    said: dict[str, str] = {}
    for name, field in _FIELDS.items():
        value = context.fields.get(name)
        if field.type == "instant":
            said[name] = speech.moment(int(value)) if value is not None else ""
            said[f"{name}_day"] = speech.day(int(value)) if value is not None else ""
        elif field.type == "number":
            said[name] = speech.number(float(value)) if value is not None else ""
        elif field.type == "flag":
            said[name] = name if value else ""
        else:
            said[name] = one_line(str(value)) if value is not None else ""
    for name in ("amount", "price"):
        if said[name] and said["currency"]:
            said[name] = speech.money(float(context.fields[name]), said["currency"])
    return said | {"visit": speech.visit(said["kind"]) if "appointment_id" in context.fields else ""}


_FACTS: dict[type[Context], Callable[..., dict[str, str]]] = {
    OutageContext: outage_facts,
    MaintenanceContext: maintenance_facts,
    UsageContext: usage_facts,
    AppointmentContext: appointment_facts,
    BillContext: bill_facts,
    ContractContext: contract_facts,
    SurveyContext: survey_facts,
    OfferContext: offer_facts,
    ChoiceContext: choice_facts,
    JourneyContext: journey_facts,
}


def one_line(text: str) -> str:
    """The text with controls and line breaks as spaces, so that a name cannot break a line of its own."""
    return CONTROLS.sub(" ", text).strip()


def _suggested(offer: Suggestion | None, speech: Speech) -> dict[str, str]:
    return {
        "offer": one_line(offer.name) if offer is not None else "",
        "price": speech.money(offer.price, offer.currency) if offer is not None else "",
        "top_up": "top_up" if offer is not None and offer.kind == "top_up" else "",
    }


def _window(speech: Speech, start: int | None, end: int | None) -> tuple[str, str]:
    if start is None or end is None:
        return "", ""
    return speech.window(start, end), speech.window(start, end, short=True)
