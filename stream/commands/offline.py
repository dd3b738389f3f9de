"""Commands that need no running Forewarn: a simulated world, a replay of what was recorded, and how good it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from forewarn.stream.commands.options import Bootstrap, Config, Json, PolicyFile, Prefix, duration, finish, read
from forewarn.stream.simulate.scenarios import NAMES
from forewarn.topics.instants import Instant, to_ms


def simulate(
    seed: Annotated[int, typer.Option(help="The same seed gives the same world, byte for byte.")] = 1,
    hours: Annotated[float, typer.Option(help="Length of the simulated time.")] = 24.0,
    out: Annotated[
        str | None, typer.Option(help="Write kcat lines to a file (- is standard output), not to Kafka.")
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="Write what really happened, for `forewarn score`.")] = None,
    regions: Annotated[int, typer.Option(min=1)] = 20,
    devices: Annotated[int, typer.Option(min=1, help="Elements that beat.")] = 2_000,
    customers: Annotated[int, typer.Option(min=1)] = 5_000,
    days: Annotated[float | None, typer.Option(min=0.001, help="The same as --hours, in days.")] = None,
    interval: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds between beats; default: what the policy expects.")
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help=f"One kind of trouble alone: {', '.join(NAMES)}. Without it: a mix.")
    ] = None,
    intensity: Annotated[float, typer.Option(min=0, help="Times as many outages a region and day as usual.")] = 1.0,
    usage_share: Annotated[
        float, typer.Option(min=0.001, max=1, help="This part of the usual usage records, each as much larger.")
    ] = 1.0,
    warm_up: Annotated[float, typer.Option(min=0, help="Days of performance figures before the start.")] = 0.0,
    raw_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the elements that speak VES and TMF642, on network.raw.")
    ] = 0.0,
    start: Annotated[
        str | None, typer.Option(metavar="RFC3339", help="When it starts; default: 2026-01-05 in a file, now on Kafka.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="To Kafka: 1 is real time; without it, as fast as possible.")
    ] = None,
    live: Annotated[
        bool, typer.Option(help="The demo's small world in real time, in which trouble begins soon.")
    ] = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Simulate a living network and its customers, to Kafka or to a file.

    Heartbeats, alarms, maintenance and crews; outages of several kinds, lost collectors, wrong clocks, flapping; usage,
    campaigns, calls to support. What goes wrong is drawn before anything is sent, and written to the truth file.
    """
    if live and out is not None:
        raise typer.BadParameter("--live plays to Kafka, in real time", param_hint="--out")
    if scenario is not None and scenario not in NAMES:
        raise typer.BadParameter(f"{scenario!r} is none of {', '.join(NAMES)}", param_hint="--scenario")
    settings, read_policy = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.simulate.command import Request, simulate_to_file

    request = Request(
        seed=seed,
        hours=hours if days is None else days * 24,
        regions=regions,
        devices=devices,
        customers=customers,
        start=_instant(start),
        interval_s=interval,
        scenario=scenario,
        intensity=intensity,
        usage_share=usage_share,
        warm_up_days=warm_up,
        raw_share=raw_share,
        policy=read_policy,
    )
    if out is not None:
        simulate_to_file(request, out, truth, settings.topic_prefix)
        finish(0)

    async def to_kafka() -> int:
        from forewarn.stream import kafka
        from forewarn.stream.simulate.command import simulate_to_kafka
        from forewarn.stream.simulate.live import Scene, run_live

        async with kafka.producer(settings) as producer:
            if live:
                await run_live(producer, read_policy, Scene(seed=seed, hours=hours), prefix=settings.topic_prefix)
            else:
                await simulate_to_kafka(request, producer, settings.topic_prefix, truth, speed=speed)
        return 0

    finish(to_kafka())


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return to_ms(msgspec.convert(text, Instant))
    except msgspec.ValidationError:
        raise typer.BadParameter(f"{text!r} is not RFC 3339 with an offset", param_hint="--start") from None


def replay(
    inputs: Annotated[
        list[str], typer.Argument(metavar="IN.jsonl…", help="Records as `kcat -J` prints them; - is standard input.")
    ],
    out: Annotated[
        str | None, typer.Option(help="Where the output topics go; - (the default) is standard output.")
    ] = None,
    policy: Annotated[
        list[Path] | None,
        typer.Option("--policy", help="A policy; named twice, who would have been told what under each."),
    ] = None,
    partitions: Annotated[str, typer.Option(help="Partition counts: one number, or region=8,customer=8.")] = "1",
    drain: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Let time go on so long after the last record.")
    ] = None,
    internal: Annotated[bool, typer.Option(help="Write internal topics too.")] = False,
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    topic_prefix: Prefix = None,
) -> None:
    """Run recorded input through the very same roles, without Kafka, by the records' own time.

    The same input gives the same bytes. Nothing is sent: every message counts as delivered when it is decided.
    """
    chosen: list[Path | None] = [*policy] if policy else [None]
    if len(chosen) > 2:
        raise typer.BadParameter("one policy, or two to compare", param_hint="--policy")
    settings, first = read(bootstrap, config, chosen[0], topic_prefix)
    from forewarn.stream import policy as policies
    from forewarn.stream.replay.command import Request
    from forewarn.stream.replay.command import replay as run
    from forewarn.stream.replay.partitions import layout_of

    try:
        layout = layout_of(partitions)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--partitions") from None
    named = [(str(chosen[0] or settings.policy or "defaults"), first)]
    named += [(str(path), policies.load(path)) for path in chosen[1:]]
    finish(
        run(
            Request(
                inputs=tuple(inputs),
                out=out,
                policies=tuple(named),
                layout=layout,
                drain_ms=round(duration(drain, "--drain") * 1000) if drain else 0,
                internal=internal,
                prefix=settings.topic_prefix,
                as_json=json,
            )
        )
    )


def score(
    files: Annotated[
        list[str],
        typer.Argument(metavar="TRUTH OUTPUT …", help="A truth file and what a replay of its records wrote, in turn."),
    ],
    cases: Annotated[int, typer.Option(min=0, help="Worst cases of each kind to list.")] = 5,
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Hold what was said against what was true: every target of detection, with n and a 95 % interval.

    Several pairs are pooled. Exit code 1 if a target is missed; one with too little data says `n too small`.
    """
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.score.command import Request, paired
    from forewarn.stream.score.command import score as run

    try:
        pairs = paired(files)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="TRUTH OUTPUT") from None
    finish(run(Request(pairs=pairs, cases=cases, prefix=settings.topic_prefix, as_json=json)))
