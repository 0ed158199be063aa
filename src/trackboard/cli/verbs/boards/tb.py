"""`trackboard tb`: show a history, or a folder of event files, until Ctrl-C."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from trackboard.board.eventfiles.log_folders import LogFolder, expand, read_log_folders, split_name
from trackboard.board.process.handshake import Ready
from trackboard.board.process.listen import DEFAULT_PORT
from trackboard.board.process.options import Show
from trackboard.board.process.urls import open_in_browser, with_key_shown
from trackboard.board.series.samples import Samples
from trackboard.board.web.hosts import is_loopback
from trackboard.cli.completing import complete_experiments, complete_runs
from trackboard.cli.workspace_option import find_one, folder_option, opened
from trackboard.config import find_in, find_location, holds_workspace
from trackboard.errors import NotFound, UsageError
from trackboard.layout.root import may_hold_workspace
from trackboard.processes.board import Door, run_board

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
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="A taken one moves on.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="An address to listen at; one that other machines reach asks for a token.",
)
@click.option(
    "--new-token", is_flag=True, help="Make another token; the old one opens nothing more."
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Answer to a proxy's name; repeatable.",
)
@click.option(
    "--path-prefix",
    default="",
    metavar="PATH",
    help="What a proxy's addresses have before the board's, as in /keep.",
)
@click.option(
    "--samples",
    default="",
    metavar="PLUGIN=NUMBER,…",
    help="Show more of each series, as in images=all,scalars=5000.",
)
@click.option(
    "--key", "with_key", is_flag=True, help="Say the address that opens it to any program."
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
@click.option("--browser/--no-browser", default=False, help="Open the page in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Say where it is as one line of JSON.")
@folder_option
def tb(
    folders: tuple[str, ...],
    folder: Path | None,
    port: int,
    host: str,
    experiment: str | None,
    runs: tuple[str, ...],
    where: tuple[str, ...],
    orders: tuple[str, ...],
    limit: int | None,
    hosts: tuple[str, ...],
    path_prefix: str,
    samples: str,
    *,
    new_token: bool,
    with_key: bool,
    browser: bool,
    as_json: bool,
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

    def announce(ready: Ready) -> None:
        if with_key and ready.key:
            ready = dataclasses.replace(ready, url=with_key_shown(ready.url, ready.key))
        moved_from = port if port not in (0, ready.port) else None
        if as_json:
            click.echo(json.dumps(_facts(show, ready, moved_from)))
        else:
            _print_start(show, ready, moved_from, is_open=not is_loopback(host))
        if browser:
            # Some browsers keep the caller waiting until they are closed.
            threading.Thread(target=open_in_browser, args=(ready.url,), daemon=True).start()

    door = Door(host, port, path_prefix, hosts, new_token)
    run_board(show, door, stop=threading.Event(), on_ready=announce)


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


def _facts(show: Show, ready: Ready, moved_from: int | None) -> dict[str, object]:
    return {
        "url": ready.url,
        "port": ready.port,
        "moved_from": moved_from,
        "folder": None if show.log_folders else str(show.workspace or show.log_folder),
        "folders": {each.name: str(each.path) for each in show.log_folders},
        "pid": os.getpid(),
    }


def _print_start(show: Show, ready: Ready, moved_from: int | None, *, is_open: bool) -> None:
    if show.workspace is not None:
        click.echo(f"history in      {show.workspace}")
    for folder in _log_folders(show):
        name = f"{folder.name}: " if show.log_folders else ""
        waits = "" if folder.is_there else "  (is not there yet: it is waited for)"
        click.echo(f"event files in  {name}{folder.path}{waits}")
    if moved_from is not None:
        click.echo(f"port {moved_from} is taken: moved on to {ready.port}")
    click.echo(f"TensorBoard at  {ready.url}  (Ctrl-C ends it)")
    if not ready.key:
        click.echo(
            "                with ?k=<token> after it: the one that was shown when it was made"
        )
    elif is_open and show.workspace is not None:
        click.echo("                the token is shown this once; --new-token makes another")
    if os.environ.get("SSH_CONNECTION"):
        forward = f"ssh -L {ready.port}:localhost:{ready.port} {socket.gethostname()}"
        click.echo(f"on your machine {forward}")


def _log_folders(show: Show) -> tuple[LogFolder, ...]:
    return show.log_folders or ((LogFolder("", show.log_folder),) if show.log_folder else ())
