"""The HTTP side of a worker: /metrics, /live, /ready."""

from __future__ import annotations

import socket

import aiohttp
import pytest

from forewarn.stream.health import PORTS, listen, serving
from forewarn.stream.metrics import Metrics


async def get(port: int, path: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, answer.content_type, await answer.text()


async def test_a_worker_is_ready_only_once_it_says_so() -> None:
    state = [False]
    listening = listen("127.0.0.1", "decide", 0)
    async with serving(listening, Metrics(), lambda: (state[0], {"role": "decide"})) as port:
        assert (await get(port, "/ready"))[0] == 503
        assert (await get(port, "/live"))[0] == 200
        state[0] = True
        status, kind, body = await get(port, "/ready")
        assert (status, kind, body) == (200, "application/json", '{"ready":true,"role":"decide"}')


async def test_metrics_come_in_the_text_format_of_prometheus() -> None:
    metrics = Metrics()
    metrics.usage_alerts.labels("threshold").inc()
    async with serving(listen("127.0.0.1", "decide", 0), metrics, lambda: (True, {})) as port:
        status, kind, body = await get(port, "/metrics")
    assert (status, kind) == (200, "text/plain")
    assert 'forewarn_usage_alerts_total{kind="threshold"} 1.0' in body


async def test_nothing_else_is_served() -> None:
    async with serving(listen("127.0.0.1", "decide", 0), Metrics(), lambda: (True, {})) as port:
        assert (await get(port, "/table"))[0] == 404


def test_a_second_worker_of_a_role_takes_another_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with listen("127.0.0.1", "decide", 0) as first:
        monkeypatch.setitem(PORTS, "decide", first.getsockname()[1])
        with listen("127.0.0.1", "decide", None) as second:
            assert second.getsockname()[1] not in (0, first.getsockname()[1])


def test_a_port_that_was_asked_for_must_be_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", "decide", taken.getsockname()[1])
