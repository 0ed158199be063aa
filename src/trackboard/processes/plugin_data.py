"""The history for a TensorBoard that somebody else started, served in its process until that ends."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trackboard.board import tensorboard_internals as internals
from trackboard.board.plugin.server import ProviderServer
from trackboard.board.provider.opening import open_provider
from trackboard.board.series.samples import ALL, USUAL, Samples
from trackboard.board.view.source import View
from trackboard.config import Location, find_in
from trackboard.layout import ROOT
from trackboard.notice import say_once
from trackboard.workspace import Workspace

Serve = Callable[[int, Path, Path | None, Samples], str]


def show_history(flags: Any, *, serve: Serve | None = None) -> None:
    """Let a TensorBoard that is about to start ask for the history of its log directory, if there is one.

    Args:
        flags: Its flags, which are changed.
        serve: Serves a history, with the event files of a folder beside it, in a process with an id, and
            returns the socket; None: in a thread of this process, until that ends.

    Raises:
        TrackboardError: The history cannot be read, or served.
    """
    logdir = Path(os.path.expanduser(flags.logdir)).absolute()
    folder = find_in(logdir)
    if folder is None:
        return
    beside = _find_beside(logdir, folder)
    serve = _serve if serve is None else serve
    socket = serve(os.getpid(), folder, beside, _read_samples(flags))
    internals.ask_provider_at(flags, socket)
    say_once(f"showing the history in {folder} (--load_fast=false shows event files only)")


def _find_beside(logdir: Path, folder: Path) -> Path | None:
    """The log directory, where there is more in it than the workspace."""
    return None if logdir == folder or logdir.name == ROOT else logdir


def _read_samples(flags: Any) -> Samples:
    """What `--samples_per_plugin` says of plugins that we know; 0 means all there."""
    asked: Mapping[str, int] = flags.samples_per_plugin or {}
    return Samples.read({name: n if n > 0 else ALL for name, n in asked.items() if name in USUAL})


@functools.cache
def _serve(process_id: int, folder: Path, beside: Path | None, samples: Samples) -> str:
    """Serve a history until this process ends, once however many TensorBoards show it; returns the socket."""
    with contextlib.ExitStack() as opened:
        workspace = Workspace.open(Location(folder), create=False)
        opened.callback(workspace.close)
        source = dataclasses.replace(workspace.source, name=str(folder))  # which pages show
        source.refresh()  # what is damaged says so now
        source.store.list_experiments()
        provider = open_provider(
            source, View(), links=workspace.paths.boards, samples=samples, beside=beside
        )
        opened.callback(provider.close)
        server = ProviderServer(provider)
        opened.callback(server.close)
        atexit.register(_close, process_id, opened.pop_all())
        return server.address


def _close(process_id: int, opened: contextlib.ExitStack) -> None:
    if os.getpid() == process_id:  # in a fork of it they are not ours
        opened.close()
