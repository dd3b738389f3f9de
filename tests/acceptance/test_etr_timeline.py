"""When service will be back, as detect and correlate say it together. Seconds of a world's time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.acceptance.outage_world import EPOCH, World

HOUR = 3600


def world() -> World:
    built = World()
    built.tree(4, 10)
    built.at(400, built.cut, "olt-1")
    return built


def promises(built: World) -> list[tuple[float, str, float]]:
    """(second, source, latest in seconds) of each confirmed revision that says something else than the one before."""
    found: list[tuple[float, str, float]] = []
    for published in built.of("outages.revisions"):
        row = published.json
        if row["state"] == "confirmed" and (
            not found or (row["etr"]["source"], seconds(row, "latest")) != found[-1][1:]
        ):
            found.append((published.second, row["etr"]["source"], seconds(row, "latest")))
    return found


def seconds(row: Any, name: str) -> float:
    return datetime.fromisoformat(row["etr"][name]).timestamp() - EPOCH / 1000


def test_the_confirmed_revision_says_when_it_will_be_over() -> None:
    built = world()
    built.run(until=900)
    first = next(p.json for p in built.of("outages.revisions") if p.json["state"] == "confirmed")
    assert first["etr"]["source"] == "model"
    assert 600 < seconds(first, "earliest") < seconds(first, "likely") < seconds(first, "latest")
    header = next(p.json for p in built.of("outages.impact") if p.json.get("state") == "confirmed")
    assert header["etr"] == first["etr"]


def test_a_crews_word_wins_until_it_passes_then_it_is_overdue_once_and_estimated_again() -> None:
    #  confirmed   crew: 1 h                       overdue   + 15 min: model     mended   restored
    #  ├─ model ─┤900├──────── field ───────────────3600├────────4500├─ model ──6000├──────────
    built = world()
    built.at(900, lambda: built.act("etr", outage_id=built.one()["outage_id"], etr=EPOCH + HOUR * 1000))
    built.at(6_000, built.mend, "olt-1")
    built.run(until=890)
    assert [source for _, source, _ in promises(built)] == ["model"]
    built.run(until=3_595)
    assert promises(built)[1:] == [(900, "field", HOUR)]
    before = built.one()["revision"]
    built.run(until=4_490)
    assert (built.one()["revision"], built.one()["etr"]["source"]) == (before + 1, "field")
    built.run(until=7_000)
    second, source, latest = promises(built)[2]
    assert (source, 4_500 <= second <= 4_510, latest > 4_500) == ("model", True, True)
    assert built.states()[-1][0] == "restored"


def test_an_outage_that_is_over_teaches_the_next_one() -> None:
    built = World()
    built.tree(4, 10)
    for day in range(3):
        built.at(day * 4_000 + 400, built.cut, "olt-1")
        built.at(day * 4_000 + 1_000, built.mend, "olt-1")
    built.run(until=12_000, step=5)
    first = [p for p in built.of("outages.revisions") if p.json["state"] == "confirmed" and "etr" in p.json]
    ahead: dict[str, float] = {}
    for published in first:
        row = published.json
        ahead.setdefault(row["outage_id"], seconds(row, "likely") - published.second)
    assert len(ahead) == 3
    assert list(ahead.values()) == sorted(ahead.values(), reverse=True)
    assert len(set(ahead.values())) == 3


def test_restarts_and_repeated_signals_change_no_estimate() -> None:
    def story(*restarts: float, repeat: bool = False) -> list[Any]:
        built = world()
        built.repeat = repeat
        built.at(
            2_000, lambda: built.act("etr", element="olt-1", etr=EPOCH + 3_000_000, id="crew-1", time=EPOCH + 2_000_000)
        )
        built.at(5_000, built.mend, "olt-1")
        for second in restarts:
            built.at(second, built.restart_correlate)
        built.run(until=8_000, step=5)
        return [(p.json["state"], p.json.get("etr")) for p in built.of("outages.revisions")]

    undisturbed = story()
    assert {"model", "field"} == {etr["source"] for _, etr in undisturbed if etr is not None}
    assert story(700, 1_500, 2_500, 3_100, 4_000, 5_200, 7_500) == undisturbed
    assert story(repeat=True) == undisturbed
