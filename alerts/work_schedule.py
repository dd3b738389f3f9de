"""The schedule of planned work: which of its stages are told, and when it is announced, as the policy's journeys say.

    [[alerts.journeys.maintenance.steps]]        one journey for all customers of a work, so its moments are counted
    at = "start - 24h"                           in the deployment's zone. Of a step count `say`, `class`, `at` and
    say = "maintenance/announced"                `until` (of `announced`), and its conditions, on the work's own fields

What follows what is planned work's own (`work_stages.py`): the network's word moves it, not the customers'.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from msgspec import Struct

from forewarn.alerts.journeys.builtin import journeys_of
from forewarn.alerts.journeys.conditions import holds
from forewarn.alerts.journeys.journey import Step, When
from forewarn.alerts.journeys.moments import moment
from forewarn.alerts.local_hours import zone_of
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.works import Work

KIND, ANNOUNCED = "maintenance", "announced"
#: What a condition finds as `status` when a work is announced; at every other stage it is the stage's own word.
PLANNED = "planned"


class Spoken(Struct, frozen=True):
    """A step that says something of planned work, with the conditions of its journey's trigger."""

    step: Step
    trigger: When

    @property
    def name(self) -> str:
        """The class of its message, as far as the step says it."""
        return self.step.class_ or self.step.name

    def said(self, work: Work) -> bool:
        """Whether the step says its stage of this work."""
        status = PLANNED if self.step.stage == ANNOUNCED else self.step.stage
        about = {**_fields(work), "maintenance_id": work.maintenance_id, "reason": work.reason or "", "status": status}
        return all(holds(when, about.get) for when in (self.step.on, self.step.when)) and holds(
            self.trigger, {**about, "status": PLANNED}.get
        )


class Schedule(Struct, frozen=True):
    """What is told of planned work, step by step."""

    spoken: tuple[Spoken, ...]
    zone: ZoneInfo

    def tells(self, work: Work, stage: str) -> bool:
        """Whether a stage of the work is told at all."""
        return any(one.step.stage == stage and one.said(work) for one in self.spoken)

    def due(self, work: Work) -> list[tuple[int, str]]:
        """The announcements of a work: when (epoch ms) each is due, and its class; in the order of time."""
        found = ((moment(one.step.at).instant(_fields(work), self.zone), one.name) for one in self._announced(work))
        return sorted((at, name) for at, name in found if at is not None)

    def worth(self, work: Work, class_: str | None) -> int:
        """Until when (epoch ms) the announcement of a class is worth telling."""
        name = (class_ or "").partition("/")[0]
        untils = [one.step.until for one in self._announced(work) if one.name == name and one.step.until]
        ends = [end for until in untils if (end := moment(until).instant(_fields(work), self.zone)) is not None]
        return min((*ends, work.start))

    def _announced(self, work: Work) -> Iterator[Spoken]:
        return (one for one in self.spoken if one.step.stage == ANNOUNCED and one.step.at and one.said(work))


def schedule(policy: AlertPolicy) -> Schedule:
    """The schedule of a policy; without journeys of planned work nothing is told of it."""
    journeys = [one for one in journeys_of(policy.journeys).values() if one.trigger.event == KIND]
    spoken = (Spoken(step, one.trigger.when) for one in journeys for step in one.steps if step.kind == KIND)
    return Schedule(tuple(spoken), zone_of(None, policy.default_time_zone))


def _fields(work: Work) -> dict[str, object]:
    return {"start": work.start, "end": work.end}
