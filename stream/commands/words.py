"""`forewarn preview` and `forewarn templates check`: the words that customers read, before they read them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forewarn.stream.commands.options import Bootstrap, Config, Json, PolicyFile, Prefix, finish, read


def preview(
    kind: Annotated[str, typer.Argument(help="outage, maintenance, usage, appointment, bill, contract, survey, …")],
    stage: Annotated[str, typer.Argument(help="As in topics: confirmed, restored, announced, threshold, …")],
    channel: Annotated[str | None, typer.Option(help="email, sms, push, webhook or inapp; without it all.")] = None,
    locale: Annotated[str, typer.Option(help="The reader's language: en-GB, de, es, fr, …")] = "",
    time_zone: Annotated[str, typer.Option(help="The reader's time zone, an IANA name.")] = "",
    text: Annotated[str | None, typer.Option(help="Your own words, in place of the explanation of an outage.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the e-mail's HTML to this file, to look at it.")] = None,
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Show a message as a customer would get it, from sample facts: every channel's, with the segments of an SMS.

    Words, brand and time zone are those of this deployment's policy. Exit code 1 if the linter finds something.
    """
    _, read_policy = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.preview import Wanted, run

    wanted = Wanted(kind, stage, channel, locale, time_zone, text)
    try:
        finish(run(read_policy.alerts, wanted, html=html, as_json=json))
    except LookupError as error:
        raise typer.BadParameter(str(error)) from None


def check(
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Check all words of this deployment: every message in every language on every channel, all problems at once."""
    _, read_policy = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.preview import run_check

    finish(run_check(read_policy.alerts))
