"""`forewarn preview` and `forewarn templates check` show what customers would read, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from forewarn.stream.cli import app

RUNNER = CliRunner()


def invoke(*arguments: str) -> tuple[int, str]:
    result = RUNNER.invoke(app, ["preview", *arguments])
    return result.exit_code, result.output


def test_a_message_is_shown_on_every_channel_with_its_segments() -> None:
    code, output = invoke("outage", "confirmed", "--locale", "de-AT", "--time-zone", "Europe/Vienna")
    assert code == 0
    assert [line for line in output.splitlines() if line.startswith("──")] == [
        "── email (de-AT)",
        "── sms (de-AT, 1 segment)",
        "── push (de-AT)",
        "── webhook (de-AT)",
        "── inapp (de-AT)",
    ]
    assert "Störung in Linden seit 21:30 Uhr am 22. November." in output


def test_the_html_goes_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mail.html"
    code, _ = invoke("bill", "explained", "--channel", "email", "--locale", "fr", "--html", str(file))
    assert code == 0
    assert '<html lang="fr">' in file.read_text(encoding="utf-8")


def test_json_has_the_message_and_the_problems() -> None:
    code, output = invoke("survey", "asked", "--channel", "sms", "--json")
    shown = orjson.loads(output)
    assert code == 0
    assert shown["message"]["text"].startswith("How satisfied are you")
    assert (shown["segments"], shown["problems"]) == (1, [])


def test_an_operators_own_words_are_shown_and_judged() -> None:
    code, output = invoke("outage", "confirmed", "--channel", "sms", "--text", "word " * 40)
    assert code == 1
    assert "take 2 parts in GSM 03.38" in output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("rumour", "confirmed"), "kinds are appointment, bill"),
        (("outage", "rumoured"), "outage has confirmed, estimated"),
        (("outage", "confirmed", "--channel", "fax"), "channels are email, sms"),
    ],
)
def test_what_there_is_not_is_a_usage_error_that_says_what_there_is(arguments: tuple[str, ...], says: str) -> None:
    code, output = invoke(*arguments)
    assert code == 2
    assert says in output


def test_a_deployments_own_templates_are_previewed_and_checked(tmp_path: Path) -> None:
    (tmp_path / "words" / "en").mkdir(parents=True)
    sheet = '[stage.asked]\ntitle = "Well?"\nsms = "Well, {{ plaze }}?"\n'
    (tmp_path / "words" / "en" / "survey.toml").write_text(sheet)
    policy = tmp_path / "policy.toml"
    policy.write_text(f'[alerts]\nbrand = "Nordnet"\ntemplates = "{tmp_path / "words"}"\n')
    result = RUNNER.invoke(app, ["templates", "check", "--policy", str(policy)])
    assert result.exit_code == 1
    assert "en/survey/asked by sms: 'plaze' is undefined" in result.output
