"""aiokafka's connections on uvloop: a send on a connection that has just been lost must fail as aiokafka expects it.

asyncio takes such bytes in silence and reports the loss to the reader; uvloop raises RuntimeError, which aiokafka does
not catch (aiokafka issue 1038). It would end the task that keeps the metadata up to date, unseen, and with it the
worker's way back to a broker that was restarted: everything that needs fresh metadata would wait for ever.
"""

from __future__ import annotations

from asyncio import Task
from collections.abc import Iterable
from typing import Any

from aiokafka import conn
from aiokafka.errors import KafkaConnectionError


class Connection(conn.AIOKafkaConnection):  # type: ignore[misc]  # aiokafka is untyped
    """A connection that says by `KafkaConnectionError` that its transport is closed, and closes itself."""

    def send(self, request: Any, expect_response: bool = True) -> Any:
        """Sends a request; returns what resolves to its response. Raises KafkaConnectionError when it cannot."""
        try:
            return super().send(request, expect_response)
        except RuntimeError as error:
            self.close(reason=conn.CloseReason.CONNECTION_BROKEN, exc=error)
            raise KafkaConnectionError(f"Connection at {self.host}:{self.port} is lost: {error}") from error


conn.AIOKafkaConnection = Connection


def any_ended(tasks: Iterable[Task[Any] | None]) -> bool:
    """Whether one of a client's own tasks has ended. They are to run as long as it; what they keep up stands still."""
    return any(task is not None and task.done() for task in tasks)
