"""The question that a marketing system asks before it sends: may this customer be contacted? Pure; no when in doubt.

    customers.standing: the customer's row ─────────────┐
    progress: the row of the customer's partition ──────┼──> contactable ──> Answer(yes or no, reasons, until, as_of)
    the time, the deployment's policy and mode ─────────┘

It is the gate's own truth, read from what the gate's partition has published. Invariant: yes only on a row that says
nothing against it, from a partition that is alive, has seen all that detection knows, and owes no row to anybody.
"""

from __future__ import annotations

from msgspec import Struct

from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.alerts.proposal import Mode
from forewarn.alerts.reasons import Reason
from forewarn.alerts.rollout import withheld
from forewarn.topics.events.messages import Progress, Standing


class Answer(Struct, frozen=True, omit_defaults=True):
    """What a marketing system is told. `reasons` are words of `reasons.py`, all that stand against it.

    `held_until` (RFC 3339): not before then, as far as ends are known. `as_of`: the age of what is known.
    """

    contactable: bool
    reasons: tuple[str, ...] = ()
    held_until: str | None = None
    as_of: str | None = None


def contactable(
    policy: AlertPolicy, mode: Mode, customer: str, standing: Standing | None, progress: Progress | None, now: int
) -> Answer:
    """Whether marketing may contact a customer at `now` (epoch ms).

    `standing` is the newest row of the customer (None: there is none), `progress` that of role decide for the partition
    that the customer's key falls into.
    """
    reasons = [*standing.reasons] if standing is not None else [Reason.UNKNOWN_CUSTOMER.value]
    if not _fresh(policy, progress, now):
        reasons.append(Reason.UPSTREAM_STALE.value)
    if progress is not None and not {"marketing", "*"}.isdisjoint(progress.paused):
        reasons.append(Reason.PAUSED.value)
    if (reason := withheld(mode, policy, customer)) is not None:
        reasons.append(reason.value)
    return Answer(
        contactable=not reasons,
        reasons=tuple(reasons),
        held_until=standing.held_until if standing is not None else None,
        as_of=standing.as_of if standing is not None else None,
    )


def _fresh(policy: AlertPolicy, progress: Progress | None, now: int) -> bool:
    """Whether the partition is alive and up to date, and has heard of late from what it rests on."""
    return (
        progress is not None
        and not progress.behind
        and now - progress.tick <= ms(policy.mark_tick_s)
        and now - progress.event_time <= ms(policy.mark_event_s)
    )
