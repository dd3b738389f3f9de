"""The outages as `outages.revisions` tell them: which elements are down, since when no more, what became part of what.

suspected ── confirmed ── monitoring ── restored          `left`: element -> when it came back (ms)
   └ set of elements, as of each revision that names one
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.month.lines import Row, instant

#: States in which something is broken, and those after which nothing is.
BROKEN = frozenset({"suspected", "confirmed", "monitoring"})
OVER = frozenset({"restored", "closed", "dismissed", "merged"})
DAY = 86_400_000


class Outage:
    """One outage as its newest revision says; instants are epoch ms."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.state = ""
        self.elements: frozenset[str] = frozenset()
        self.confirmed = False
        self.over: int | None = None
        self.restored: int | None = None
        self.left: dict[str, int] = {}
        self.parent: str | None = None
        self.merged_into: str | None = None
        self.planned = False
        self.muted = False
        self.element = ""

    def fold(self, ts: int, value: dict[str, Any]) -> None:
        """Takes a revision of `ts`."""
        self.state, self.element = value["state"], value.get("element", "")
        self.confirmed |= value.get("confirmed") is not None or self.state == "confirmed"
        self.parent, self.merged_into = value.get("parent"), value.get("merged_into")
        self.planned = self.state == "planned" or value.get("maintenance_id") is not None
        restored = value.get("restored")
        self.restored = instant(restored) if restored is not None else None
        if self.state not in OVER:
            self.over = None
        elif self.over is None:
            self.over = ts
        if (named := value.get("elements")) is not None:
            self._set(frozenset(named), ts)

    def _set(self, elements: frozenset[str], ts: int) -> None:
        if self.confirmed:
            self.left.update(dict.fromkeys(self.elements - elements, ts))
        for element in elements:
            self.left.pop(element, None)
        self.elements = elements

    def broken(self, element: str) -> bool:
        """Whether the element is out, by this outage, now."""
        return self.state in BROKEN and element in self.elements

    def mended(self, element: str) -> int | None:
        """When service was back on an element that was out by this outage while it was confirmed; else None."""
        if not self.confirmed or self.state == "dismissed":
            return None
        ends = [self.left[element]] if element in self.left else []
        if self.over is not None and (ends or element in self.elements):
            ends.append(self.restored if self.restored is not None and self.state != "merged" else self.over)
        return min(ends, default=None)


class Outages:
    """All outages that are not long over."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._heirs: dict[str, str] = {}
        self.by_id: dict[str, Outage] = {}
        self._by_element: dict[str, set[str]] = {}
        self._swept = 0

    def fold(self, row: Row) -> None:
        """Takes a record of `outages.revisions`."""
        outage = self.by_id.setdefault(row.key, Outage(row.key))
        outage.fold(row.ts, row.value)
        for element in outage.elements:
            self._by_element.setdefault(element, set()).add(outage.id)
        if outage.merged_into is not None and outage.state == "merged":
            self._heirs[outage.id] = outage.merged_into
        elif outage.id in self._heirs:
            del self._heirs[outage.id]
        if row.ts - self._swept > DAY:
            self._sweep(row.ts)

    def act(self, row: Row) -> None:
        """Takes a record of `network.field`: staff mute an outage, by its name or by what it is about."""
        value = row.value
        if value["action"] == "mute":
            for outage in self.by_id.values():
                about = value.get("element") == outage.element and outage.over is None
                outage.muted |= about or value.get("outage_id") == outage.id

    def concerning(self, elements: Iterable[str]) -> Iterator[Outage]:
        """The outages that have, or had, any of the elements."""
        found = {name for element in elements for name in self._by_element.get(element, ())}
        return (self.by_id[name] for name in sorted(found))

    def heir(self, name: str) -> str:
        """The outage that one has become a part of, through all mergers; else itself."""
        seen = {name}
        while (into := self._heirs.get(name)) is not None and into not in seen:
            seen.add(into)
            name = into
        return name

    def down(self, element: str) -> bool:
        """Whether a confirmed outage has the element out."""
        names = self._by_element.get(element, ())
        return any(self.by_id[name].confirmed and self.by_id[name].broken(element) for name in names)

    def _sweep(self, ts: int) -> None:
        """Forgets what can concern nobody any more."""
        self._swept = ts
        for outage in [o for o in self.by_id.values() if o.over is not None and ts - o.over > self._kept]:
            for element in outage.elements | outage.left.keys():
                self._by_element.get(element, set()).discard(outage.id)
