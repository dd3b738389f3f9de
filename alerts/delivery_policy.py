"""The delivery policy: how hard and how fast messages are handed over."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Count = Annotated[int, Meta(ge=1, le=100_000)]


class DeliveryPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """How hard and how fast messages are handed over. Durations in seconds.

    `send_timeout_s` bounds one attempt, and is waited for before an unanswered one is made again. `group`: attempts
    committed together, per channel. `in_flight`: unanswered attempts per channel and partition. `connections`: to one
    relay, per process. `rates`: messages a second per channel over the whole deployment; a channel not named has no
    limit. After `circuit_failures` troubles in a row a provider is left alone for `circuit_cooldown_s`, doubling up to
    `circuit_longest_s`. `memory_s`: how long beyond its `valid_until` an id is remembered. `replies_s`: how long a
    customer is known by a number after a text to it; `early_receipt_s`: how long a receipt waits for its message.
    """

    send_timeout_s: Seconds = 30.0
    backoff_base_s: Seconds = 5.0
    backoff_cap_s: Seconds = 600.0
    group: Annotated[int, Meta(ge=1, le=100)] = 100
    in_flight: Count = 32
    connections: Annotated[int, Meta(ge=1, le=1_000)] = 8
    rates: dict[str, Annotated[float, Meta(gt=0)]] = {}
    circuit_failures: Count = 5
    circuit_cooldown_s: Seconds = 5.0
    circuit_longest_s: Seconds = 30.0
    replies_s: Annotated[float, Meta(ge=0, le=8_640_000)] = 30 * 86_400.0
    early_receipt_s: Seconds = 300.0
    memory_s: Annotated[float, Meta(ge=0, le=864_000)] = 3_600.0
