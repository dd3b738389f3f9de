"""Lines: which kinds of a customer's service are out, so that no message is sent over one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forewarn.alerts.customers import Customer
from forewarn.alerts.incidents import Incidents
from forewarn.topics.events.customers import Service


def out(incidents: Incidents, person: Customer | None) -> frozenset[str]:
    """The kinds of service of which none works now; nothing for somebody without a profile."""
    services = person.services if person is not None else ()
    return frozenset(_kinds(incidents, services, broken=True)) - frozenset(_kinds(incidents, services, broken=False))


def out_of(services: Iterable[Service], working: Sequence[Service]) -> frozenset[str]:
    """The same of services of which it is known which ones work."""
    up = {service.kind for service in working}
    return frozenset(service.kind for service in services if service.kind not in up)


def _kinds(incidents: Incidents, services: Iterable[Service], *, broken: bool) -> Iterable[str]:
    return (service.kind for service in services if incidents.broken(service.element) is broken)
