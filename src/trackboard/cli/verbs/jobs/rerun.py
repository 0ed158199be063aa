"""`trackboard rerun`: a job once more, from what was kept of it."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli.arguments import read_settings
from trackboard.cli.completing import complete_compute, complete_runs
from trackboard.cli.verbs.jobs.submit import tell_submitted
from trackboard.cli.workspace_option import find_one, folder_option, opened

_EXAMPLES = """\b
Examples:
  trackboard rerun digits/run-3
  trackboard rerun digits/run-3 --set lr=0.01 --set epochs=20
  trackboard rerun digits/run-3 -f -- --lr 0.01
"""


@click.command(epilog=_EXAMPLES)
@click.argument("run", shell_complete=complete_runs)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS...]")
@click.option(
    "--compute",
    metavar="NAME",
    shell_complete=complete_compute,
    help="Where it runs, instead of where it ran.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="An argument's value; repeatable.",
)
@click.option("--name", default="", help="What to call the new run.")
@click.option("--follow", "-f", is_flag=True, help="Print what it prints; fail if it fails.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
@folder_option
def rerun(
    run: str,
    arguments: tuple[str, ...],
    settings: tuple[str, ...],
    compute: str | None,
    name: str,
    folder: Path | None,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Run a job again as a new run, from the code and the plan that were kept of it.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning.
    ARGUMENTS, behind `--`, replace those of its script; --set changes one and keeps the others.
    """
    with opened(folder) as service:
        found = find_one(service, run)
        again = service.jobs.rerun(
            found.id,
            arguments=arguments or None,
            settings=read_settings(settings),
            compute=compute,
            name=name,
        )
        tell_submitted(service, again, follow=follow, as_json=as_json)
