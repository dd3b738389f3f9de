"""A frame filled with facts is what its template renders of them."""

from __future__ import annotations

from itertools import product

import pytest
from jinja2 import DictLoader, StrictUndefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from forewarn.alerts import frame
from forewarn.alerts.contexts import CHANNELS, CONTEXTS
from forewarn.alerts.facts import facts
from forewarn.alerts.frame import Frame
from forewarn.alerts.render import Renderer
from forewarn.alerts.samples import samples

VALUES = ("", "x", "100 %", "%(used)s", "<b>&'\"", "  é  ", "{{ used }}")


def environment(**templates: str) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=DictLoader({name.replace("_", "."): text for name, text in templates.items()}),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
    )


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The formats that were filled in from now on."""
    filled: list[str] = []
    render = frame.Filling.render

    def counting(self: frame.Filling, facts: dict[str, str]) -> str:
        filled.append(self.format)
        return render(self, facts)

    monkeypatch.setattr(frame.Filling, "render", counting)
    return filled


@pytest.mark.parametrize(
    "template",
    [
        "Used {{ used }} of {{ allowance }}, 100 %.",
        "{% if used %}{{ used }}{% else %}nothing{% endif %} {{ 'a' if not allowance else allowance }}",
        "{% for name, value in [('u', used), ('a', allowance)] if value %}{{ name }}={{ value }};{% endfor %}",
        "{% macro twice(text) %}{{ text }}{{ text }}{% endmacro %}{{ twice(used) }}{{ allowance }}",
        "{{ used }}{% import 'm.html' as m %}{% call m.p() %}{{ allowance }}{% endcall %}",
        "{% extends 'b.html' %}{% block t %}{{ used }}{% endblock %}",
    ],
)
def test_a_template_that_passes_facts_on_is_filled_in(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled = counted(monkeypatch)
    parts = {"m_html": "{% macro p() %}<p>{{ caller() }}</p>{% endmacro %}", "b_html": "<t>{% block t %}{% endblock %}"}
    for name in ("x_txt", "x_html"):
        jinja = environment(**{name: template}, **parts)
        made = Frame(jinja, name.replace("_", "."))
        for used, allowance in product(VALUES, VALUES):
            said = {"used": used, "allowance": allowance}
            assert made.render(said) == made.template.render(said)
    assert len(filled) == 2 * len(VALUES) ** 2


@pytest.mark.parametrize(
    "template",
    [
        "{{ used|lower }}",
        "{{ used|trim }}",
        "{{ used|replace('x', 'y') }}",
        "{% if used == 'x' %}yes{% endif %}",
        "{% if used is defined %}{{ used }}{% endif %}",
        "{{ used.upper() }}",
        "{{ used[:1] }}",
        "{{ used ~ '!' }}",
        "{% for letter in used %}{{ letter }}-{% endfor %}",
        "{{ ', '.join([used]) }}",
        "{% import 'odd.txt' as odd %}{{ odd.low(used) }}",
        "\ue000h:used\ue001{{ used }}",
    ],
)
def test_a_template_that_looks_into_facts_is_rendered_each_time(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled = counted(monkeypatch)
    made = Frame(environment(x_txt=template, odd_txt="{% macro low(text) %}{{ text|lower }}{% endmacro %}"), "x.txt")
    for value in VALUES:
        assert made.render({"used": value}) == made.template.render({"used": value})
    assert not filled


def test_a_template_that_fails_fails_with_its_own_error() -> None:
    made = Frame(environment(x_txt="{{ used }}{{ unknown }}"), "x.txt")
    with pytest.raises(UndefinedError, match="unknown"):
        made.render({"used": "1"})


def test_all_messages_that_are_shipped_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    filled, renderer, messages = counted(monkeypatch), Renderer(brand="A & B"), 0
    for (kind, stage), language, channel in product(CONTEXTS, ("en", "de", "es", "fr"), CHANNELS):
        parts, _ = renderer._parts(kind, stage, channel, language)
        speech = renderer._speech(language, language, "Europe/Berlin")
        for context in samples(kind, stage):
            said = {**facts(context, speech), "brand": "A & B", "lang": language}
            for part in (parts.subject, parts.text, parts.html):
                if part is not None:
                    messages += 1
                    assert part.render(said) == part.template.render(said)
    assert len(filled) == messages > 50
