"""The schedule of planned work: which of its stages are told, and when it is announced, as the policy's journeys say.

[[alerts.journeys.maintenance.steps]]        one journey for all customers of a work, so that its moments are counted
at = "start - 24h"                           in the deployment's zone, and nothing but what it says of
say = "maintenance/announced"                `announced` (`at`, `class`, `until`) and which stages it has counts here
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from msgspec import Struct

from forewarn.alerts.journeys.builtin import journeys_of
from forewarn.alerts.journeys.moments import Moment, moment
from forewarn.alerts.local_hours import zone_of
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.works import Work

KIND, ANNOUNCED = "maintenance", "announced"


class Announcement(Struct, frozen=True):
    """One announcement: its class, when it is due, and until when it is worth telling (None: until the work starts)."""

    name: str
    at: Moment
    until: Moment | None = None


class Schedule(Struct, frozen=True):
    """What is told of planned work: its announcements, and all of its stages that are told."""

    announcements: tuple[Announcement, ...]
    stages: frozenset[str]
    zone: ZoneInfo

    def due(self, work: Work) -> list[tuple[int, Announcement]]:
        """The announcements of a work with the instants (epoch ms) at which they are due, in the order of time."""
        found = [(one.at.instant(_fields(work), self.zone), one) for one in self.announcements]
        return sorted(((at, one) for at, one in found if at is not None), key=lambda pair: pair[0])

    def worth(self, work: Work, class_: str | None) -> int:
        """Until when (epoch ms) the announcement of a class is worth telling."""
        name = (class_ or "").partition("/")[0]
        untils = [one.until for one in self.announcements if one.name == name and one.until is not None]
        ends = [end for until in untils if (end := until.instant(_fields(work), self.zone)) is not None]
        return min((*ends, work.start))


def schedule(policy: AlertPolicy) -> Schedule:
    """The schedule of a policy; without journeys of planned work nothing is told of it."""
    journeys = journeys_of(policy.journeys).values()
    steps = [
        step for journey in journeys if journey.trigger.event == KIND for step in journey.steps if step.kind == KIND
    ]
    announcements = tuple(
        Announcement(step.class_ or step.name, moment(step.at), moment(step.until) if step.until else None)
        for step in steps
        if step.stage == ANNOUNCED and step.at
    )
    zone = zone_of(None, policy.default_time_zone)
    return Schedule(announcements, frozenset(step.stage for step in steps), zone)


def _fields(work: Work) -> dict[str, object]:
    return {"start": work.start, "end": work.end}
