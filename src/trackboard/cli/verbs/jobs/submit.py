"""`trackboard submit`: a script becomes a job."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trackboard.cli.arguments import (
    EnvironmentOptions,
    name_experiment,
    read_distribution,
    read_environment,
    read_seconds,
    read_variables,
)
from trackboard.cli.completing import (
    complete_compute,
    complete_environments,
    complete_experiments,
)
from trackboard.cli.follow import end_with
from trackboard.cli.workspace_option import folder_option, name_of
from trackboard.errors import UsageError

if TYPE_CHECKING:
    from trackboard.launch.request import Request
    from trackboard.model import RunId
    from trackboard.service import Service

_PATH = click.Path(path_type=Path)
_EXAMPLES = """\b
Examples:
  trackboard submit train.py --lr 0.1
  trackboard submit --compute cpu-cluster --requirements requirements.txt -f train.py
  trackboard submit --launcher pytorch --processes 2 train_ddp.py
  trackboard submit --command "python prepare.py && python train.py"
"""


@click.command(epilog=_EXAMPLES, context_settings={"allow_interspersed_args": False})
@click.argument("script", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--experiment",
    metavar="NAME",
    shell_complete=complete_experiments,
    help="Its experiment; else the source folder's name.",
)
@click.option(
    "--source",
    type=_PATH,
    default=Path("."),
    metavar="FOLDER",
    help="What is copied to the job; else '.'.",
)
@click.option(
    "--compute",
    default="local",
    show_default=True,
    metavar="NAME",
    help="Where it runs.",
    shell_complete=complete_compute,
)
@click.option("--command", metavar="LINE", help="Instead of a script: a line for the shell.")
@click.option(
    "--env",
    metavar="NAME[:VERSION]",
    shell_complete=complete_environments,
    help="A registered environment, or a curated one.",
)
@click.option("--requirements", type=_PATH, metavar="FILE", help="Packages, as pip reads them.")
@click.option("--conda", type=_PATH, metavar="FILE", help="Packages, as conda reads them.")
@click.option("--package", multiple=True, metavar="NAME", help="A package of pip; repeatable.")
@click.option(
    "--python", default="", metavar="VERSION", help="A version, or an interpreter's path."
)
@click.option(
    "-E", "--set-env", multiple=True, metavar="NAME=VALUE", help="A variable; repeatable."
)
@click.option("--name", default="", help="What to call the run.")
@click.option("--tag", multiple=True, metavar="KEY[=VALUE]", help="A tag of the run; repeatable.")
@click.option(
    "--launcher",
    type=click.Choice(["pytorch", "tensorflow", "mpi"]),
    help="How several processes find each other.",
)
@click.option("--processes", type=click.IntRange(1), metavar="N", help="So many, all of one run.")
@click.option("--nodes", type=click.IntRange(1), default=1, metavar="N", help="On so many slots.")
@click.option("--max-duration", metavar="TIME", help="Ended after: 90s, 30m, 1.5h, 2d.")
@click.option("--follow", "-f", is_flag=True, help="Print what it prints; fail if it fails.")
@click.option("--dry-run", is_flag=True, help="Print what would run; keep and start nothing.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
@folder_option
def submit(
    folder: Path | None, *, follow: bool, dry_run: bool, as_json: bool, **given: Any
) -> None:
    """Run SCRIPT, a file in the source folder, as a job with a copy of that folder.

    Options go before SCRIPT; everything behind it is for the script.
    """
    if bool(given["script"]) == bool(given["command"]):
        raise UsageError(
            "say what to run: either a script or --command",
            hint="trackboard submit train.py --lr 0.1, or trackboard submit --command 'make train'.",
        )
    if follow and as_json:
        raise UsageError("--follow and --json do not go together")
    if dry_run:
        plan = _preview(folder, given)
        click.echo(json.dumps(json.loads(plan)) if as_json else plan)
        return
    from trackboard.service import open_service  # loads much; wrong words are told without it

    with contextlib.closing(open_service(folder)) as service:
        request = _request(service, **given)
        tell_submitted(service, service.jobs.submit(request), follow=follow, as_json=as_json)


def _preview(folder: Path | None, given: dict[str, Any]) -> str:
    """Say what would run, in the workspace that there is or that there would be."""
    from trackboard.config import find_location
    from trackboard.service import open_unmade

    location = find_location(folder)
    with open_unmade(location) as service:
        text = service.jobs.preview(_request(service, **given))
    return text.replace(json.dumps(str(service.folder)), json.dumps(str(location.folder)))


def _request(
    service: Service, *, source: Path, script: str | None, command: str | None, **given: Any
) -> Request:
    from trackboard.history.conditions import parse_pairs
    from trackboard.launch.request import Request

    options = EnvironmentOptions(
        given["env"] or "",
        given["requirements"],
        given["conda"],
        given["python"],
        given["package"],
    )
    environment, variables = read_environment(service, options)
    return Request(
        experiment=given["experiment"] or name_experiment(source),
        source=source,
        script=script or "",
        arguments=given["arguments"],
        command=command or "",
        compute=given["compute"],
        environment=environment,
        variables={**variables, **read_variables(given["set_env"])},
        distribution=read_distribution(given["launcher"], given["processes"], given["nodes"]),
        name=given["name"],
        tags={key: tag or "" for key, tag in parse_pairs(given["tag"]).items()},
        max_duration_s=read_seconds(given["max_duration"]),
    )


def tell_submitted(service: Service, run: RunId, *, follow: bool, as_json: bool) -> None:
    """Say which run it became, and what can be done with it.

    Args:
        service: The workspace.
        run: The run.
        follow: Go on with what it prints, until it ends.
        as_json: One line of JSON.
    """
    found = service.runs.get(run)
    if as_json:
        from trackboard.service import wire

        (facts,) = service.runs.describe([found])
        click.echo(json.dumps(wire.run_facts(facts)))
        return
    click.echo(f"{name_of(service, found)}  {run}", err=follow)
    if follow:
        end_with(service, run)
    else:
        click.echo(f"trackboard logs -f {run}    shows what it prints; trackboard tb all of it")
