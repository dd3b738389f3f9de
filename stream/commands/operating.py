"""Commands of whoever operates Forewarn: reasons of messages, the policy, pause and resume, a look at the machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from forewarn.stream.commands.options import Bootstrap, Config, Json, PolicyFile, Prefix, finish, read


class Sendable(StrEnum):
    """What can be paused: one kind of alerts, the answers to marketing, or everything."""

    OUTAGE = "outage"
    MAINTENANCE = "maintenance"
    USAGE = "usage"
    OFFER = "offer"
    APPOINTMENT = "appointment"
    BILL = "bill"
    CONTRACT = "contract"
    SURVEY = "survey"
    MARKETING = "marketing"
    EVERYTHING = "everything"


def why(
    customer: Annotated[str, typer.Argument(help="The customer's id, as in customers.profiles.")],
    incident: Annotated[str | None, typer.Option(help="Only this outage, or <bucket>/<cycle start date>.")] = None,
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Say why a customer was, or was not, told something: the ledger of the last 90 days, read by a person."""
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.why import run

    finish(run(settings, customer, as_json=json, incident=incident))


def webhook_secret(
    customer: Annotated[str, typer.Argument(help="The customer's id, as in customers.profiles.")],
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Print the secret that a customer's webhook is signed with: one a line of the operator's, the newest first."""
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.alerts.channels.webhook import customer_secret, read_secrets
    from forewarn.stream.settings import SettingsError

    if settings.webhook_secret_file is None:
        raise SettingsError(["webhook_secret_file is not set: this deployment has no webhooks"])
    for secret in read_secrets(settings.webhook_secret_file):
        typer.echo(customer_secret(secret, customer))


def policy_check(
    file: Annotated[Path | None, typer.Argument(help="The policy file; default: --policy, else the defaults.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print every value, defaults included.")] = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Check a policy: all errors at once, or its hash and what differs from the defaults."""
    from forewarn.stream.policy_report import run

    _, read_policy = read(bootstrap, config, file or policy, topic_prefix)
    finish(run(read_policy, as_json=json))


def pause(
    kind: Annotated[Sendable, typer.Argument(help="What to stop; without it everything stops.")] = Sendable.EVERYTHING,
    author: Annotated[str, typer.Option(help="Who says so; default: the user of this machine.")] = "",
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Stop sending at once, everywhere: decide and deliver obey at their next unit. Nothing is lost; see resume."""
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.control import run

    finish(run(settings, kind.value, paused=True, author=author))


def resume(
    kind: Annotated[
        Sendable, typer.Argument(help="What to resume; the word that it was paused by.")
    ] = Sendable.EVERYTHING,
    author: Annotated[str, typer.Option(help="Who says so; default: the user of this machine.")] = "",
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Send again what was paused; every waiting message is considered anew, with what is true by then."""
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.control import run

    finish(run(settings, kind.value, paused=False, author=author))


def doctor(
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Look at everything Forewarn needs here: Python, settings, policy, Kafka, topics, mail relay, Java for the demo.

    Every finding comes with what would mend it. Exit code 1 if something does not work.
    """
    from forewarn.stream.doctor import run

    finish(run(bootstrap=bootstrap, config=config, policy=policy, topic_prefix=topic_prefix, as_json=json))
