"""The size of files and functions, held to CONTRIBUTING.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE_LINES, FUNCTION_LINES, MEDIAN_LINES = 300, 40, 8


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            yield node.name, (node.end_lineno or first) - first + 1


def is_command_line(path: Path) -> bool:
    """Functions there are mostly the list of their options."""
    return path.is_relative_to(ROOT / "stream" / "commands")


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in sources("topics", "stream", "alerts", "deploy")
    }
    assert {name: length for name, length in lengths.items() if length > FILE_LINES} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {name} has {length} lines"
        for path in sources("topics", "stream", "alerts", "deploy")
        if not is_command_line(path)
        for name, length in functions(path)
        if length > FUNCTION_LINES
    ]
    assert long == []


def test_the_usual_function_is_short() -> None:
    lengths = sorted(length for path in sources("topics", "stream", "alerts") for _, length in functions(path))
    assert lengths[len(lengths) // 2] <= MEDIAN_LINES


def test_every_module_says_its_place() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources("topics", "stream", "alerts", "deploy")
        if ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []
