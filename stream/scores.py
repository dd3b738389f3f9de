"""Scores: what an answer to a survey in `customers.answers` says, as far as a metric may know of it."""

from __future__ import annotations

import msgspec
from msgspec import Struct

#: What surveys are about; everything else is `other`, so that labels are few.
ABOUT = frozenset({"outage", "appointment"})


class _Evidence(Struct):
    score: int
    about: str = ""


class _Row(Struct):
    evidence: _Evidence


_ROWS = msgspec.json.Decoder(_Row)


def score_of(row: bytes | None) -> tuple[str, int] | None:
    """What the survey was about, and the score; None for a row that holds none."""
    try:
        evidence = _ROWS.decode(row or b"null").evidence
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return evidence.about if evidence.about in ABOUT else "other", evidence.score
