"""What the commands share: options that every one takes, settings and policy from them, and how a command ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from forewarn.stream.policy import Policy
    from forewarn.stream.settings import Settings

EPILOG = "Exit codes: 0 done, 1 the result is negative, 2 usage, 70 internal, 78 settings, topics or policy."
_COMMON = "Common options"

Bootstrap = Annotated[
    str | None,
    typer.Option(help="Kafka brokers, host:port[,…]. FOREWARN_BOOTSTRAP", rich_help_panel=_COMMON, show_default=False),
]
Config = Annotated[
    Path | None,
    typer.Option(help="Settings as a TOML file; the environment wins over it.", rich_help_panel=_COMMON),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", help="Policy as a TOML file. FOREWARN_POLICY", rich_help_panel=_COMMON),
]
Prefix = Annotated[
    str | None,
    typer.Option(
        "--topic-prefix", help="Put before all topics and groups. FOREWARN_TOPIC_PREFIX", rich_help_panel=_COMMON
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def read(
    bootstrap: str | None, config: Path | None, policy: Path | None, topic_prefix: str | None
) -> tuple[Settings, Policy]:
    """Settings and policy; raises SettingsError or PolicyError with all that is wrong in either."""
    from forewarn.stream import policy as policies
    from forewarn.stream import settings as all_settings

    settings = all_settings.load(config, bootstrap=bootstrap, policy=policy, topic_prefix=topic_prefix)
    return settings, policies.load(settings.policy)


def finish(result: Coroutine[Any, Any, int] | int) -> NoReturn:
    """Runs a command to its end and leaves with its exit code."""
    raise typer.Exit(result if isinstance(result, int) else asyncio.run(result))


def duration(text: str, option: str) -> float:
    """Seconds of a duration on the command line; a usage error when it is none."""
    from forewarn.stream.durations import seconds

    try:
        return seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
