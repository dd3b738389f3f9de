"""`forewarn journeys draw`: what a policy's journeys look like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forewarn.stream.commands.options import Bootstrap, Config, PolicyFile, Prefix, finish, read


def draw(
    name: Annotated[str | None, typer.Argument(help="Which journey; without it all.")] = None,
    out: Annotated[Path, typer.Option(help="Directory for the SVG files, journey-NAME.svg.")] = Path(),
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Draw journeys, those of the policy and those that come with Forewarn: one SVG each, for light and dark pages."""
    _, read_policy = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.journeys import run

    finish(run(read_policy.alerts, name, out))
