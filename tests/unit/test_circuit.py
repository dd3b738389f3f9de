"""When a provider is left alone, and when it is tried again."""

from __future__ import annotations

from forewarn.alerts.circuit import Circuit


def test_it_opens_after_troubles_in_a_row_and_cools_down() -> None:
    """
    troubles 1 2 3      probe
    ─────────┴─┴─┴───────┴──> t      closed until 3, open until 105, then half open
    """
    circuit = Circuit(failures=3, cooldown=5, longest=20)
    for _ in range(3):
        assert circuit.allows(100, in_flight=9)
        circuit.fails(100)
    assert circuit.state(104) == "open"
    assert not circuit.allows(104, in_flight=0)
    assert circuit.state(105) == "half_open"
    assert circuit.allows(105, in_flight=0)
    assert not circuit.allows(105, in_flight=1)


def test_a_good_answer_in_between_starts_the_count_again() -> None:
    circuit = Circuit(failures=2, cooldown=5, longest=20)
    circuit.fails(0)
    circuit.works()
    circuit.fails(1)
    assert circuit.state(1) == "closed"


def test_each_failed_probe_doubles_the_cooldown_up_to_the_longest() -> None:
    circuit = Circuit(failures=1, cooldown=5, longest=12)
    now, pauses = 0, []
    for _ in range(4):
        circuit.fails(now)
        pauses.append(circuit.open_until - now)
        now = circuit.open_until
    assert pauses == [5, 10, 12, 12]


def test_answers_to_what_was_handed_over_before_do_not_prolong_the_pause() -> None:
    circuit = Circuit(failures=1, cooldown=5, longest=20)
    circuit.fails(0)
    circuit.fails(1)
    circuit.fails(2)
    assert circuit.open_until == 5


def test_a_taken_probe_closes_it_and_forgets_the_long_cooldown() -> None:
    circuit = Circuit(failures=1, cooldown=5, longest=20)
    circuit.fails(0)
    circuit.fails(5)
    circuit.works()
    assert circuit.allows(6, in_flight=9)
    circuit.fails(6)
    assert circuit.open_until == 11
