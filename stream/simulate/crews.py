"""What crews and operators say of outages (`network.field`): how long it takes, why it happened, how it goes on.

outage ──┬── 6..15 min: etr, cause ──── comment ──── a later etr, when the first has passed ──┬── repaired
         └── now and then an operator confirms                                               └
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import MINUTE, Incident, Plan
from forewarn.stream.simulate.size import draws
from forewarn.topics.instants import to_rfc3339

#: Share of outages in which a crew says how long it takes and why it happened; in which an operator confirms.
CREW_SPEAKS, OPERATOR_CONFIRMS, COMMENTS = 0.4, 0.05, 0.3
_COMMENTS = ("on the way", "on site", "splicing", "waiting for parts", "fault found, replacing the card")


def crews(seed: int, plan: Plan) -> Iterator[Event]:
    """The words of crews and operators about the outages that customers are to be told of."""
    for incident in plan.incidents:
        if incident.facing:
            yield from _about(draws(seed, f"crews/{incident.id}"), incident)


def _about(random: Random, incident: Incident) -> Iterator[Event]:
    length = incident.end - incident.start
    if random.random() < OPERATOR_CONFIRMS and length > 10 * MINUTE:
        yield _word(incident, incident.start + 6 * MINUTE, "confirm", "operator-1", {})
    if random.random() >= CREW_SPEAKS:
        return
    crew = f"crew-{random.randrange(1, 10)}"
    said = incident.start + round(min(length * 0.6, random.uniform(6, 15) * MINUTE))
    etr = incident.start + round(length * random.uniform(0.9, 1.3))
    yield _word(incident, said, "etr", crew, {"etr": to_rfc3339(etr)})
    yield _word(incident, said + 30_000, "cause", crew, {"cause": incident.cause})
    if random.random() < COMMENTS:
        yield _word(
            incident, said + round((incident.end - said) * 0.5), "comment", crew, {"text": random.choice(_COMMENTS)}
        )
    if etr < incident.end - MINUTE:
        later = {"etr": to_rfc3339(incident.end + random.randrange(2, 20) * MINUTE)}
        yield _word(incident, etr - MINUTE, "etr", crew, later, "-again")


def _word(
    incident: Incident, at: int, action: str, author: str, fields: Mapping[str, object], again: str = ""
) -> Event:
    head = {
        "id": f"{incident.id}-{action}{again}",
        "time": at,
        "author": author,
        "element": incident.element,
        "region": incident.region,
        "action": action,
        **fields,
    }
    return event(at, "network.field", incident.region, head)
