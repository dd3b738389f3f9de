"""`forewarn topics`: what Forewarn reads and writes, on this cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from forewarn.stream.commands.options import Bootstrap, Config, Json, PolicyFile, Prefix, finish, read


def list_topics(
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """List every topic of the catalog: key, group, clean-up, retention, who reads and who writes it."""
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream import topics_admin

    finish(topics_admin.run_list(settings, as_json=json))


def apply(
    partitions: Annotated[
        str, typer.Option(help="Counts by group; fixed for the life of a deployment.")
    ] = "region=8,customer=8",
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition.")] = 1,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Create what is missing and set the configuration of what is there. Nothing is deleted, no count is changed."""
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream import topics_admin

    finish(topics_admin.run_apply(settings, partitions, replication))


def check(
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Compare the cluster with the catalog: every difference, and the command that mends it. 78 if there is one."""
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream import topics_admin

    finish(topics_admin.run_check(settings))


def asyncapi(
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Print the AsyncAPI document of all topics, made from the catalog and the typed events."""
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream import topics_admin

    finish(topics_admin.run_asyncapi(settings))


COMMANDS: dict[str, Callable[..., None]] = {"list": list_topics, "apply": apply, "check": check, "asyncapi": asyncapi}
