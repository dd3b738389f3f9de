"""`forewarn etr`: estimated times of restoration."""

from __future__ import annotations

from typing import Annotated

import typer

from forewarn.stream.commands.options import Bootstrap, Config, Json, PolicyFile, Prefix, finish, read


def report(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE…]",
            help="Output of a replay, or outages.revisions as `kcat -J` prints it; - is standard input; without one, "
            "the topic is read.",
        ),
    ] = None,
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Show how well estimates were kept: coverage of p10 to p90, errors, and both against the simplest forecast.

    By cause, over every outage that was confirmed and is over. Exit code 1 when there is nothing to judge yet.
    """
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.calibration.command import run

    finish(run(settings, files or [], as_json=json))
