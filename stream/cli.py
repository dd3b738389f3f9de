"""The command line. Results go to stdout, progress to stderr; the exit code says how it ended.

Each command reads settings and policy, then hands over to the module that does the work; nothing heavy is imported
before it is needed, so that `--help` is quick. Invariant: whatever is wrong with settings, topics or policy ends with
78 and every problem on a line of its own; no traceback is shown for it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from forewarn.stream.policy import Policy
    from forewarn.stream.settings import Settings

DONE, NEGATIVE, USAGE, INTERNAL, CONFIGURATION = 0, 1, 2, 70, 78

_EPILOG = "Exit codes: 0 done, 1 the result is negative, 2 usage, 70 internal, 78 settings, topics or policy."
_COMMON = "Common options"

app = typer.Typer(
    name="forewarn",
    help="Tells a telecom operator's customers about trouble before they have to ask.\n\n"
    "Reads network, usage and customer topics from Kafka, finds outages and allowances running out, tells the "
    "customers concerned once per stage, and keeps marketing quiet for them meanwhile. See it work: `forewarn demo`.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # its tracebacks show local variables: customers' data
    context_settings={"help_option_names": ["-h", "--help"]},
)
topics_app = typer.Typer(help="The topics of this deployment: list, create, check, describe.", no_args_is_help=True)
policy_app = typer.Typer(help="The policy: everything an operator tunes about decisions.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
app.add_typer(policy_app, name="policy")

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


class RoleName(StrEnum):
    """What a worker can run."""

    DETECT = "detect"
    CORRELATE = "correlate"
    DECIDE = "decide"
    DELIVER = "deliver"
    INGEST = "ingest"
    ALL = "all"


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


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    """What stands before any command."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"forewarn {version_of('forewarn')}")
        raise typer.Exit


@app.command(epilog=_EPILOG)
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


@app.command(epilog=_EPILOG)
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


@app.command(epilog=_EPILOG)
def why(
    customer: Annotated[str, typer.Argument(help="The customer's id, as in customers.profiles.")],
    json: Json = False,
    bootstrap: Bootstrap = None,
    config: Config = None,
    policy: PolicyFile = None,
    topic_prefix: Prefix = None,
) -> None:
    """Say why a customer was, or was not, told something: the ledger of the last 90 days, read by a person."""
    settings, _ = read(bootstrap, config, policy, topic_prefix)
    from forewarn.stream.why import run

    finish(run(settings, customer, as_json=json))


@policy_app.command("check", epilog=_EPILOG)
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


@app.command(epilog=_EPILOG)
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


@app.command(epilog=_EPILOG)
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


@app.command(epilog=_EPILOG)
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


def main() -> NoReturn:
    """Runs the command line. Problems with settings, topics or policy become exit code 78; bugs become 70."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001  the last frame: every error becomes an exit code here
        from forewarn.stream.failures import exit_code

        sys.exit(exit_code(error))
    sys.exit(DONE)


if __name__ == "__main__":
    main()
