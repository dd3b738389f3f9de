"""What an operator tunes about key performance indicators: which are watched, how, and what counts as demand.

    [outages.kpi]                    [[outages.kpi.watched]]
    fall = 0.5                       name = "sessions"
    samples = 3                      kind = "volume"

Fields ending in `_s` are seconds. `watched` in a policy file takes the place of the whole list.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

DAY_S = 86_400.0

Period = Annotated[float, Meta(ge=0.1, le=400 * DAY_S)]
Share = Annotated[float, Meta(gt=0, le=1)]
Count = Annotated[int, Meta(ge=1, le=10_000)]

#: No count of users or failures is larger.
LARGEST = 1e15

#: `volume`: follows the number of users (detector B). `loss`: a ratio that is bad when high, `success`: one that is bad
#: when low, `failures`: a count of what went wrong (detector D, all three).
KpiKind = Literal["volume", "loss", "success", "failures"]


class KpiRule(Struct, frozen=True, forbid_unknown_fields=True):
    """One watched indicator.

    `floor`, of a volume: least baseline in one sample. Of the others: the least reference of what goes wrong in one
    sample, below which no change is worth a word.
    """

    name: Annotated[str, Meta(min_length=1)]
    kind: KpiKind
    floor: Annotated[float, Meta(ge=0)]

    def reading(self, value: float) -> float | None:
        """A sample as its detector takes it: users, or what went wrong. None: it is no such figure."""
        if not 0 <= value <= (1 if self.kind in ("loss", "success") else LARGEST):
            return None
        return 1 - value if self.kind == "success" else value


class KpiPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults suit samples of one to fifteen minutes."""

    #: Twice the floor of loss is 1 %, which ITU-T G.1010 allows video at most; one attach in a hundred fails anywhere.
    watched: tuple[KpiRule, ...] = (
        KpiRule("sessions", "volume", 20),
        KpiRule("attach_attempts", "volume", 20),
        KpiRule("call_attempts", "volume", 20),
        KpiRule("loss_ratio", "loss", 0.005),
        KpiRule("attach_success_ratio", "success", 0.01),
        KpiRule("session_failures", "failures", 5),
    )

    # --- baseline
    #: Time of which one mean is kept ...
    slot_s: Period = 300.0
    #: ... for each slot of this cycle ...
    season_s: Period = DAY_S
    #: ... and from these neighbours together the baseline is taken.
    smooth_s: Period = 900.0
    #: Days of history without which nothing is compared with a baseline (of at most seven).
    days_min: Annotated[int, Meta(ge=1, le=7)] = 2
    #: A baseline counts when it is larger than so many median absolute deviations.
    scatter_max: Annotated[float, Meta(gt=0, le=100)] = 4.0
    #: A baseline is frozen during a suspicion of the indicator itself for so long; then the new level is learned.
    frozen_s: Period = DAY_S

    # --- detector B
    #: Suspected below this share of the baseline ...
    fall: Share = 0.5
    #: ... over above this one ...
    rise: Share = 0.8
    #: ... each for so many samples one after another.
    samples: Count = 3
    #: A gap of more than so many intervals between two samples begins the counting anew.
    gap_intervals: Annotated[float, Meta(ge=1, le=1000)] = 3.0
    #: A suspicion whose indicator says nothing any more for this long (and `samples` intervals) is over.
    silent_s: Period = 3600.0

    #: What an indicator was is forgotten when it says nothing for this long.
    forget_s: Period = 30 * DAY_S

    # --- detector D
    #: Degraded means that what goes wrong grows by this factor.
    growth: Annotated[float, Meta(gt=1, le=100)] = 2.0
    #: Samples between two false alarms on an indicator whose level stays.
    false_alarm_samples: Annotated[float, Meta(ge=10)] = 1e6
    #: No suspicion begins or ends by fewer samples than this.
    cusum_samples: Count = 5
    #: Samples that teach a ratio's own reference while there is no baseline.
    learn_samples: Count = 12

    # --- demand
    #: A drop that more than this share ...
    demand_share: Share = 0.8
    #: ... of at least so many regions have in common is no outage.
    demand_regions: Count = 5
