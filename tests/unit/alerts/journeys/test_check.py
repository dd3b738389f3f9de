"""The check of journeys finds everything at once, with its place and a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from forewarn.alerts.journeys.builtin import builtin
from forewarn.alerts.journeys.check import problems
from forewarn.stream.cli import app
from forewarn.stream.policy import PolicyError, load, parse

GOOD = """
[alerts.journeys.due]
about = "A bill is due"
ends = "due + 1d"
trigger = { event = "bill" }
"""


def found(journey: str) -> list[str]:
    """The problems of journey `due`, whose steps are given."""
    with pytest.raises(PolicyError) as caught:
        parse(GOOD + journey)
    return [line.removeprefix("alerts.journeys.due.") for line in caught.value.problems]


def step(name: str, *lines: str) -> str:
    return "\n".join(["[[alerts.journeys.due.steps]]", f'name = "{name}"', *lines, ""])


def test_the_journeys_that_come_along_have_no_problem() -> None:
    assert problems(builtin()) == []


def test_a_good_journey_passes() -> None:
    text = GOOD + step("remind", 'at = "due - 3d at 09:00"', 'say = "bill/due_soon"', 'until = "due"')
    assert parse(text).alerts.journeys["due"].steps[0].stage == "due_soon"


@pytest.mark.parametrize(
    ("lines", "place", "says"),
    [
        (['at = "deu - 3d"'], "steps.one.at", "bill has no instant deu; did you mean due?"),
        (['at = "due minus 3d"'], "steps.one.at", "is no moment; write start - 24h"),
        (['wait = "500d"'], "steps.one.wait", "longer than 400 days"),
        (['wait = "soon"'], "steps.one.wait", "write 90s, 30m, 24h"),
        (['wait = "1h"', 'at = "due"'], "steps.one.wait", "take `at` or `wait` out"),
        (["late = true"], "steps.one.late", "only a step with `at` can be late"),
        (['say = "bil/explained"'], "steps.one.say", "there is no kind bil; did you mean bill?"),
        (['say = "bill"'], "steps.one.say", "write kind/stage"),
        (['say = "appointment/remind"'], "steps.one.say", "bill tells nothing that appointment/remind speaks of"),
        (['say = "outage/tip"'], "steps.one.say", "a stage of your own, as appointment/my_words"),
        (['then = "tow"'], "steps.one.then", "there is no step tow"),
        (['then = "resume"'], "steps.one.then", "only a step with `on` can resume"),
        (['otherwise = "end"'], "steps.one.otherwise", "add a `when`"),
        (['replies = { yes = "end" }'], "steps.one.replies", "add a `say`"),
        (['say = "bill/x"', 'replies = { maybe = "end" }'], "steps.one.replies.maybe", "choose one of yes, no, number"),
        (["when = { shocked = true }"], "steps.one.when.shocked", "did you mean shock?"),
        (['when = { shock = "yes" }'], "steps.one.when.shock", "'yes' is no flag; write true or false"),
        (['when = { outage = "big" }'], "steps.one.when.outage", "choose one of none, suspected, confirmed"),
        (["when = { amount = { least = 9, most = 3 } }"], "steps.one.when.amount", "swap them"),
        (["when = { amount = {} }"], "steps.one.when.amount", "say least, most or none_of"),
        (['at = "due - 3d"', 'until = "due - 4d"'], "steps.one.until", "choose a later moment"),
        (['class = "a/b"'], "steps.one.class", "write something like 24h"),
        (["on = { amount = { least = 9 } }", 'wait = "1h"'], "steps.one.then", "name where it leads"),
    ],
)
def test_each_mistake_in_a_step_has_its_place_and_remedy(lines: list[str], place: str, says: str) -> None:
    assert [line for line in found(step("one", *lines)) if line.startswith(f"{place}: ") and says in line]


@pytest.mark.parametrize(
    ("journey", "place", "says"),
    [
        ('trigger = { event = "bil" }', "trigger.event", "there is no event bil; did you mean bill?"),
        ('trigger = { event = "bill", when = { sum = 3 } }', "trigger.when.sum", "bill has no such field"),
        ('trigger = { event = "help", within = "9" }', "trigger.within", "is no length of time"),
        ('trigger = { event = "bill" }\nends = "start + 1d"', "ends", "bill has no instant start"),
        ('trigger = { event = "bill" }\nanew = ["star"]', "anew", "there is no field star"),
        ('trigger = { event = "bill" }\nexit = [{}]', "exit.0", "the journey never goes on"),
        ('trigger = { event = "bill" }', "steps", "there is no step"),
    ],
)
def test_each_mistake_around_the_steps_has_its_place_and_remedy(journey: str, place: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(f"[alerts.journeys.due]\nsteps = []\n{journey}\n")
    assert [
        line for line in caught.value.problems if line.startswith(f"alerts.journeys.due.{place}: ") and says in line
    ]


def test_a_step_that_nothing_leads_to_is_found() -> None:
    text = step("one", 'say = "bill/x"', 'then = "end"') + step("two", 'say = "bill/y"')
    assert found(text) == [
        "steps.two: it is never taken: no step, reply or event leads to it; lead a step to it, or take it out"
    ]


def test_a_step_whose_moment_has_always_passed_is_found() -> None:
    text = step("one", 'at = "due - 1d"', 'say = "bill/x"') + step("two", 'at = "due - 3d"', 'say = "bill/y"')
    (line,) = found(text)
    assert line.startswith("steps.two: it is never taken: its moment has always passed when it is reached, after one")


def test_a_step_whose_events_another_takes_first_is_found() -> None:
    text = step("one", "on = { shock = true }", 'say = "bill/x"') + step(
        "two", "on = { shock = true, amount = 3 }", 'say = "bill/y"'
    )
    (line,) = found(text)
    assert line.startswith("steps.two: it is never taken: every event that it is for enters one before it")


def test_an_endless_loop_is_found_and_one_that_ends_is_not() -> None:
    endless = step("one", 'say = "bill/x"') + step("two", 'wait = "1h"', 'then = "one"')
    (line,) = found(endless)
    assert line == (
        "steps.one: one -> two -> one never ends; give one of these steps both a `wait` and an `at_most`, "
        "or lead it elsewhere"
    )
    assert parse(GOOD + endless.replace('wait = "1h"', 'wait = "1h"\nat_most = 3')).alerts.journeys


def test_two_steps_of_one_name_and_reserved_names_are_found() -> None:
    text = step("one", 'say = "bill/x"') + step("one", 'say = "bill/y"') + step("rest", 'say = "bill/z"')
    lines = found(text)
    assert any("there is more than one step of this name" in line for line in lines)
    assert any("rest is where steps may lead" in line for line in lines)


def test_all_mistakes_of_all_journeys_and_of_the_rest_of_the_policy_are_told_at_once() -> None:
    text = "[alerts]\nlease_s = -1\n[usage]\nthresholds = [0]\n" + GOOD.replace("bill", "bil")
    text += step("one", 'wiat = "1h"') + "[alerts.journeys.other]\ntrigger = { event = 'help' }\n"
    text += (
        "[[alerts.journeys.other.steps]]\nname = 'ask'\nat = 'start'\nsay = 'survey/askd'\nthen = 'ende'\nlate = 3\n"
    )
    with pytest.raises(PolicyError) as caught:
        parse(text)
    places = {line.split(":")[0] for line in caught.value.problems}
    assert places >= {"alerts.lease_s", "usage.thresholds[0]", "alerts.journeys.due.steps.one.wiat"}
    assert "alerts.journeys.other.steps.ask.late" in places


def test_a_wrong_form_does_not_hide_what_else_is_wrong_with_a_journey() -> None:
    text = step("one", 'wiat = "1h"', 'at = "deu"', 'then = "tow"') + step("Two", "class = 3", 'otherwise = "end"')
    assert [line.split(":")[0] for line in found(text)] == [
        "steps.one.wiat",
        "steps.Two.name",
        "steps.Two.class",
        "steps.one.at",
        "steps.one.then",
        "steps.Two.otherwise",
        "steps.Two",
    ]


def test_a_journey_that_is_switched_off_is_not_checked() -> None:
    assert parse(GOOD + "enabled = false\n" + step("one", 'then = "nowhere"')).alerts.journeys


WORDS = """
[stage.due_soon]
title = "Your bill of {{ amount }} is due on {{ due_day }}"
body = ["Please pay by {{ due_day }}."]
sms = "Your bill of {{ amount }} is due on {{ due_day }}."
push = "Due on {{ due_day }}."
"""


def own(tmp_path: Path, words: str, languages: str = '["en"]') -> Path:
    """A policy with a journey and words of its own."""
    sheet = tmp_path / "words" / "en" / "bill.toml"
    sheet.parent.mkdir(parents=True)
    sheet.write_text(words)
    policy = tmp_path / "policy.toml"
    text = f'[alerts]\ntemplates = "{tmp_path / "words"}"\nlanguages = {languages}\n'
    text += GOOD + step("remind", 'at = "due - 3d"', 'say = "bill/due_soon"')
    policy.write_text(text)
    return policy


def test_own_words_are_found_where_the_policy_says(tmp_path: Path) -> None:
    assert load(own(tmp_path, WORDS)).alerts.journeys


def test_own_words_are_shown_before_customers_read_them(tmp_path: Path) -> None:
    policy = own(tmp_path, WORDS)
    result = CliRunner().invoke(app, ["preview", "bill", "due_soon", "--channel", "sms", "--policy", str(policy)])
    assert result.exit_code == 0
    assert "Your bill of €3.00 is due on November 22." in result.output


def test_words_that_a_language_lacks_are_missing(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load(own(tmp_path, WORDS, languages='["en", "de"]'))
    (line,) = caught.value.problems
    assert line.startswith("alerts.journeys.due.steps.remind.say: there are no words for bill/due_soon in de by email")
    assert "de/bill.toml" in line


def test_words_that_speak_of_what_no_bill_has_are_found(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="'dew' is undefined"):
        load(own(tmp_path, WORDS.replace("{{ due_day }}", "{{ dew }}")))


def test_the_command_tells_all_and_ends_with_78(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(GOOD.replace("bill", "bil") + step("one", 'at = "x y"'))
    result = CliRunner().invoke(app, ["policy", "check", str(file)])
    assert isinstance(result.exception, PolicyError)
    from forewarn.stream.failures import exit_code

    assert exit_code(result.exception) == 78
    assert "alerts.journeys.due.trigger.event" in capsys.readouterr().err
