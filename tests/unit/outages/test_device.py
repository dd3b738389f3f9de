"""One device: beats and explicit words. Times in ms; beats every 60 s, silent after 180 s."""

from __future__ import annotations

from forewarn.stream.outages import device as devices
from forewarn.stream.outages.device import Device, Down, Place, Spec, Turn
from forewarn.stream.outages.policy import OutagePolicy

POLICY = OutagePolicy()
S = 1000


def a_device(*, interval_s: float | None = 60, seen: int = 1_000 * S) -> Device:
    place = Place(Spec("north"), b"", parents=(), parent=None, collector=None, interval_s=interval_s)
    device = Device("cpe", place, seen=seen, slot=1)
    devices.start_learning(POLICY, device)
    return device


def hear(device: Device, second: int, *, clock: int, arrival: int | None = None) -> Turn:
    return devices.beat(
        POLICY, device, second * S, clock=clock * S, arrival=(clock if arrival is None else arrival) * S, learn=True
    )


def test_a_silent_device_is_down_since_its_patience_ended_and_missed_its_next_beat() -> None:
    #  beat 1000      1060 missed                 1180 silent
    device = a_device()
    assert devices.silent(POLICY, device) == Down(1180 * S, 1060 * S, 1000 * S, False)


def test_a_fresh_beat_brings_a_silent_device_back_and_an_old_one_does_not() -> None:
    device = a_device()
    devices.silent(POLICY, device)
    assert hear(device, 1060, clock=1500) is Turn.AMENDED
    assert device.down is not None
    assert hear(device, 1490, clock=1500) is Turn.UP
    assert device.down is None


def test_an_explicit_word_takes_it_down_at_once_and_repeats_change_nothing() -> None:
    device = a_device()
    assert devices.said_down(device, 1010 * S) is Turn.DOWN
    assert devices.said_down(device, 1010 * S) is Turn.OLD
    assert devices.said_down(device, 1020 * S) is Turn.AMENDED
    assert device.down == Down(1010 * S, 1010 * S, 1020 * S, True)


def test_down_wins_over_up_at_the_same_time_in_either_order() -> None:
    first, second = a_device(), a_device()
    hear(first, 1060, clock=1060)
    devices.said_down(first, 1060 * S)
    devices.said_down(second, 1060 * S)
    assert hear(second, 1060, clock=1060) is Turn.OLD
    assert first.down == second.down


def test_an_old_word_after_a_newer_beat_says_nothing() -> None:
    device = a_device()
    assert devices.said_down(device, 990 * S) is Turn.OLD
    assert hear(device, 1000, clock=1000) is Turn.OLD


def test_a_device_without_an_interval_learns_it() -> None:
    device = a_device(interval_s=None)
    assert device.interval == 60 * S
    for beat in range(1, 9):
        hear(device, 1000 + beat * 10, clock=1000 + beat * 10)
    assert device.interval == 10 * S
    assert device.habit is None


def test_a_device_that_often_pauses_is_given_more_patience() -> None:
    device = a_device()
    assert devices.patience(POLICY, device) == 180 * S
    hear(device, 1300, clock=1300)
    hear(device, 1700, clock=1700)
    assert devices.patience(POLICY, device) == 300 * S


def test_a_device_whose_clock_is_slow_comes_back_and_is_trusted_again_when_it_is_set() -> None:
    device = a_device()
    devices.silent(POLICY, device)
    turns = [hear(device, 1000 + 60 * n, clock=2000 + 60 * n) for n in range(1, 5)]
    assert turns == [Turn.AMENDED, Turn.AMENDED, Turn.AMENDED, Turn.UP]
    assert hear(device, 1300, clock=2300) is Turn.ALIVE
    assert device.seen == 2300 * S
    assert hear(device, 2360, clock=2360) is Turn.ALIVE
    assert device.seen == 2360 * S


def test_the_first_word_of_an_unheard_device_counts_only_when_it_is_fresh() -> None:
    device = a_device(seen=0)
    device.slot = devices.UNHEARD
    assert hear(device, 100, clock=1000) is Turn.OLD
    assert hear(device, 990, clock=1000) is Turn.FIRST
