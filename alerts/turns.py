"""Turns: how often an incident has come back, as the class of its messages says it. Pure.

    outage   -            reopened-1      reopened-1/2 (the second re-estimate of that turn)
    work     72h          moved-1         72h/moved-1

A class is a part of what makes a message unique, so what is said of another turn is another message.
"""

from __future__ import annotations

import re

#: Class of what is said when an outage has come back, or planned work was moved: how often, and which of several of one
#: stage it is.
TURN = re.compile(r"(?:^|/)(?:reopened|moved)-(\d+)(?:/\d+)?$")


def reopening(turn: int, number: int | None = None) -> str | None:
    """The class of a message when an outage has come back `turn` times; with `number`, of one of several of a stage."""
    if number is None:
        return f"reopened-{turn}" if turn else None
    return f"reopened-{turn}/{number}" if turn else str(number)


def turn_of(class_: str | None) -> int:
    """How often the outage had come back, or the work was moved, before the message of this class."""
    found = TURN.search(class_ or "")
    return int(found[1]) if found is not None else 0
