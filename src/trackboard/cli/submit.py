"""`trackboard submit`: a script becomes a job."""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trackboard.cli import asked, words
from trackboard.cli.following import end_with
from trackboard.cli.opening import folder_option, name_of
from trackboard.errors import UsageError

if TYPE_CHECKING:
    from trackboard.launch.request import Request
    from trackboard.model import RunId
    from trackboard.workspace import Workspace

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
@click.option("--experiment", metavar="NAME", help="Its experiment; else the source folder's name.")
@click.option(
    "--source",
    type=_PATH,
    default=Path("."),
    metavar="FOLDER",
    help="What is copied to the job; else '.'.",
)
@click.option(
    "--compute", default="local", show_default=True, metavar="NAME", help="Where it runs."
)
@click.option("--command", metavar="LINE", help="Instead of a script: a line for the shell.")
@click.option("--env", metavar="NAME[:VERSION]", help="A registered environment, or a curated one.")
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
    from trackboard.workspace import Workspace  # loads much; wrong words are told without it

    if dry_run:
        plan = _preview(folder, given)
        click.echo(json.dumps(json.loads(plan)) if as_json else plan)
        return
    with contextlib.closing(Workspace.open(folder)) as workspace:
        request = _request(workspace, **given)
        tell_submitted(workspace, workspace.submit(request), follow=follow, as_json=as_json)


def _preview(folder: Path | None, given: dict[str, Any]) -> str:
    """What would run, in the workspace that there is or that there would be."""
    from trackboard.config import find_location, holds_workspace, make_workspace
    from trackboard.launch.submit import preview
    from trackboard.workspace import Workspace

    location = find_location(folder)
    with contextlib.ExitStack() as stack:
        place = location.folder
        if not holds_workspace(place):
            aside = tempfile.TemporaryDirectory(prefix="trackboard-dry-run-")
            place = Path(stack.enter_context(aside), location.name)
            make_workspace(place)
        workspace = Workspace(replace(location, folder=place))
        stack.callback(workspace.close)
        text = preview(workspace.launch_context, _request(workspace, **given))
    return text.replace(json.dumps(str(place)), json.dumps(str(location.folder)))


def _request(
    workspace: Workspace, *, source: Path, script: str | None, command: str | None, **given: Any
) -> Request:
    from trackboard.history import parse_pairs
    from trackboard.launch.request import Request

    wanted = asked.Asked(
        given["env"] or "",
        given["requirements"],
        given["conda"],
        given["python"],
        given["package"],
    )
    environment, variables = asked.environment(workspace, wanted)
    return Request(
        experiment=given["experiment"] or asked.experiment_of(source),
        source=source,
        script=script or "",
        arguments=given["arguments"],
        command=command or "",
        compute=given["compute"],
        environment=environment,
        variables={**variables, **asked.variables(given["set_env"])},
        distribution=asked.distribution(given["launcher"], given["processes"], given["nodes"]),
        name=given["name"],
        tags={key: tag or "" for key, tag in parse_pairs(given["tag"]).items()},
        max_duration_s=asked.seconds(given["max_duration"]),
    )


def tell_submitted(workspace: Workspace, run: RunId, *, follow: bool, as_json: bool) -> None:
    """Say which run it became, and what can be done with it.

    Args:
        workspace: Where it is.
        run: The run.
        follow: Go on with what it prints, until it ends.
        as_json: One line of JSON.
    """
    found = workspace.find_by_id(run)
    assert found is not None
    if as_json:
        click.echo(json.dumps(words.facts(found, workspace.names([found])[run], frozenset())))
        return
    click.echo(f"{name_of(workspace, found)}  {run}", err=follow)
    if follow:
        end_with(workspace, run)
    else:
        click.echo(f"trackboard logs -f {run}    shows what it prints; trackboard tb all of it")
