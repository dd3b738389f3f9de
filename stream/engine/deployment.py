"""What the engine is told about its surroundings, and whom it tells what it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from forewarn.stream.engine.log import Addresses
from forewarn.stream.engine.role import Layout
from forewarn.stream.engine.unit import Unit


class Deployment(Struct, frozen=True):
    """Where and how a worker runs. Durations in seconds.

    `connection` holds aiokafka's arguments (bootstrap_servers, security). `group` and `changelog` are full names.
    `accept_loss`: go on although input was deleted before it was applied.
    """

    bootstrap: str
    connection: dict[str, Any]
    group: str
    changelog: str
    layout: Layout
    addresses: Addresses
    data_dir: Path
    tick_s: float = 5.0
    session_s: float = 10.0
    stalled_s: float = 120.0
    accept_loss: bool = False


class Performer(Protocol):
    """Does what a role asks for outside Kafka (sends a mail); its reply goes back to the fold that asked."""

    async def perform(self, request: Any) -> Any: ...


class Observer(Protocol):
    """Hears what a worker does, for metrics and readiness."""

    def unit(self, partition: int, unit: Unit, records: int, seconds: float) -> None: ...
    def ready(self, partitions: int | None) -> None: ...
    def restored(self, partition: int, keys: int, records: int, seconds: float) -> None: ...
    def lost_input(self, topic: str, partition: int, records: int) -> None: ...
    def lag(self, topic: str, partition: int, records: int) -> None: ...
