"""Pictures of journeys: whole, well-formed, the same every time, and those of docs/ as the code draws them."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from typer.testing import CliRunner

from forewarn.alerts.journeys.builtin import builtin
from forewarn.alerts.journeys.drawing import LETTERS, WIDTH, draw
from forewarn.alerts.journeys.journey import Journey
from forewarn.stream.cli import app

DOCS = Path(__file__).parents[4] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(picture).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", sorted(builtin()))
def test_every_step_is_in_the_picture_and_every_line_fits_its_card(name: str) -> None:
    journey = builtin()[name]
    picture = draw(name, journey)
    root = ElementTree.fromstring(picture)
    cards = [r for r in root.iter(f"{SVG}rect") if (r.get("class") or "").startswith("card")]
    assert len(cards) == len(journey.steps)
    assert all(card.get("width") == str(WIDTH) for card in cards)
    assert not any(len(text) > LETTERS + 4 for text in texts(picture) if not text.startswith(journey.about[:10]))
    assert draw(name, journey) == picture


def test_a_picture_loads_and_runs_nothing_and_says_what_it_shows() -> None:
    picture = draw("help", builtin()["help"])
    root = ElementTree.fromstring(picture)
    assert "script" not in picture
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
    assert root.find(f"{SVG}title") is not None
    assert root.find(f"{SVG}desc") is not None
    assert "prefers-color-scheme:dark" in picture


def test_words_of_a_policy_are_text_in_a_picture() -> None:
    journey = msgspec.structs.replace(builtin()["help"], about="<script>&")
    assert "<script>" not in draw("help", journey)


@pytest.mark.parametrize("name", sorted(builtin()))
def test_the_pictures_of_the_docs_are_those_that_are_drawn(name: str) -> None:
    kept = DOCS / "images" / f"journey-{name}.svg"
    assert kept.read_text(encoding="utf-8") == draw(name, builtin()[name]), (
        "run: forewarn journeys draw --out docs/images"
    )
    assert f"images/journey-{name}.svg" in (DOCS / "journeys.md").read_text(encoding="utf-8")


def test_the_command_draws_one_or_all(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["journeys", "draw", "help", "--out", str(tmp_path)]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["journey-help.svg"]
    assert runner.invoke(app, ["journeys", "draw", "--out", str(tmp_path)]).exit_code == 0
    assert len(list(tmp_path.iterdir())) == len(builtin())
    assert runner.invoke(app, ["journeys", "draw", "hlep", "--out", str(tmp_path)]).exit_code == 1


def test_a_journey_without_a_main_line_is_drawn() -> None:
    lone = msgspec.convert(
        {"trigger": {"event": "bill"}, "steps": [{"name": "shock", "on": {"shock": True}, "say": "bill/x"}]}, Journey
    )
    assert "When shock is yes" in texts(draw("lone", lone))
