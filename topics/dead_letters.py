"""Dead letters: inputs that are no events, kept with their own bytes, where they came from and what was wrong.

    records -> Codec.decode -> Malformed -> dead_letter -> `dead.letters`

Invariant: key and value are the record's own bytes, unchanged, unless a header says otherwise (`dlq.null`: a null that
is written as empty; `dlq.truncated`: the lengths they had before they were cut).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from forewarn.stream.engine.unit import Output
from forewarn.topics.instants import to_rfc3339
from forewarn.topics.reasons import Reason

if TYPE_CHECKING:
    from forewarn.stream.engine.role import Record

__all__ = ["DEAD_LETTERS", "INPUT_LIMIT", "LETTER_LIMIT", "Malformed", "Reason", "dead_letter"]

DEAD_LETTERS = "dead.letters"
#: The largest record batch of an input topic, in bytes (Kafka's own default for `max.message.bytes`).
INPUT_LIMIT = 1_048_588
#: Key and value that a dead letter carries, together in bytes. A compressed input may inflate beyond it.
LETTER_LIMIT = 2 * INPUT_LIMIT
#: What is kept of the key when both are cut.
_KEY_LIMIT = 32_768
_PATH_LIMIT = 1_024


class Malformed(Struct, frozen=True):
    """A record that is no event of its topic: why, and the JSON path of the first thing wrong (`$`: all of it)."""

    record: Record
    reason: Reason
    path: str = "$"


def dead_letter(topic: str, partition: int, malformed: Malformed, now: int) -> Output:
    """The dead letter of one record of `topic` (catalog name); `now` is epoch ms.

    It is partitioned by its key like any record; without a key it goes to partition 0.
    """
    record = malformed.record
    key, value = record.key or b"", record.value or b""
    kept_key = key if len(key) + len(value) <= LETTER_LIMIT else key[:_KEY_LIMIT]
    kept_value = value[: LETTER_LIMIT - len(kept_key)]
    headers = [
        ("dlq.topic", topic.encode()),
        ("dlq.partition", b"%d" % partition),
        ("dlq.offset", b"%d" % record.offset),
        ("dlq.reason", malformed.reason.encode()),
        ("dlq.path", _short(malformed.path)),
        ("dlq.time", to_rfc3339(now).encode()),
    ]
    if nulls := [part for part, null in ((b"key", record.key is None), (b"value", record.value is None)) if null]:
        headers.append(("dlq.null", b",".join(nulls)))
    if len(kept_key) + len(kept_value) < len(key) + len(value):
        headers.append(("dlq.truncated", b"key=%d,value=%d" % (len(key), len(value))))
    return Output(DEAD_LETTERS, kept_key, kept_value, None if key else (0,), tuple(headers))


def _short(path: str) -> bytes:
    """A path may hold names from the record: it is cut between letters, and halves of surrogate pairs are spelled."""
    whole = path.encode(errors="backslashreplace")
    return whole if len(whole) <= _PATH_LIMIT else whole[:_PATH_LIMIT].decode(errors="ignore").encode()
