"""The pages of docs/ that are made from the code: topics.md from the catalog, reasons.md, settings.md.

`python -m forewarn.stream.documents` writes them; a test compares them with the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct

from forewarn.alerts import reasons as decisions
from forewarn.stream.settings import ENVIRONMENT_PREFIX, Settings
from forewarn.topics import reasons as inputs
from forewarn.topics.catalog import DAY_MS, TOPICS, Topic

DOCS = Path(__file__).resolve().parents[1] / "docs"

_TOPICS_HEAD = """# Topics

Made from `topics/catalog.py` by `python -m forewarn.stream.documents`; do not edit. The same as an AsyncAPI 3.0
document: `forewarn topics asyncapi`.

- A value is one JSON object in UTF-8. Fields that are not listed here are ignored, after they were checked.
- An *instant* is RFC 3339 text with an offset (`2026-11-22T20:15:00Z`) or an integer of epoch milliseconds; a *date* is
  `2026-11-22`; a field ending in `_s` is in seconds.
- Keys are UTF-8 text and choose the partition by murmur2, as the Java client does. Where a field has the key's name, it
  may be absent; if it is there, it must say the same. The key of `any` means nothing and may be absent.
- A null value deletes its key on a compacted topic. Whatever is no event becomes a dead letter; [reasons](reasons.md)
  lists why.
- Topics of one group have the same number of partitions: `region` and `customer` as `forewarn topics apply` was told,
  `single` one. `explicit`: the writer chooses the partition, not the key.
- Heartbeats, alarms and KPI samples may also be sent as ONAP VES 7 (fault, heartbeat, measurement; one event or an
  `eventList`) or TMF642 alarms, where the key is the region; without a region, to `network.raw`.
"""

_REASONS_HEAD = """# Reasons

Made from the code by `python -m forewarn.stream.documents`; do not edit. A word is never renamed.
"""

_DECISIONS_HEAD = """## Decisions: `reason` in `decisions` and in the gate's answers

The same word is the label `reason` of the metrics `forewarn_decisions_total` and `forewarn_marketing_held_total`, and
the field `reason` of the log line `decided`, which a worker writes for each outcome and reason with the `count` of the
last second.
"""

_SETTINGS_HEAD = """# Settings

Made from `stream/settings.py` by `python -m forewarn.stream.documents`; do not edit. The command line wins over the
environment, that over a file (`--config FILE`, TOML: `smtp_host`, or `host` in a table `[smtp]`). All that is wrong is
said at once, with exit code 78. Passwords and secrets are given as files, which are read when they are used.
"""

_WORDS: dict[Any, str] = {
    str: "text",
    int: "integer",
    float: "number",
    Decimal: "decimal",
    bool: "true or false",
    date: "date",
    datetime: "instant",
    Any: "anything",
}


def pages() -> dict[str, str]:
    """File name in docs/ -> text."""
    return {"topics.md": topics_page(), "reasons.md": reasons_page(), "settings.md": settings_page()}


def settings_page() -> str:
    """Every setting with its environment variable, default and meaning."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "by XDG_STATE_HOME" if field.default_factory is not None else _default(field.default)
        rows.append((f"`{ENVIRONMENT_PREFIX}{name.upper()}`", default, field.description or ""))
    return _SETTINGS_HEAD + "\n" + _table(("variable", "default", "what"), rows) + "\n"


def _default(value: object) -> str:
    return "" if value in (None, "") else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def topics_page() -> str:
    """Every topic with its key, group and retention, then the fields of each kind of event."""
    parts = [_TOPICS_HEAD]
    for direction, title in (("read", "Read"), ("written", "Written"), ("internal", "Internal")):
        rows = [_topic_row(topic) for topic in TOPICS if topic.direction == direction]
        head = ("topic", "key", "group", "clean-up", "kept", "event", "what")
        parts += [f"## {title}\n", _table(head, rows)]
    parts.append("## Fields\n\nA field with `?` may be absent.\n")
    parts += [f"### {kind.__name__}\n\n{_about(kind)}\n\n{_fields(kind)}" for kind in _all_kinds()]
    return "\n".join(parts)


def reasons_page() -> str:
    """The words of dead letters and filtered records, then those of decisions."""
    parts = [_REASONS_HEAD, "## Inputs: `dlq.reason` in `dead.letters`, and records that are filtered\n"]
    return "\n".join([*parts, _reasons(inputs.Reason), _DECISIONS_HEAD, _reasons(decisions.Reason)])


def _reasons(reasons: type[inputs.Reason] | type[decisions.Reason]) -> str:
    return _table(("reason", "meaning"), [(f"`{reason}`", reason.meaning) for reason in reasons])


def _topic_row(topic: Topic) -> tuple[str, ...]:
    kept = "while the key lives" if topic.retention_ms is None else f"{topic.retention_ms // DAY_MS} days"
    kinds = ", ".join(f"[{kind.__name__}](#{kind.__name__.lower()})" for kind in _kinds(topic)) or "bytes"
    group = topic.group if topic.partitioned == "key" else f"{topic.group}, explicit"
    return (f"`{topic.name}`", topic.key, group, topic.cleanup, kept, kinds, topic.about)


def _kinds(topic: Topic) -> tuple[type[Struct], ...]:
    return () if topic.event is None else get_args(topic.event) or (topic.event,)


def _all_kinds() -> Iterator[type[Struct]]:
    """The kinds of all events, and those inside them, each once, in the order of the catalog."""
    seen: list[type[Struct]] = []
    waiting = [kind for topic in TOPICS for kind in _kinds(topic)]
    while waiting:
        kind = waiting.pop(0)
        if kind not in seen:
            seen.append(kind)
            waiting[:0] = [inner for field in msgspec.structs.fields(kind) for inner in _inside(field.type)]
    yield from seen


def _inside(kind: Any) -> Iterator[type[Struct]]:
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
    for inner in get_args(kind):
        if get_origin(kind) is not Literal:
            yield from _inside(inner)


def _about(kind: type[Struct]) -> str:
    return " ".join((kind.__doc__ or "").split())


def _fields(kind: type[Struct]) -> str:
    rows = []
    for field in msgspec.structs.fields(kind):
        optional = field.default is not NODEFAULT or field.default_factory is not NODEFAULT
        rows.append((f"`{field.encode_name}`{'?' * optional}", _words(field.type)))
    return _table(("field", "type"), rows)


def _words(kind: Any) -> str:
    """A type in words."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _words(inner[0])
    if origin is Literal:
        return " ".join(f"`{word}`" for word in inner)
    if origin in (Union, UnionType):
        members = [member for member in inner if member is not NoneType]
        if any(_words(member) == "instant" for member in members):
            return "instant"
        return " or ".join(dict.fromkeys(_words(member) for member in members))
    if origin is tuple:
        return f"list of {_words(inner[0])}" if inner[-1] is Ellipsis else " and ".join(map(_words, inner))
    if origin in (list, dict):
        return f"list of {_words(inner[0])}" if origin is list else f"object of {_words(inner[1])}"
    if isinstance(kind, type) and issubclass(kind, Struct):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return " ".join(f"`{word}`" for word in kind)
    return _WORDS[kind]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> None:
    """Writes the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text)


if __name__ == "__main__":
    main()
