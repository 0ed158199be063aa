"""`trackboard env`: the environments of jobs that are kept on this machine."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting
from trackboard.cli.completing import complete_built_environments
from trackboard.cli.table import Column, print_table
from trackboard.errors import TrackboardError, UsageError

if TYPE_CHECKING:
    from trackboard.environments import KeptEnvironment

_DAY_S = 86_400
_REMAINS = "half built"
_COLUMNS = (
    Column("KEY"),
    Column("PYTHON", drop=3),
    Column("PACKAGES", drop=1),
    Column("SIZE", drop=5),
    Column("LAST USED", drop=2),
    Column(""),
    Column("NAMES", enough=8, drop=4),
)


@click.group()
def env() -> None:
    """List and remove the environments that were built for jobs on this machine."""


@env.command("list")
@click.option("--packages", is_flag=True, help="Also what is installed in each.")
@click.option("--wide", is_flag=True, help="Whole names, also where a terminal is narrow.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each environment.")
def list_(*, packages: bool, wide: bool, as_json: bool) -> None:
    """List the environments that are kept, the last used first."""
    from trackboard.environments import list_environments

    kept = list_environments()
    if as_json:
        for each in kept:
            click.echo(json.dumps(_facts(each)))
        return
    if not kept:
        click.echo("no environments")
        return
    below = [each.packages if packages else () for each in kept]
    print_table(_COLUMNS, [_row(each) for each in kept], is_whole=wide, below=below)


@env.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=complete_built_environments)
@click.option("--all", "everything", is_flag=True, help="All that no job uses now.")
@click.option(
    "--unused-for", "days", type=float, metavar="DAYS", help="Those that no job used for so long."
)
def rm(keys: tuple[str, ...], days: float | None, *, everything: bool) -> None:
    """Remove environments by KEY (its beginning will do), or many at once.

    One that a job uses stays. A job that asks for the same again has it built again.
    """
    from trackboard.environments import list_environments

    if bool(keys) + everything + (days is not None) != 1:
        raise UsageError(
            "say what to remove",
            hint="trackboard env rm KEY, or --all, or --unused-for 30; `trackboard env list` shows keys.",
        )
    if keys:
        _remove(keys)
        return
    kept = [each for each in list_environments() if not each.is_in_use]
    if days is not None:
        kept = [each for each in kept if time.time() - each.used_s >= days * _DAY_S]
    _remove([each.key for each in kept])
    if not kept:
        click.echo("nothing to remove")


def _remove(keys: list[str] | tuple[str, ...]) -> None:
    """Remove as many as can be; the first that cannot is the error."""
    from trackboard.environments import remove_environment

    failed: TrackboardError | None = None
    for key in keys:
        try:
            gone = remove_environment(key)
        except TrackboardError as error:
            failed = failed or error
        else:
            click.echo(f"removed {gone.key} ({formatting.size(gone.size_bytes)})")
    if failed is not None:
        raise failed


def _row(kept: KeptEnvironment) -> list[str]:
    return [
        kept.key,
        kept.python or "-",
        str(len(kept.packages)),
        formatting.size(kept.size_bytes),
        formatting.moment(kept.used_s),
        "in use" if kept.is_in_use else "" if kept.python else _REMAINS,
        formatting.clean(", ".join(kept.names)),
    ]


def _facts(kept: KeptEnvironment) -> dict[str, object]:
    return {
        "key": kept.key,
        "folder": str(kept.folder),
        "names": list(kept.names),
        "python": kept.python,
        "packages": list(kept.packages),
        "size_bytes": kept.size_bytes,
        "built": _iso(kept.built_s or None),
        "used": _iso(kept.used_s),
        "in_use": kept.is_in_use,
    }


def _iso(time_s: float | None) -> str | None:
    return None if time_s is None else datetime.fromtimestamp(time_s, UTC).isoformat()
