"""Delivery under kills at any point: nothing required is lost, and every duplicate is a listed ambiguous attempt."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from forewarn.alerts.channels.protocol import Ambiguous, Answer, Delivered, Rejected, Retry, Send
from forewarn.alerts.delivery import DeliveryPolicy
from tests.delivering import SECOND, Post, notification

POLICY = DeliveryPolicy(in_flight=3, send_timeout_s=10, backoff_base_s=1, backoff_cap_s=20, circuit_failures=2)
CUSTOMERS = ("ada", "bob")

push = st.tuples(st.just("push"), st.sampled_from(CUSTOMERS), st.sampled_from(("confirmed", "estimated", "restored")))
operations = st.lists(
    st.one_of(
        push,
        st.tuples(st.just("again"), st.integers(0, 9)),
        st.tuples(st.just("taken"), st.integers(0, 9)),
        st.tuples(st.just("taken, unanswered"), st.integers(0, 9)),
        st.tuples(st.just("not taken"), st.integers(0, 9)),
        st.tuples(st.just("refused"), st.integers(0, 9)),
        st.tuples(st.just("killed")),
        st.tuples(st.just("taken, then killed"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.just("pause"), st.booleans()),
    ),
    max_size=60,
)


class World:
    """A relay that remembers what it took, and a worker that may die."""

    def __init__(self) -> None:
        self.post = Post(POLICY)
        self.open: list[Send] = []
        self.seen = 0
        self.taken: Counter[str] = Counter()
        self.pushed: list[tuple[str, dict[str, object]]] = []

    def look(self) -> None:
        self.open += self.post.sends[self.seen :]
        self.seen = len(self.post.sends)

    def answer(self, index: int, answer: Answer | None, *, take: bool) -> None:
        if not self.open:
            return
        send = self.open.pop(index % len(self.open))
        self.taken[send.message.notification_id] += take
        if answer is not None:
            self.post.hear(answer, send)

    def step(self, operation: tuple[object, ...]) -> None:
        match operation:
            case ("push", str(customer), str(stage)):
                n = notification(f"n{len(self.pushed)}", stage=stage, incident=f"of-{customer}")
                self.pushed.append((customer, n))
                self.post.push(n, customer=customer)
            case ("again", int(index)) if self.pushed:
                customer, n = self.pushed[index % len(self.pushed)]
                self.post.push(n, customer=customer)
            case ("taken", int(index)):
                self.answer(index, Delivered(), take=True)
            case ("taken, unanswered", int(index)):
                self.answer(index, Ambiguous("body: disconnected"), take=True)
            case ("not taken", int(index)):
                self.answer(index, Retry("connect: unreachable", provider=True), take=False)
            case ("refused", int(index)):
                self.answer(index, Rejected("rcpt: 550"), take=False)
            case ("killed",):
                self.kill()
            case ("taken, then killed", int(index)):
                self.answer(index, None, take=True)
                self.kill()
            case ("wait", int(seconds)):
                self.post.wait(seconds * SECOND)
            case ("pause", bool(paused)):
                self.post.control("outage", paused=paused)
        self.look()

    def kill(self) -> None:
        self.open.clear()
        self.post.crash()
        self.post.wait(0)

    def calm_down(self) -> None:
        """The relay is well again, everything is answered, time goes on."""
        self.post.control("outage", paused=False)
        for _ in range(40):
            self.look()
            while self.open:
                self.answer(0, Delivered(), take=True)
                self.look()
            self.post.wait(20 * SECOND)


@settings(max_examples=150, deadline=None)
@given(operations)
def test_every_notification_is_handed_over_or_ends_with_a_reason_and_duplicates_are_listed(
    steps: list[tuple[object, ...]],
) -> None:
    world = World()
    for step in steps:
        world.step(step)
    world.calm_down()
    for _, n in world.pushed:
        notification_id = str(n["notification_id"])
        rows = world.post.rows(notification_id)
        refused = any(
            row["outcome"] == "failed" and "retry_at" not in row
            for row in world.post.log
            if row["notification_id"] == notification_id
        )
        assert world.taken[notification_id] >= 1 or refused or rows[-1] in ("superseded", "expired", "ambiguous")
        assert world.taken[notification_id] - 1 <= rows.count("ambiguous")
        assert rows.count("sent") <= 1


@settings(max_examples=150, deadline=None)
@given(operations)
def test_nobody_hears_of_an_end_without_having_perhaps_heard_of_the_beginning(steps: list[tuple[object, ...]]) -> None:
    world = World()
    for step in steps:
        world.step(step)
    world.calm_down()
    for customer in CUSTOMERS:
        stages = [(str(n["stage"]), str(n["notification_id"])) for who, n in world.pushed if who == customer]
        if not stages or stages[0][0] == "restored":
            continue  # deliver does not know what decide told by other means
        first_end = next((i for i, (stage, _) in enumerate(stages) if stage == "restored"), None)
        if first_end is None or not world.taken[stages[first_end][1]]:
            continue
        before = [notification_id for _, notification_id in stages[:first_end]]
        assert any(world.taken[i] or "ambiguous" in world.post.rows(i) for i in before)


@settings(max_examples=80, deadline=None)
@given(operations)
def test_a_recovered_partition_holds_the_same_table_and_the_same_inputs_give_the_same_rows(
    steps: list[tuple[object, ...]],
) -> None:
    one, two = World(), World()
    for step in steps:
        one.step(step)
        two.step(step)
    assert one.post.core.table == two.post.core.table
    assert one.post.outputs == two.post.outputs


@settings(max_examples=60, deadline=None)
@given(operations)
def test_the_table_empties_once_everything_is_over(steps: list[tuple[object, ...]]) -> None:
    world = World()
    for step in steps:
        world.step(step)
    world.calm_down()
    world.post.wait(3 * 3600 * SECOND)
    world.post.wait(3 * 3600 * SECOND)
    assert not world.post.core.table
    assert not world.post.core.fold.deliveries.shelf._incidents  # type: ignore[attr-defined] # the fold is a DeliverFold
