"""The templates that are shipped are whole, and the linter notices when they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from forewarn.alerts.render import Renderer
from forewarn.alerts.template_lint import html_problems, lint


def test_every_message_exists_in_every_language_on_every_channel() -> None:
    assert lint(Renderer(brand="Nordnet")) == []
    assert lint(Renderer()) == []


def test_a_language_that_lacks_a_message_is_reported(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    words = 'clock = "H:mm"\ntime = "{clock}"\nmoment = "{clock}"\n[cause]\n[bucket]\n'
    (tmp_path / "fr" / "words.toml").write_text(words)
    found = lint(Renderer(directory=tmp_path))
    assert "fr/outage/confirmed by email: there is no template" in found
    assert "fr/words.toml: moment needs {clock} and {day}" in found
    assert any(problem.startswith("fr/words.toml: [cause] lacks damage") for problem in found)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ plaze }}", "undefined"),
        ("{% if place %}", "Unexpected end of template"),
        ("{{ brand }}", "it says nothing"),
        ("{% raw %}{% x %}{% endraw %}", "template code"),
        ("x" * 161, "more than one SMS"),
    ],
)
def test_a_broken_template_is_reported(tmp_path: Path, template: str, problem: str) -> None:
    (tmp_path / "en" / "outage").mkdir(parents=True)
    (tmp_path / "en" / "outage" / "confirmed.sms.txt").write_text(template)
    assert any(problem in found for found in lint(Renderer(directory=tmp_path)))


@pytest.mark.parametrize(
    "html",
    [
        '<html lang="en"><title>x</title><p></html>',
        '<html lang="de"><title>x</title></html>',
        "<html><title>x</title></html>",
        '<html lang="en"></html>',
        '<html lang="en"><title>x</title><img src="http://x"></html>',
        '<html lang="en"><title>x</title><p style="background:url(x)"></p></html>',
        '<html lang="en"><title>x</title></p></html>',
    ],
)
def test_html_that_is_broken_or_loads_something_is_reported(html: str) -> None:
    assert list(html_problems(html, "en"))
