"""Serves /metrics, /live and /ready of one worker, on an address of its own.

Live means that the event loop turns; readiness that every owned partition is restored and folding. The answers hold no
personal data, but the address is still private by default.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web
from prometheus_client.exposition import choose_encoder

from forewarn.stream.metrics import Metrics

#: Ports of the roles, when no setting names another.
PORTS = {"detect": 9101, "correlate": 9102, "decide": 9103, "deliver": 9104, "ingest": 9105}

logger = logging.getLogger("forewarn.health")

#: Whether the worker is ready, and what to say about it.
Readiness = Callable[[], tuple[bool, dict[str, Any]]]


def listen(bind: str, role: str, port: int | None) -> socket.socket:
    """A listening socket. A port that was asked for must be free; the role's own may be taken by another worker of it.

    Raises OSError.
    """
    wanted = PORTS[role] if port is None else port
    try:
        return _bound(bind, wanted)
    except OSError:
        if port is not None:
            raise
        listening = _bound(bind, 0)
        logger.warning("metrics port %d is taken, serving on %d", wanted, listening.getsockname()[1])
        return listening


@asynccontextmanager
async def serving(listening: socket.socket, metrics: Metrics, readiness: Readiness) -> AsyncIterator[int]:
    """Serves while the block runs; gives the port."""
    application = web.Application()
    application.router.add_get("/metrics", _metrics_handler(metrics))
    application.router.add_get("/live", _live)
    application.router.add_get("/ready", _ready_handler(readiness))
    runner = web.AppRunner(application, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield int(listening.getsockname()[1])
    finally:
        await runner.cleanup()


def _metrics_handler(metrics: Metrics) -> Callable[[web.Request], Any]:
    async def handler(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.registry), headers={"Content-Type": content_type})

    return handler


async def _live(_: web.Request) -> web.Response:
    return _json({"live": True}, 200)


def _ready_handler(readiness: Readiness) -> Callable[[web.Request], Any]:
    async def handler(_: web.Request) -> web.Response:
        ready, about = readiness()
        return _json({"ready": ready, **about}, 200 if ready else 503)

    return handler


def _json(body: dict[str, Any], status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _bound(bind: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((bind, port))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening
