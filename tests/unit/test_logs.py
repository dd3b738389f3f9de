"""Logs: one JSON object a line, and no contact of a customer in any of them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from forewarn.stream.logs import configure, redact

#: Planted in every way a log line can carry a value; none may come out.
CANARIES = ("canary.lane@customers.example", "+49 151 2345 6789", "+441632960961", "0041446681800", "o'hara+x@mail")

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure(stream=stream, role="decide")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.parametrize("canary", CANARIES)
def test_no_canary_gets_out_by_any_way(lines: Lines, canary: str) -> None:
    log, plain = structlog.get_logger("forewarn.test"), logging.getLogger("some.library")
    log.info(f"told {canary}", field=canary, nested={"list": [canary, (canary,)], canary: canary}, raw=canary.encode())
    plain.warning("sending to %s failed", canary, extra={"recipient": canary})
    try:
        raise ValueError(f"cannot reach <{canary}>")
    except ValueError:
        log.exception("failed", arguments={canary})
        plain.exception("failed too")
    written = json.dumps(lines(), ensure_ascii=False)
    assert len(lines()) == 4
    assert canary not in written
    assert canary.replace(" ", "") not in written.replace(" ", "")


def test_fields_that_hold_contacts_are_not_written_whatever_they_look_like(lines: Lines) -> None:
    structlog.get_logger("forewarn").info(
        "sent", to="Otto", text="Dear Otto", contacts={"phone": "12345"}, channel="email"
    )
    (line,) = lines()
    assert "Otto" not in json.dumps(line)
    assert "12345" not in json.dumps(line)
    assert line["channel"] == "email"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T20:15:00+01:00",
        "2026-11-22T20:15:00.123Z",
        "offset 1795386179579 of customers.profiles[3]",
        "unit of 1000000 records in 0.000123456 s",
        "outage 5f0077a1b2c3",
        "lag +1500",
    ],
)
def test_instants_offsets_and_ids_stay_readable(text: str) -> None:
    assert redact(text) == text


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.text(alphabet="ab =:,<>'\"()"))
def test_any_e164_number_is_masked_wherever_it_stands(number: str, around: str) -> None:
    assert number not in redact(f"{around}{number} {around}")


def test_a_line_has_level_time_logger_and_role(lines: Lines) -> None:
    logging.getLogger("forewarn.engine").warning("worker.late by %d s", 3)
    (line,) = lines()
    assert (line["event"], line["level"], line["logger"], line["role"]) == (
        "worker.late by 3 s",
        "warning",
        "forewarn.engine",
        "decide",
    )
    assert line["timestamp"].endswith("Z")


def test_talkative_libraries_are_heard_from_warning_on(lines: Lines) -> None:
    logging.getLogger("aiokafka.consumer").info("chatter")
    logging.getLogger("aiokafka.consumer").warning("trouble")
    assert [line["event"] for line in lines()] == ["trouble"]


def test_the_console_form_is_redacted_too() -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    stream = io.StringIO()
    configure(form="console", stream=stream)
    structlog.get_logger("x").info("told", who=CANARIES[0])
    root.handlers[:] = before
    assert "told" in stream.getvalue()
    assert CANARIES[0] not in stream.getvalue()
