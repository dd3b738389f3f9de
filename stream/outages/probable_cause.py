"""What an alarm says of why: its class, told from probable cause and specific problem. Pure.

Vendors write the same cause in many ways (`lossOfSignal`, `LOSS_OF_SIGNAL`, `los`), so letters and digits alone count.
Source: the probable causes of ITU-T X.733 8.1.2.1 and ITU-T M.3100 (X.721 `probableCause`), and GPON's ITU-T G.984.3
(loss of signal, dying gasp).
"""

from __future__ import annotations

import re

from forewarn.topics.events.network import Alarm
from forewarn.topics.events.outages import AlarmKind

#: Words of light and line. Looked for first: "received optical power low" is no power failure.
_SIGNAL = re.compile(
    r"lossof(signal|light|frame|carrier|optical)|opticalpower|rxpower|receive[dr]?power"
    r"|(fib(re|er)|cable)(cut|break|broken)|degradedsignal|signaldegrade|transmissionerror"
)
_POWER = re.compile(r"power|batter|mains(fail|loss|supply)|rectifier|dyinggasp|acfail|dcfail|blackout|undervoltage")
#: The element's own hardware and software. Looked for last: "power supply unit problem" is one of power.
_EQUIPMENT = re.compile(
    r"equipment(malfunction|failure|problem)|(processor|replaceableunit|linecard|hardware|software|memory)"
    r"(problem|failure|error|fault|missing|malfunction|crash)|(transmitter|receiver|modem|multiplexer)(failure|problem)"
)
_ODD = re.compile(r"[^a-z0-9]+")
_SHORT = {"los": "signal", "lof": "signal", "losi": "signal", "lofi": "signal", "dg": "power", "dgi": "power"}


def alarm_kind(alarm: Alarm) -> AlarmKind:
    """`power`, `signal` or `equipment` when the alarm names such a cause, else `service`."""
    kinds = [kind for text in (alarm.probable_cause, alarm.specific_problem) if text and (kind := _kind(text))]
    telling = [kind for kind in kinds if kind != "equipment"]  # a "malfunction" of what then turns out to be the power
    return next(iter(telling or kinds), "service")


def _kind(text: str) -> AlarmKind | None:
    word = _ODD.sub("", text.lower())
    if (short := _SHORT.get(word)) is not None:
        return "signal" if short == "signal" else "power"
    if _SIGNAL.search(word):
        return "signal"
    if _POWER.search(word):
        return "power"
    return "equipment" if _EQUIPMENT.search(word) else None
