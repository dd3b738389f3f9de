"""The command line. Results go to stdout, progress to stderr; the exit code says how it ended.

Invariant: whatever is wrong with settings, topics or policy ends with 78 and every problem on a line of its own; no
traceback is shown for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from forewarn.stream.commands import etr, journeys, offline, operating, regulator, running, topics, words
from forewarn.stream.commands.options import EPILOG

app = typer.Typer(
    name="forewarn",
    help="Tells a telecom operator's customers about trouble before they have to ask.\n\n"
    "Reads network, usage and customer topics from Kafka, finds outages and allowances running out, tells the "
    "customers concerned once per stage, and keeps marketing quiet for them meanwhile. See it work: `forewarn demo`.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # its tracebacks show local variables: customers' data
    context_settings={"help_option_names": ["-h", "--help"]},
)
policy_app = typer.Typer(help="The policy: everything an operator tunes about decisions.", no_args_is_help=True)
etr_app = typer.Typer(help="Estimated times of restoration.", no_args_is_help=True)
regulator_app = typer.Typer(help="Regulators' rules, and the evidence that they were kept.", no_args_is_help=True)
templates_app = typer.Typer(help="The words that customers read.", no_args_is_help=True)
journeys_app = typer.Typer(help="Journeys: declared courses of messages.", no_args_is_help=True)
topics_app = typer.Typer(help="The topics of this deployment: list, create, check, describe.", no_args_is_help=True)

COMMANDS: tuple[Callable[..., None], ...] = (
    running.demo,
    running.worker,
    operating.why,
    operating.webhook_secret,
    operating.pause,
    operating.resume,
    operating.doctor,
    words.preview,
    offline.simulate,
    offline.replay,
    offline.score,
)
for command in COMMANDS:
    app.command(epilog=EPILOG)(command)
app.add_typer(topics_app, name="topics")
app.add_typer(etr_app, name="etr")
etr_app.command("report", epilog=EPILOG)(etr.report)
app.add_typer(regulator_app, name="regulator")
regulator_app.command("export", epilog=EPILOG)(regulator.export)
regulator_app.command("packs", epilog=EPILOG)(regulator.packs)
app.add_typer(templates_app, name="templates")
templates_app.command("check", epilog=EPILOG)(words.check)
app.add_typer(policy_app, name="policy")
policy_app.command("check", epilog=EPILOG)(operating.policy_check)
app.add_typer(journeys_app, name="journeys")
journeys_app.command("draw", epilog=EPILOG)(journeys.draw)
for name, topics_command in topics.COMMANDS.items():
    topics_app.command(name, epilog=EPILOG)(topics_command)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    """What stands before any command."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"forewarn {version_of('forewarn')}")
        raise typer.Exit


def main() -> NoReturn:
    """Runs the command line. Problems with settings, topics or policy become exit code 78; bugs become 70."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001  the last frame: every error becomes an exit code here
        from forewarn.stream.failures import exit_code

        sys.exit(exit_code(error))
    sys.exit(0)


if __name__ == "__main__":
    main()
