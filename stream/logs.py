"""Structured logs on stderr, one JSON object a line, without personal data.

Forewarn's own lines and those of every library pass through the same processors. Invariant: telephone numbers and
e-mail addresses are masked in every string of a line, exceptions included, and fields that by name hold a contact or a
text to a customer are not written at all. Instants, offsets and ids stay readable.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import orjson
import structlog

#: An e-mail address (RFC 5322 atoms; the domain may be a bare host).
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)*")
#: An E.164 number: + or 00, then 7 to 15 digits, as people write them. `+01:00` of an instant is none.
_NUMBER = re.compile(r"(?:\+|(?<![\w.])00)[1-9](?:[ ().-]{0,2}\d){6,14}(?!\w)")
#: Fields that hold contacts or what a customer is told, whatever they look like.
_PERSONAL = frozenset(
    [
        *("to", "email", "phone", "push", "webhook", "contact", "contacts", "address", "name"),
        *("subject", "text", "html", "body", "content", "password", "secret", "payload"),
    ]
)
_MASK = "[redacted]"
#: Libraries that talk a lot.
_QUIET = ("aiokafka", "faust", "mode", "aiohttp.access", "asyncio", "mail.log")


def redact(text: str) -> str:
    """The text with telephone numbers and e-mail addresses masked."""
    return _NUMBER.sub(_MASK, _ADDRESS.sub(_MASK, text))


def configure(level: str = "info", form: str = "json", *, stream: TextIO | None = None, **always: str) -> None:
    """Sets up logging for this process. `form` is `json` or `console`; `always` are fields of every line (role)."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=False) if form == "console" else structlog.processors.JSONRenderer(_dump)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _with(always), _redact_line, renderer],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _with(always: Mapping[str, str]) -> structlog.typing.Processor:
    def add(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line.update(always)
        return line

    return add


def _redact_line(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _MASK if key in _PERSONAL else _redacted(value) for key, value in line.items()}


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, Mapping):
        return {redact(str(key)): _MASK if str(key) in _PERSONAL else _redacted(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(inner) for inner in value]
    return redact(value.decode(errors="replace") if isinstance(value, bytes) else str(value))


def _dump(line: Any, **_: Any) -> str:
    return orjson.dumps(line).decode()
