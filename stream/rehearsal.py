"""The commands that need no cluster of one's own: `forewarn simulate` and `forewarn replay`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forewarn.stream.cli import Bootstrap, Config, Prefix, app, finish, read

_EPILOG = "Exit codes: 0 done, 1 the result is negative, 2 usage, 70 internal, 78 settings, topics or policy."


@app.command(epilog=_EPILOG)
def replay(
    inputs: Annotated[
        list[str], typer.Argument(metavar="IN.jsonl…", help="Files of lines as `kcat -J` prints them; - reads stdin.")
    ],
    out: Annotated[str | None, typer.Option(help="Where output topics go, in the same shape; default: stdout.")] = None,
    policy: Annotated[
        list[Path] | None,
        typer.Option(help="Policy as a TOML file. Given twice: who would have been told what under either, compared."),
    ] = None,
    partitions: Annotated[str, typer.Option(help="Partitions of every group, or region=N,customer=N.")] = "1",
    drain: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Let time go on after the last record, such as 36h.")
    ] = None,
    internal: Annotated[bool, typer.Option(help="Write Forewarn's internal topics too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the comparison of two policies as JSON.")] = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    topic_prefix: Prefix = None,
) -> None:
    """Run the very same roles over recorded topics, without Kafka: same input, same bytes out.

    Nothing is sent; every message counts as delivered at once. Time is that of the records.
    """
    from forewarn.stream import durations
    from forewarn.stream.policy import load
    from forewarn.stream.replay.command import Request
    from forewarn.stream.replay.command import replay as run
    from forewarn.stream.replay.partitions import layout_of

    files = policy or []
    if len(files) > 2:
        raise typer.BadParameter("one policy, or two to compare", param_hint="--policy")
    settings, first = read(bootstrap, config, files[0] if files else None, topic_prefix)
    policies = [(str(files[0]) if files else "policy", first), *((str(file), load(file)) for file in files[1:])]
    try:
        layout = layout_of(partitions)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--partitions") from None
    try:
        drain_ms = round(durations.seconds(drain) * 1000) if drain else 0
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--drain") from None
    finish(
        run(
            Request(
                inputs=tuple(inputs),
                out=out,
                policies=tuple(policies),
                layout=layout,
                drain_ms=drain_ms,
                internal=internal,
                prefix=settings.topic_prefix,
                as_json=json,
            )
        )
    )


@app.command(epilog=_EPILOG)
def simulate(
    seed: Annotated[int, typer.Option(help="The same seed gives the same world, byte for byte.")],
    hours: Annotated[float, typer.Option(min=0.01, help="How long the world goes on, in its own time.")],
    out: Annotated[
        str | None, typer.Option(help="Write kcat lines to this file (- for stdout) instead of Kafka.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="What was broken, when and for whom, as JSON lines, for `forewarn score`.")
    ] = None,
    regions: Annotated[int, typer.Option(min=1, help="Regions.")] = 20,
    devices: Annotated[int, typer.Option(min=1, help="Devices that send heartbeats, over all regions.")] = 2_000,
    customers: Annotated[int, typer.Option(min=1, help="Customers.")] = 5_000,
    start: Annotated[
        str | None, typer.Option(metavar="RFC3339", help="When the world starts; default: 2026-01-05, on Kafka now.")
    ] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="To Kafka: as time passes, not as fast as possible.")
    ] = False,
    speed: Annotated[
        float | None, typer.Option(min=0.01, help="To Kafka: so many times as fast as time passes.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="The policy whose heartbeat interval the devices keep.")] = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    topic_prefix: Prefix = None,
) -> None:
    """Make a living network and its customers, and say the truth about it.

    Daily rhythms, outages of several kinds, planned work, flapping devices, deaf collectors, wrong clocks, late and
    repeated records, customers close to their allowance, campaigns. To Kafka, or with --out to a file for `replay`.
    """
    from forewarn.stream.simulate.command import Request, simulate_to_file, to_cluster

    settings, read_policy = read(bootstrap, config, policy, topic_prefix)
    request = Request(
        seed=seed,
        hours=hours,
        regions=regions,
        devices=devices,
        customers=customers,
        start=_instant(start),
        policy=read_policy,
    )
    if out is None:
        finish(to_cluster(request, settings, truth, speed=1.0 if realtime and speed is None else speed))
    if realtime or speed is not None:
        raise typer.BadParameter("a file has no pace; --realtime and --speed are for Kafka", param_hint="--out")
    count = simulate_to_file(request, out, truth, settings.topic_prefix)
    typer.echo(f"{count} records", err=True)


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise typer.BadParameter(f"{text!r} is not RFC 3339 with an offset", param_hint="--start")
    return int(instant.astimezone(UTC).timestamp() * 1000)
