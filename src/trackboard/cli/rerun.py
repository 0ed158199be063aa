"""`trackboard rerun`: a job once more, from what was kept of it."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli.opening import find_one, folder_option, opened
from trackboard.cli.submit import tell_submitted

_EXAMPLES = """\b
Examples:
  trackboard rerun digits/run-3
  trackboard rerun digits/run-3 -f -- --lr 0.01
"""


@click.command(epilog=_EXAMPLES)
@click.argument("run")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS...]")
@click.option("--compute", metavar="NAME", help="Where it runs, instead of where it ran.")
@click.option("--name", default="", help="What to call the new run.")
@click.option("--follow", "-f", is_flag=True, help="Print what it prints; fail if it fails.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
@folder_option
def rerun(
    run: str,
    arguments: tuple[str, ...],
    compute: str | None,
    name: str,
    folder: Path | None,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Run a job again as a new run, from the code and the plan that were kept of it.

    RUN: an id, `experiment/name` as TensorBoard shows it, or a name.
    ARGUMENTS, behind `--`, replace those of its script.
    """
    from trackboard.launch.rerun import rerun as start

    with opened(folder) as workspace:
        found = find_one(workspace, run)
        again = start(
            workspace.launch_context,
            found.id,
            arguments=arguments or None,
            compute=compute,
            name=name,
        )
        tell_submitted(workspace, again, follow=follow, as_json=as_json)
