"""A circuit breaker: how much a provider is trusted after the answers it gave. Pure; time is an argument.

closed ──`failures` in a row──> open ──cooldown over──> half open (one probe) ──taken──> closed
                                 ▲                                  └──failed: cooldown doubles──┘
"""

from __future__ import annotations

from typing import Literal

State = Literal["closed", "open", "half_open"]


class Circuit:
    """Opens after `failures` troubles in a row; cools down from `cooldown` ms, doubling up to `longest` ms."""

    __slots__ = ("cooldown", "failures", "first", "longest", "open_until", "troubles")

    def __init__(self, failures: int, cooldown: int, longest: int) -> None:
        self.failures = failures
        self.first = self.cooldown = cooldown
        self.longest = max(cooldown, longest)
        self.troubles = 0
        self.open_until = 0

    def state(self, now: int) -> State:
        """The state at `now`, epoch ms."""
        if self.troubles < self.failures:
            return "closed"
        return "open" if now < self.open_until else "half_open"

    def allows(self, now: int, in_flight: int) -> bool:
        """Whether one more may be handed over, `in_flight` being unanswered."""
        state = self.state(now)
        return state == "closed" or (state == "half_open" and in_flight == 0)

    def works(self) -> None:
        """The provider answered as providers do, be it with a refusal."""
        self.troubles = 0
        self.cooldown = self.first

    def fails(self, now: int) -> None:
        """The provider is in trouble. What fails while open was handed over before and tells nothing new."""
        if self.state(now) == "open":
            return
        self.troubles += 1
        if self.troubles == self.failures:
            self.open_until = now + self.cooldown
        elif self.troubles > self.failures:
            self.cooldown = min(self.longest, self.cooldown * 2)
            self.open_until = now + self.cooldown
