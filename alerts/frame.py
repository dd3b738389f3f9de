"""A frame: what a template says whatever the facts are, with holes for them, so that most messages are only filled in.

    template + which facts are empty ──> "You have used %(percent)s of your ..."  ──> % facts

Most templates do no more with a fact than print it, or ask whether it is empty. Such a template gives the same frame
for all facts of which the same are empty; it is found by rendering the template once, with holes. A template that does
more (filters, comparisons, arithmetic) has no frame and is rendered each time.

Invariant: a frame filled with facts is what the template renders of them.
"""

from __future__ import annotations

import re
from typing import NoReturn

from jinja2 import Environment, Template, TemplateError, meta, nodes
from markupsafe import escape
from msgspec import Struct

#: The parts of a template that pass facts on as they are, or ask whether they are empty.
PASSING = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr, nodes.Keyword),
    *(nodes.Extends, nodes.Block, nodes.Import, nodes.Macro, nodes.Call, nodes.CallBlock),
    *(nodes.If, nodes.CondExpr, nodes.Not, nodes.And, nodes.Or, nodes.For, nodes.Tuple, nodes.List),
)

#: A hole as it is printed: whether escaped, and the fact's name. No template may hold the characters around it.
OPEN, CLOSE = "\ue000", "\ue001"
HOLE = re.compile(f"{OPEN}([he]):(.*?){CLOSE}")


class Hole:
    """Stands for a fact: can be printed, escaped or not, and asked whether it is empty; all else is refused."""

    __slots__ = ("_filled", "_name")

    def __init__(self, name: str, filled: bool) -> None:
        self._name = name
        self._filled = filled

    def __bool__(self) -> bool:
        return self._filled

    def __str__(self) -> str:
        return f"{OPEN}h:{self._name}{CLOSE}"

    def __html__(self) -> str:
        return f"{OPEN}e:{self._name}{CLOSE}"

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("a hole equals nothing: its value is not known")

    def __hash__(self) -> NoReturn:
        raise TypeError("a hole has no hash: its value is not known")


class Filling(Struct, frozen=True):
    """A %-format for facts by name, and by name with `e:` where they stand escaped."""

    format: str
    escaped: tuple[str, ...]

    def render(self, facts: dict[str, str]) -> str:
        """The text with the facts in its holes."""
        return self.format % (facts | {f"e:{name}": str(escape(facts[name])) for name in self.escaped})


class Frame:
    """A template that is rendered by its frames."""

    def __init__(self, environment: Environment, name: str) -> None:
        self.template: Template = environment.get_template(name)
        self._passes = _passes(environment, name)
        #: By which facts are not empty. There are few: most facts are never empty.
        self._fillings: dict[tuple[bool, ...], Filling | None] = {}

    def render(self, facts: dict[str, str]) -> str:
        """The text; raises what the template raises. `facts` has the same names in the same order every time."""
        filled = tuple(map(bool, facts.values()))
        if filled not in self._fillings:
            self._fillings[filled] = self._filling(facts) if self._passes else None
        filling = self._fillings[filled]
        return filling.render(facts) if filling is not None else self.template.render(facts)

    def _filling(self, facts: dict[str, str]) -> Filling | None:
        try:
            text = self.template.render({name: Hole(name, bool(value)) for name, value in facts.items()})
        except (TemplateError, TypeError):  # it wants more of a fact than a hole gives, or fails with any
            return None
        parts, escaped = [], set[str]()
        literals, kinds, names = (HOLE.split(text)[start::3] for start in range(3))
        for literal, kind, name in zip(literals, [*kinds, ""], [*names, ""], strict=True):
            parts.append(literal.replace("%", "%%"))
            if kind == "e":
                escaped.add(name)
            if kind:
                parts.append(f"%(e:{name})s" if kind == "e" else f"%({name})s")
        return Filling("".join(parts), tuple(sorted(escaped)))


def _passes(environment: Environment, name: str) -> bool:
    """Whether the template, and all that it refers to, pass facts on as they are."""
    loader = environment.loader
    assert loader is not None
    source, _, _ = loader.get_source(environment, name)
    tree = environment.parse(source)
    if OPEN in source or CLOSE in source or not all(isinstance(node, PASSING) for node in tree.find_all(nodes.Node)):
        return False
    others = list(meta.find_referenced_templates(tree))
    return all(other is not None and _passes(environment, other) for other in others)
