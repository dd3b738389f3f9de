"""The roles by name, in the order of the flow."""

from __future__ import annotations

from collections.abc import Callable

from forewarn.stream.engine.role import Role
from forewarn.stream.policy import Policy
from forewarn.stream.regulator.pack import load
from forewarn.stream.roles.correlate import CorrelateRole
from forewarn.stream.roles.decide import DecideRole
from forewarn.stream.roles.deliver import DeliverRole
from forewarn.stream.roles.detect import DetectRole
from forewarn.stream.roles.ingest import IngestRole

#: How each role is made from the policy.
ROLES: dict[str, Callable[[Policy], Role]] = {
    "ingest": lambda policy: IngestRole(),
    "detect": lambda policy: DetectRole(policy.outages),
    "correlate": lambda policy: CorrelateRole(policy.outages, load(policy.regulator), policy.hash),
    "decide": DecideRole,
    "deliver": lambda policy: DeliverRole(policy.delivery),
}


def role_of(name: str, policy: Policy, set_up: tuple[str, ...] | None = None) -> Role:
    """The role of that name; KeyError for a name that is none. `set_up`: channels it can send by; None means all."""
    if name == "decide" and set_up is not None:
        return DecideRole(policy, set_up)
    return ROLES[name](policy)
