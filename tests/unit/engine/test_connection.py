"""A Kafka connection whose transport uvloop has closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvloop
from aiokafka import conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from forewarn.stream.engine.connection import any_ended


async def _send_on_a_lost_connection() -> None:
    """The transport is closed, and the reader has not been told yet: the window after a broker is killed."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reasons: list[Any] = []
    connection: Any = conn.AIOKafkaConnection("127.0.0.1", port, on_close=lambda _, reason: reasons.append(reason))
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    connection._reader, connection._writer = asyncio.StreamReader(), writer
    connection._read_task = asyncio.ensure_future(asyncio.sleep(60))
    connection._versions = {3: (0, 5)}
    asked = asyncio.get_running_loop().create_future()
    connection._requests.append((1, None, asked))
    writer.transport.abort()
    await asyncio.sleep(0.01)
    assert connection.connected()
    with pytest.raises(KafkaConnectionError):
        connection.send(MetadataRequest([]))
    assert not connection.connected()
    assert isinstance(asked.exception(), KafkaConnectionError)
    assert reasons == [conn.CloseReason.CONNECTION_BROKEN]  # then aiokafka asks for metadata anew
    server.close()
    await server.wait_closed()


def test_a_send_on_a_lost_connection_fails_as_aiokafka_expects_it() -> None:
    uvloop.run(_send_on_a_lost_connection())


async def test_a_task_that_has_ended_is_noticed() -> None:
    running, ended = asyncio.ensure_future(asyncio.sleep(60)), asyncio.ensure_future(asyncio.sleep(0))
    await ended
    assert not any_ended((None, running))
    assert any_ended((None, running, ended))
    running.cancel()
