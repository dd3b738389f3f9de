"""Drawing: a journey as an SVG picture for people: the main line on the left, what events and replies enter beside it.

    ( trigger )
        │
    ┌─ step ──────┐                  ┌─ on status: delayed ─┐
    │ says, if    │ ── no ─────────> │ says                 │
    └─────────────┘ <──────── then ─ └──────────────────────┘
        │ 24 h before start

No script, no font of its own, nothing that is loaded; colours follow the reader's light or dark scheme. Pure: the same
journey gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from textwrap import wrap

from msgspec import Struct

from forewarn.alerts.journeys.journey import END, RESUME, Journey, Step
from forewarn.alerts.journeys.paths import follows
from forewarn.alerts.journeys.plain_words import moment_words, trigger_words, waiting_words, when_words

#: Measures in px: cards, the gutter between the columns, the margin, a line of text, and letters in a line.
WIDTH, GUTTER, MARGIN, LINE, LETTERS = 310, 130, 32, 18, 46
GAP, PAD = 46, 12

STYLE = """
svg{--paper:#fff;--card:#f8fafc;--edge:#94a3b8;--ink:#0f172a;--faint:#475569;--line:#64748b;--tone:#2563eb;
--wash:#e8effd}
@media (prefers-color-scheme:dark){svg{--paper:#0f172a;--card:#1e293b;--edge:#475569;--ink:#f1f5f9;--faint:#a9b6c8;
--line:#8796ab;--tone:#8ab4ff;--wash:#1c2f55}}
.paper{fill:var(--paper)}.card{fill:var(--card);stroke:var(--edge)}.aside{stroke-dasharray:5 3}
.pill{fill:var(--wash);stroke:var(--tone)}text{fill:var(--ink);font:13px system-ui,sans-serif}
.head{font-size:20px;font-weight:600}.say{font-weight:600}.faint{fill:var(--faint);font-size:12px}
.tone{fill:var(--tone);font-size:12px;font-weight:600}.way{fill:none;stroke:var(--line);stroke-width:1.4}
.tip{fill:var(--line)}.soft{stroke-dasharray:2 3}
""".replace("\n", "")


class Line(Struct, frozen=True):
    """A line of text in a card; `to`: the step that it leads to, drawn as an arrow if that is in the other column."""

    text: str
    style: str = "faint"
    to: str = ""


class Card(Struct, frozen=True):
    """A step at its place: left and top edge, the column, and its lines."""

    step: Step
    left: int
    top: int
    aside: bool
    lines: tuple[Line, ...]

    @property
    def height(self) -> int:
        """Its height in px."""
        return len(self.lines) * LINE + 2 * PAD - 4

    @property
    def bottom(self) -> int:
        """Its lower edge."""
        return self.top + self.height

    def line_y(self, number: int) -> int:
        """The middle of a line."""
        return self.top + PAD + number * LINE + 5


def draw(name: str, journey: Journey) -> str:
    """The picture: an SVG document."""
    wide = len(line_of(journey)) < len(journey.steps)
    about = wrap(journey.about, 2 * LETTERS + 10 if wide else LETTERS + 14)
    top = MARGIN + 34 + len(about) * LINE
    pill = wrap(trigger_words(journey.trigger), LETTERS - 6)
    cards = _cards(journey, top, top + len(pill) * LINE + 16 + GAP)
    width = MARGIN * 2 + WIDTH + (GUTTER + WIDTH if wide else 100)
    foot = _foot(journey)
    bottom = max([card.bottom for card in cards] + [top + 60]) + 18
    height = bottom + len(foot) * LINE + MARGIN
    parts = [
        f'<rect class="paper" width="{width}" height="{height}"/>',
        _text(MARGIN, MARGIN + 14, name.replace("_", " ").capitalize(), "head"),
        *(_text(MARGIN, MARGIN + 36 + n * LINE, line, "faint") for n, line in enumerate(about)),
        f'<rect class="pill" x="{MARGIN}" y="{top}" width="{WIDTH}" height="{len(pill) * LINE + 14}" rx="16"/>',
        *(_text(MARGIN + 16, top + 21 + n * LINE, line, "tone") for n, line in enumerate(pill)),
        *_chain(journey, cards, top + len(pill) * LINE + 14),
        *_ways(cards),
        *(part for card in cards for part in _card(card)),
        *(_text(MARGIN, bottom + 22 + n * LINE, line, "faint") for n, line in enumerate(foot)),
    ]
    title = escape(f"Journey {name}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="t d">\n<title id="t">{title}</title>\n'
        f'<desc id="d">{escape(_told(journey))}</desc>\n<style>{STYLE}</style>\n'
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def line_of(journey: Journey) -> tuple[Step, ...]:
    """The steps that follow one another from the first of the main line on."""
    found: list[Step] = []
    step = journey.main[0] if journey.main else None
    while step is not None and step not in found:
        found.append(step)
        step = next((s for to in reversed(follows(journey, step)) if (s := journey.step(to)) and s not in found), None)
    return tuple(found)


def _cards(journey: Journey, aside_top: int, top: int) -> list[Card]:
    """All cards, those of the line first."""
    line = line_of(journey)
    cards: list[Card] = []
    for step in line:
        cards.append(Card(step, MARGIN, top, False, _lines(journey, step, line)))
        top = cards[-1].bottom + GAP
    for step in journey.steps:
        if step not in line:
            cards.append(Card(step, MARGIN + WIDTH + GUTTER, aside_top, True, _lines(journey, step, line)))
            aside_top = cards[-1].bottom + 22
    return cards


def _lines(journey: Journey, step: Step, line: tuple[Step, ...]) -> tuple[Line, ...]:
    said = f"{step.kind}: {step.stage.replace('_', ' ')}" if step.say else step.name.replace("_", " ").capitalize()
    class_ = f"  ({step.class_})" if step.class_ else ""
    lines = [Line(f"When {when_words(step.on)}", "tone")] if step.on else []
    lines.append(Line(said.capitalize() + class_, "say"))
    waits = waiting_words(step)
    if waits and step not in line:
        lines.append(Line(waits.capitalize()))
    lines += [Line(text) for text in wrap(f"If {when_words(step.when)}", LETTERS)] if step.when else []
    lines += [Line(f"At most {step.at_most} times")] if step.at_most else []
    lines += [Line(f"Answered {word}: {_target(to)}", to=to) for word, to in step.replies.items()]
    return (*lines, *_leads(journey, step, line))


def _leads(journey: Journey, step: Step, line: tuple[Step, ...]) -> Iterator[Line]:
    """Where a step leads, as far as it is not simply to the card below."""
    after = journey.after(step.name)
    place = line.index(step) + 1 if step in line else len(line)
    below = line[place].name if place < len(line) else ""
    then, otherwise = step.then or after, step.otherwise or after
    if then not in (below, "rest"):
        yield Line(f"Then {_target(then)}", to=then)
    if step.when and otherwise != then:
        yield Line("Otherwise below" if otherwise == below else f"Otherwise {_target(otherwise)}", to=otherwise)


def _target(to: str) -> str:
    return {END: "the end", RESUME: "on as before", "rest": "nothing more"}.get(to, f"on to {to.replace('_', ' ')}")


def _chain(journey: Journey, cards: list[Card], top: int) -> Iterator[str]:
    """The arrows down the line, each with what is waited for."""
    x = MARGIN + WIDTH // 2
    for card in (card for card in cards if not card.aside):
        yield f'<path class="way" marker-end="url(#a)" d="M{x} {top}V{card.top - 2}"/>'
        if waits := waiting_words(card.step):
            yield _text(x + 10, (top + card.top) // 2 + 4, waits, "faint")
        top = card.bottom


def _ways(cards: list[Card]) -> Iterator[str]:
    """The arrows between the columns, from the line of text that names them."""
    by_name = {card.step.name: card for card in cards}
    reached: dict[str, int] = {}
    for card in cards:
        for number, line in enumerate(card.lines):
            target = by_name.get(line.to)
            if target is None or target.aside == card.aside:
                continue
            arrival = target.top + 14 + 9 * reached.setdefault(line.to, 0)
            reached[line.to] += 1
            start = card.left if card.aside else card.left + WIDTH
            end = target.left + WIDTH + 2 if card.aside else target.left - 2
            yield _curve(start, card.line_y(number), end, min(arrival, target.bottom - 6))


def _curve(x: int, y: int, to_x: int, to_y: int) -> str:
    bend = (to_x - x) // 2
    return f'<path class="way" marker-end="url(#a)" d="M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"/>'


def _card(card: Card) -> Iterator[str]:
    style = "card aside" if card.aside else "card"
    yield f'<rect class="{style}" x="{card.left}" y="{card.top}" width="{WIDTH}" height="{card.height}" rx="8"/>'
    for number, line in enumerate(card.lines):
        yield _text(card.left + 14, card.line_y(number) + 4, line.text, line.style)


def _foot(journey: Journey) -> list[str]:
    ends = [f"Ends when {when_words(when)}" for when in journey.exit]
    return [*(line for one in ends for line in wrap(one, 2 * LETTERS)), f"Forgotten {moment_words(journey.ends)}"]


def _told(journey: Journey) -> str:
    """The picture in words, for who cannot see it."""
    steps = ", ".join(step.say or step.name for step in line_of(journey))
    aside = ", ".join(f"{step.say or step.name} when {when_words(step.on)}" for step in journey.steps if step.on)
    return f"{trigger_words(journey.trigger)}. Then {steps}{f'; {aside}' if aside else ''}."


def _text(x: int, y: int, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{escape(text, quote=False)}</text>'
