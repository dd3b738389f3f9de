"""The generated pages of docs/ say what the code says."""

from __future__ import annotations

import pytest

from forewarn.stream.documents import DOCS, pages
from forewarn.topics.catalog import TOPICS


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == pages()[name], "run: python -m forewarn.stream.documents"


def test_every_topic_is_on_the_page() -> None:
    page = pages()["topics.md"]
    assert all(f"| `{topic.name}` |" in page for topic in TOPICS)


def test_every_link_to_a_kind_of_event_has_its_section() -> None:
    page = pages()["topics.md"]
    sections = {line.removeprefix("### ").lower() for line in page.splitlines() if line.startswith("### ")}
    links = {part.split(")")[0] for part in page.split("](#")[1:]}
    assert links <= sections
