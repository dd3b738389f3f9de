"""`forewarn regulator`: the rules of regulators, and the evidence that they were kept."""

from __future__ import annotations

from typing import Annotated

import typer

from forewarn.stream.commands.options import Bootstrap, Config, PolicyFile, Prefix, finish, read


def export(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE…]",
            help="Output of a replay with internal topics, or the topics as `kcat -J` prints them; - is standard "
            "input; without one, the topics obligations, outages.revisions and decisions are read.",
        ),
    ] = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write CSV; - is standard output, the default.")
    ] = None,
    json: Annotated[str | None, typer.Option(metavar="FILE", help="Write JSON; - is standard output.")] = None,
    pack: Annotated[str | None, typer.Option(help="Only the obligations of this pack.")] = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Export what regulators asked and how it was answered: one row an obligation, the same bytes for the same topics.

    Exit code 1 when there is none.
    """
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.regulator.export import Request, run

    finish(run(settings, Request(files=tuple(files or ()), csv=csv, json=json, pack=pack)))


def packs(
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """List the packs that there are, and which of them the policy names: with its regions, rules and their dates."""
    _, read_policy = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.regulator.show import overview

    for line in overview(read_policy.regulator):
        typer.echo(line)
