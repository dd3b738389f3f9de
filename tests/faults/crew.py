"""The workers of one role, kept alive as a supervisor would, and everything that may happen to them."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from random import Random
from types import TracebackType
from typing import Self

from forewarn.stream.engine import fatal
from forewarn.stream.engine.crash import POINTS
from tests.faults.child import KILLED, Child
from tests.faults.place import Place

#: Exit codes that a worker may end with when things are done to it; SIGTERM ends one that has only just been started.
ALLOWED = (0, KILLED, -signal.SIGTERM, fatal.INTERNAL)
#: Seconds after which a dead worker is started again.
RESTART_S = 0.3
#: Seconds in which a worker that was armed must have come to its crash point; then it is killed like any other.
ARMED_S = 20.0


class Crew:
    """`count` workers of `role`; an asynchronous context manager.

    `done` counts what was done to them, `codes` how they ended. Leaving raises AssertionError if one ended as none may.
    """

    def __init__(self, place: Place, role: str, count: int = 1, *, mutant: str = "") -> None:
        self.place, self.role, self.count, self.mutant = place, role, count, mutant
        self.done: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        self.children: list[Child] = []
        self.problems: list[str] = []
        self._to_arm: list[str] = []
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        for number in range(self.count):
            self.children.append(await self._start(number))
        self._spawn(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(child.end() for child in self.children))
        if error is None:
            assert not self.problems, "\n".join(self.problems)

    async def _start(self, number: int, crash_at: str | None = None) -> Child:
        name = f"{self.role}-{number}"
        return await self.place.start(self.role, crash_at=crash_at, mutant=self.mutant, name=name)

    async def _keep(self) -> None:
        while not self._stopping:
            for number, child in enumerate(self.children):
                if child.code is not None:
                    self._mourn(child)
                    await asyncio.sleep(RESTART_S)
                    self.children[number] = await self._start(number, self._to_arm.pop() if self._to_arm else None)
            await asyncio.sleep(0.1)

    def _mourn(self, child: Child) -> None:
        assert child.code is not None
        self.codes[child.code] += 1
        if child.code not in ALLOWED:
            self.problems.append(f"{self.role} ended with {child.code}:\n{child.tail()}")
        if child.crash_at is not None and child.code == KILLED:
            self.done[child.crash_at.partition(":")[0]] += 1

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what may happen --------------------------------------------------------------------------------------------

    async def kill(self, random: Random) -> None:
        """One is killed; the next in its place, sometimes, with a crash point armed."""
        if random.random() < 0.7:
            self._to_arm.append(self.armed(random))
        child = random.choice(self.children)
        child.crash_at = None
        await child.kill()
        self.done["random kill"] += 1

    def armed(self, random: Random) -> str:
        """A crash point that this role passes, and how often before it dies there."""
        points = [point for point in POINTS if self.role == "deliver" or not point.startswith("deliver.")]
        point = random.choice(points)
        return f"{point}:{1 if point == 'takeover' else random.randint(1, 12)}"

    async def replace(self, random: Random) -> None:
        """One leaves the group in good order and another joins: two rebalances."""
        child = random.choice(self.children)
        if not child.stopped:
            child.crash_at = None
            await child.end()
            self.done["rebalance"] += 2

    async def freeze(self, random: Random) -> None:
        """One is stopped past its session, then goes on."""
        child = random.choice(self.children)
        if not child.stopped and child.code is None:
            child.pause()
            self.done["zombie"] += 1
            self._spawn(self._thaw(child, self.place.session_s * random.uniform(1.0, 3.0)))

    async def _thaw(self, child: Child, after_s: float) -> None:
        await asyncio.sleep(after_s)
        child.go_on()

    async def calm(self) -> None:
        """Nothing more is to happen: whoever still waits for a crash point is killed, whoever is stopped goes on."""
        self._to_arm.clear()
        for child in self.children:
            child.go_on()
            if child.crash_at is not None:
                child.crash_at = None
                await child.kill()


async def storm(
    crews: list[Crew], random: Random, seconds: float, *, pause_s: tuple[float, float] = (0.3, 3.0)
) -> None:
    """For so long something happens to some worker every now and then; then calm."""
    async with asyncio.timeout(seconds + 60):
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(random.uniform(*pause_s))
            crew = random.choice(crews)
            await random.choice([crew.kill, crew.kill, crew.replace, crew.freeze])(random)
        for crew in crews:
            await crew.calm()
