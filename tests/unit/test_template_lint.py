"""The templates that are shipped are whole, and the linter notices when they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from forewarn.alerts.html_lint import contrast, html_problems
from forewarn.alerts.render import Renderer
from forewarn.alerts.template_lint import lint


def test_every_message_exists_in_every_language_on_every_channel() -> None:
    renderer = Renderer(brand="Nordnet")
    assert renderer.languages() == ["de", "en", "es", "fr"]
    assert lint(renderer) == []


def test_a_language_that_lacks_a_message_is_reported(tmp_path: Path) -> None:
    (tmp_path / "nl").mkdir()
    patterns = 'time = "{clock}"\nmoment = "{clock}"\nweekday = "{weekday} {day}"\nwindow = "{day}"\nspan = "{start}"\n'
    (tmp_path / "nl" / "words.toml").write_text(f'clock = "H:mm"\n{patterns}[cause]\n[bucket]\n[visit]\n')
    found = lint(Renderer(directory=tmp_path), ["nl"])
    assert "nl/outage/confirmed by email: there is no template" in found
    assert "nl/survey/asked by push: there is no template" in found
    assert "nl/words.toml: moment needs {clock} and {day}" in found
    assert any(problem.startswith("nl/words.toml: [cause] lacks damage") for problem in found)


@pytest.mark.parametrize(
    ("sheet", "problem"),
    [
        ("[stage.confirmed]\n", "missing required field `title`"),
        ('[stage.confirmed]\ntitle = "x"\nbody = [{ part = "gone" }]\n', "there is no 'gone' to refer to"),
        ("not toml", "Expected '=' after a key"),
        ('[stage.confirmed]\ntitle = "x"\ntone = "shrill"\nbody = ["x"]\n', "there is no 'shrill' to refer to"),
    ],
)
def test_a_broken_sheet_is_reported(tmp_path: Path, sheet: str, problem: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "outage.toml").write_text(sheet)
    assert any(problem in found for found in lint(Renderer(directory=tmp_path), ["en"], ["outage"]))


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ plaze }}", "undefined"),
        ("{% if place %}", "Unexpected end of template"),
        ("{{ brand }}", "it says nothing"),
        ("{% raw %}{% x %}{% endraw %}", "template code"),
        ("x" * 161, "more than one SMS"),
        ("\u0416" * 71, "take 2 parts in UCS-2"),
    ],
)
def test_a_broken_template_is_reported(tmp_path: Path, template: str, problem: str) -> None:
    (tmp_path / "en" / "outage").mkdir(parents=True)
    (tmp_path / "en" / "outage" / "confirmed.sms.txt").write_text(template)
    assert any(problem in found for found in lint(Renderer(directory=tmp_path), ["en"], ["outage"]))


GOOD = '<html lang="en"><title>x</title><h1>x</h1>{}</html>'


def test_html_that_is_whole_passes() -> None:
    assert list(html_problems(GOOD.format('<p style="color:#595959">x</p>'), "en")) == []


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        (GOOD.format("<p>"), "</html> closes nothing"),
        (GOOD.removesuffix("</html>"), "<html> is not closed"),
        (GOOD.replace('"en"', '"de"'), "it declares the language 'de'"),
        ("<html><title>x</title><h1>x</h1></html>", "it declares the language None"),
        ('<html lang="en"><h1>x</h1></html>', "it has no title"),
        (GOOD.format('<img src="http://x">'), "<img> has no place in it"),
        (GOOD.format('<p style="background:url(x)"></p>'), "<p> has no place in it"),
        (GOOD.format("</p>"), "</p> closes nothing"),
        (GOOD.format("<style>@import 'x'</style>"), "<style> loads something"),
        ('<html lang="en"><title>x</title><p>x</p></html>', "its one heading"),
        (GOOD.format("<h1>y</h1>"), "its one heading"),
        (GOOD.format("<h3>y</h3>"), "skips a level"),
        (GOOD.format("<table><tr><td>x</td></tr></table>"), "a table has no headers"),
        (GOOD.format('<p style="color:#777777">x</p>'), "#777777 on #ffffff is too faint by day: 4.5"),
        (
            GOOD.format(
                "<style>@media (prefers-color-scheme: dark) {\n.ink { color: #333333 !important; }\n}</style>"
                '<p class="ink" style="background:#222222;color:#ffffff">x</p>'
            ),
            "#333333 on #222222 is too faint in the dark",
        ),
    ],
)
def test_html_that_not_everyone_can_read_is_reported(html: str, problem: str) -> None:
    assert any(problem in found for found in html_problems(html, "en"))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
