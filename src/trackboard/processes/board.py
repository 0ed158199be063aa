"""The process of a board: what it shows is put together here, above the board and the workspace."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackboard.board.eventfiles.log_folders import expand
from trackboard.board.private_folder import remove_around
from trackboard.board.process import handshake
from trackboard.board.process.key import load_token, make_key
from trackboard.board.process.listen import listen
from trackboard.board.process.options import Command, Show
from trackboard.board.process.urls import proxy_hosts
from trackboard.board.web.access import Access
from trackboard.board.web.hosts import is_loopback
from trackboard.board.web.output import bounded_output
from trackboard.board.web.peer import can_find_peers
from trackboard.board.web.prefix import parse_prefix
from trackboard.board.web.serve import Site, serve, stop_on_signals, stop_with_starter, url_of
from trackboard.errors import TrackboardError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

    from trackboard.board.web.routes import Mount


PagesBeside = Callable[["Path", "ASGIApp"], AbstractContextManager[Site]]
"""Put the pages of a workspace, which is in a folder, beside a board."""


def run_process(words: Sequence[str], with_pages: PagesBeside) -> int:
    """Run a board for a starter (`board.process`), to which all errors are told.

    Args:
        words: What the starter says, from `Command.to_arguments`.
        with_pages: Puts the pages of a workspace beside it.
    """
    command = Command.parse(words)
    connection = socket.socket(fileno=command.control)
    connection.set_inheritable(False)  # what we start must not keep the starter waiting
    stop = threading.Event()
    stop_with_starter(connection, stop, command.output)
    try:
        run_board(
            command.show,
            Door(command.host, command.port, command.path_prefix),
            stop=stop,
            on_ready=lambda ready: handshake.send_ready(connection, ready),
            with_pages=with_pages,
        )
    except TrackboardError as error:
        handshake.send_error(connection, error)
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    remove_around(command.output)
    return 0


@dataclass(frozen=True)
class Door:
    """Where a board listens, and whom it answers beside its own user.

    Attributes:
        host: An address of this machine; one that others can reach asks for a token.
        port: The wished port.
        path_prefix: What a proxy's addresses have before the board's, as it was typed.
        allowed_hosts: Names of proxies that lead to it.
        new_token: Make another token than the one there is.
        command: The verb of the command that is told to who asks in vain.
    """

    host: str
    port: int
    path_prefix: str = ""
    allowed_hosts: tuple[str, ...] = ()
    new_token: bool = False
    command: str = "tb"

    def access(
        self, listener: socket.socket, workspace: Path | None, hosts: Iterable[str] = ()
    ) -> Access:
        """Decide who may ask at a socket that listens.

        Args:
            listener: The socket.
            workspace: The folder of the workspace that is shown, if one is.
            hosts: Names of proxies that its settings allow.
        """
        if not is_loopback(listener.getsockname()[0]):
            token = load_token(workspace, new=self.new_token)
            return Access(token, is_open=True, command=self.command)
        if self.new_token:
            raise UsageError(
                f"a board at {self.host} has no token: other machines do not reach it",
                hint="Name an address that they do: --host 0.0.0.0 --new-token",
            )
        names = [*self.allowed_hosts, *proxy_hosts(), *hosts]
        own_uid = os.geteuid() if can_find_peers() else None
        allowed = frozenset(name.lower() for name in names)
        return Access(make_key(), own_uid, allowed, command=self.command)


def run_board(
    show: Show,
    door: Door,
    *,
    stop: threading.Event,
    on_ready: Callable[[handshake.Ready], None],
    with_pages: PagesBeside | None = None,
) -> None:
    """Show something until `stop` is set, Ctrl-C or SIGTERM.

    Args:
        show: What is shown.
        door: Where to listen, and for whom.
        stop: Ends it when set.
        on_ready: Called once it answers.
        with_pages: Puts the pages of a workspace beside it, which change things: only where nobody else's
            machine reaches them.

    Raises:
        TrackboardError: There is no such history or folder, or no free port.
    """
    with contextlib.ExitStack() as opened:
        opened.enter_context(stop_on_signals(stop))
        opened.enter_context(_uncollected())
        opened.enter_context(bounded_output())
        prefix = parse_prefix(door.path_prefix)
        listener = opened.enter_context(listen(door.host, door.port))
        serve_it = functools.partial(
            serve, listener, stop=stop, on_ready=on_ready, prefix=prefix, samples=show.samples
        )
        if show.workspace is None:
            _serve_log_folders(show, serve_it, door.access(listener, None))
            return
        from trackboard.board.process.registry import announced
        from trackboard.board.provider.opening import open_provider
        from trackboard.board.view.source import View
        from trackboard.model import RunId
        from trackboard.workspace import Workspace

        workspace = opened.enter_context(contextlib.closing(Workspace.open(show.workspace)))
        boards = workspace.paths.boards
        opened.enter_context(announced(boards, url_of(listener, prefix), show))
        source = workspace.source
        runs = None if show.runs is None else tuple(RunId(run) for run in show.runs)
        view = View(show.experiment, runs)
        access = door.access(listener, workspace.folder, workspace.settings.allowed_hosts)
        beside = None
        if with_pages is not None and not access.is_open:
            beside = functools.partial(with_pages, workspace.folder)
        serve_it(
            lambda: open_provider(
                source, view, raw_ids=show.raw_ids, links=boards, samples=show.samples
            ),
            access=access,
            with_pages=beside,
        )


@contextlib.contextmanager
def open_board(folder: Path) -> Iterator[Mount]:
    """Mount TensorBoard on all of a workspace, for another server to answer with.

    Args:
        folder: The workspace's.
    """
    from trackboard.board.provider.opening import open_provider
    from trackboard.board.view.source import View
    from trackboard.board.web.serve import mounted
    from trackboard.workspace import Workspace

    with contextlib.closing(Workspace.open(folder)) as workspace:
        source, boards = workspace.source, workspace.paths.boards
        with mounted(lambda: open_provider(source, View(), links=boards)) as mount:
            yield mount


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Load without looking for garbage: what is loaded stays, and the search is a tenth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _serve_log_folders(show: Show, serve_it: Callable[..., None], access: Access) -> None:
    from trackboard.board.provider.opening import open_folder_provider, open_folders_provider

    samples = show.samples
    if show.log_folder is not None:
        folder = expand(show.log_folder)
        serve_it(lambda: open_folder_provider(folder, samples=samples), access=access)
    else:
        folders = show.log_folders
        serve_it(lambda: open_folders_provider(folders, samples=samples), access=access)
