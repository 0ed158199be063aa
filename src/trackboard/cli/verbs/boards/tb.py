"""`trackboard tb`: show a history, or a folder of event files, until Ctrl-C."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from trackboard.board.eventfiles.log_folders import LogFolder, expand, read_log_folders, split_name
from trackboard.board.process.handshake import Ready
from trackboard.board.process.listen import DEFAULT_PORT
from trackboard.board.process.options import Show
from trackboard.board.series.samples import Samples
from trackboard.board.web.hosts import is_loopback
from trackboard.cli.completing import complete_experiments, complete_runs
from trackboard.cli.listening import Listening, announce, labeled, listening_options
from trackboard.cli.workspace_option import find_one, folder_option, opened
from trackboard.config import find_in, find_location, holds_workspace
from trackboard.errors import NotFound, UsageError
from trackboard.layout.root import may_hold_workspace
from trackboard.processes.board import Door, run_board
from trackboard.server.beside import with_pages

if TYPE_CHECKING:
    from trackboard.model import RunId
    from trackboard.service import Service


class _Wanted(NamedTuple):
    """Which runs of a history are shown; nothing: all."""

    experiment: str | None
    runs: tuple[str, ...]
    where: tuple[str, ...]
    orders: tuple[str, ...]
    limit: int | None


@click.command()
@click.argument("folders", metavar="[FOLDER]...", nargs=-1)
@listening_options(DEFAULT_PORT)
@click.option(
    "--samples",
    default="",
    metavar="PLUGIN=NUMBER,…",
    help="Show more of each series, as in images=all,scalars=5000.",
)
@click.option(
    "--experiment",
    metavar="NAME",
    shell_complete=complete_experiments,
    help="Show this experiment only.",
)
@click.option(
    "--run",
    "runs",
    multiple=True,
    metavar="RUN",
    shell_complete=complete_runs,
    help="Show this run, by its name or id, and its children; repeatable.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Show the runs that `trackboard runs --where` finds now, and their children.",
)
@click.option(
    "--order", "--sort", "orders", multiple=True, metavar="NAME", help="Which of them come first."
)
@click.option(
    "--limit", "-n", type=click.IntRange(1), metavar="N", help="Show the first N of them only."
)
@folder_option
def tb(
    folders: tuple[str, ...],
    folder: Path | None,
    experiment: str | None,
    runs: tuple[str, ...],
    where: tuple[str, ...],
    orders: tuple[str, ...],
    limit: int | None,
    samples: str,
    listening: Listening,
) -> None:
    """Show a history in TensorBoard until Ctrl-C.

    FOLDER: a workspace or a folder that holds one (its history is shown), or any folder of event
    files, which is waited for if it is not there yet. Without it, the workspace that belongs to the
    current folder. Several folders of event files: each by its own name, or as name:FOLDER.
    """
    wanted = _Wanted(experiment, runs, where, orders, limit)
    if folder is not None:
        if folders not in ((), (str(folder),)):
            raise UsageError(
                f"{folder} and {', '.join(folders)} do not go together",
                hint="Leave out -w, or the folders.",
            )
        show = _show_history(find_location(folder).folder, wanted)
    else:
        show = _what_to_show(folders, wanted)
    show = dataclasses.replace(show, samples=Samples.parse(samples))

    def report(ready: Ready) -> None:
        announce(
            listening,
            ready,
            title="TensorBoard at",
            shows=_lines(show, listening, ready),
            facts=_facts(show),
            has_token=show.workspace is not None,
        )

    door = Door(
        listening.host,
        listening.port,
        listening.path_prefix,
        listening.hosts,
        listening.new_token,
    )
    run_board(show, door, stop=threading.Event(), on_ready=report, with_pages=with_pages)


def _what_to_show(words: tuple[str, ...], wanted: _Wanted) -> Show:
    if len(words) > 1 or (words and split_name(words[0])[0]):
        log_folders = read_log_folders(words)
        for each in log_folders:
            if may_hold_workspace(each.path):
                raise UsageError(
                    f"{each.path} holds a history: it is shown by itself",
                    hint="Leave out the other folders, or name folders of event files only.",
                )
        _refuse_names(log_folders[0].path, wanted)
        return Show(log_folders=log_folders)
    folder = expand(words[0]) if words else None
    if folder is not None and not may_hold_workspace(folder):
        _refuse_names(folder, wanted)
        return Show(log_folder=folder)
    named = None if folder is None else find_in(folder)
    workspace = named or find_location(folder).folder
    return _show_history(workspace, wanted, is_named=folder is not None)


def _show_history(workspace: Path, wanted: _Wanted, *, is_named: bool = True) -> Show:
    if is_named and not holds_workspace(workspace):
        raise NotFound(
            f"there is no history in {workspace}",
            hint="Name a folder with a history (trackboard where), or leave it out: then one is begun.",
        )
    if not any(wanted):
        return Show(workspace=workspace)
    with opened(workspace) as history:  # names are told apart here, where they can be refused
        if wanted.experiment:
            history.runs.list_of_experiment(wanted.experiment)
        ids = [find_one(history, run).id for run in wanted.runs]
        if wanted.where or wanted.orders or wanted.limit:
            ids += _find_runs(history, wanted)
    return Show(workspace=workspace, experiment=wanted.experiment, runs=tuple(ids) or None)


def _find_runs(history: Service, wanted: _Wanted) -> list[RunId]:
    """The runs that the conditions mean at this moment.

    Raises:
        NotFound: There is none: a page of nothing would come to show everything.
    """
    from trackboard.history.conditions import Filters, build_query, parse_orders

    filters: Filters = {"where": wanted.where, "top_level": True}
    if wanted.experiment:
        filters["experiment"] = wanted.experiment
    orders = parse_orders(wanted.orders)
    found = history.now().runs.query(
        build_query(**filters), orders, limit=wanted.limit, strict=True
    )
    if not found:
        raise NotFound("no run is like that", hint="trackboard runs --where finds the same runs.")
    return [run.id for run in found]


def _refuse_names(folder: Path, wanted: _Wanted) -> None:
    if any(wanted):
        raise UsageError(
            f"{folder} is a folder of event files: it has no experiments and runs",
            hint="Leave out --experiment, --run, --where, --order and --limit, or name a folder with a"
            " history.",
        )


def _facts(show: Show) -> dict[str, object]:
    return {
        "folder": None if show.log_folders else str(show.workspace or show.log_folder),
        "folders": {each.name: str(each.path) for each in show.log_folders},
    }


def _lines(show: Show, listening: Listening, ready: Ready) -> Iterator[str]:
    if show.workspace is not None:
        yield labeled("history in", str(show.workspace))
        if is_loopback(listening.host):
            yield labeled("table of runs at", f"{ready.url.partition('?')[0]}runs")
    for folder in _log_folders(show):
        name = f"{folder.name}: " if show.log_folders else ""
        waits = "" if folder.is_there else "  (is not there yet: it is waited for)"
        yield labeled("event files in", f"{name}{folder.path}{waits}")


def _log_folders(show: Show) -> tuple[LogFolder, ...]:
    return show.log_folders or ((LogFolder("", show.log_folder),) if show.log_folder else ())
