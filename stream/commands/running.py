"""Commands that run Forewarn: all of it on this machine (`demo`), or its roles (`worker`)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from forewarn.stream.commands.options import Bootstrap, Config, PolicyFile, Prefix, finish, read


class RoleName(StrEnum):
    """What a worker can run."""

    DETECT = "detect"
    CORRELATE = "correlate"
    DECIDE = "decide"
    DELIVER = "deliver"
    INGEST = "ingest"
    ALL = "all"


def demo(
    last: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="DURATION",
            help="End after so long, counted from when all roles are ready, and say what happened.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed is another network, other customers, other trouble.")] = 7,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Watch an outage happen: everything on this machine, in real time.

    Starts Apache Kafka (unless --bootstrap names one), a mail server, every role, and a simulated network with its
    customers, on the published fast policy deploy/demo-policy.toml. With --for it ends with a summary, read back from
    the topics and the mail server, and exits 0 only if an outage was found, its customers were mailed and told of
    restoration, a near-allowance alert was mailed, and a marketing request was held and later released.
    """
    from forewarn.stream.demo.command import run
    from forewarn.stream.durations import seconds

    try:
        length = seconds(last) if last else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--for") from None
    finish(run(length, seed, bootstrap=bootstrap, config=config, policy=policy, topic_prefix=topic_prefix))


def worker(
    role: Annotated[RoleName, typer.Argument(help="One role in this process, or all: one child process per role.")],
    accept_loss: Annotated[
        bool, typer.Option(help="Go on although input was deleted before it was applied. Say it once, knowingly.")
    ] = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Run a role until SIGTERM, or all of them under supervision.

    detect finds silence in the network, correlate leads outages through their life, decide says who is told and whether
    marketing may speak, deliver hands messages over, ingest maps raw VES and TMF642 to keyed topics. Start as many as
    there are partitions: they share the work and take over from each other.
    """
    settings, read_policy = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream import logs

    logs.configure(settings.log_level, settings.log_format, role=role.value)
    if role is RoleName.ALL:
        from forewarn.stream import supervise

        finish(supervise.run(settings, accept_loss=accept_loss))
    from forewarn.stream import run_role

    finish(run_role.run(role.value, settings, read_policy, accept_loss=accept_loss))
