"""A view of a `trackboard up` that runs on the workspace already: nothing is started, and nothing ended."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trackboard.board.process.listen import DEFAULT_PORT
from trackboard.board.process.options import Show
from trackboard.board.process.registry import RunningBoard, find_up
from trackboard.board.process.urls import has_proxy
from trackboard.board.view.view_ids import view_id_of
from trackboard.board.web.peer import can_find_peers

_MOST_RUNS = 50  # servers and browsers take addresses of some thousand characters


@dataclass(frozen=True)
class AttachedBoard:
    """TensorBoard as a running server has it.

    Attributes:
        url: Where it is, for a browser on this machine.
        port: The server's.
        boards: The list of running boards that the server is in.
        server: The server.
        key: None is known: the server tells its own user's programs by their connections.
        moved_from: No port was asked for.
    """

    url: str
    port: int
    boards: Path
    server: RunningBoard
    key: str = ""
    moved_from: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether the server is still there."""
        return find_up(self.boards) == self.server

    def stop(self) -> None:
        """End nothing: whoever started the server ends it."""


def attach(
    show: Show,
    boards: Path,
    *,
    port: int,
    path_prefix: str,
    environ: Mapping[str, str] = os.environ,
) -> AttachedBoard | None:
    """Find what shall be shown in a server that runs.

    Args:
        show: What shall be shown: a workspace, or some of its runs.
        boards: The workspace's list of running boards.
        port: The wished port.
        path_prefix: What a proxy's addresses have before the board's.
        environ: Says whether a notebook is behind a proxy.

    Returns:
        None where a board of one's own is needed: no server runs on this machine, another port than the usual
        one or a prefix is wished, ids or other samples are shown, so many runs that no address holds them,
        or the server's key is needed (behind a proxy; macOS).
    """
    if show.workspace is None or show != Show(workspace=show.workspace, runs=show.runs):
        return None
    if path_prefix or port != DEFAULT_PORT or len(show.runs or ()) > _MOST_RUNS:
        return None
    if has_proxy(environ) or not can_find_peers():
        return None
    server = find_up(boards)
    if server is None or not server.is_here:
        return None
    url = server.tensorboard_url
    if show.runs is not None:
        url += f"{urllib.parse.quote(view_id_of(show.runs), safe=':,')}/"
    found = urllib.parse.urlsplit(url).port
    return AttachedBoard(url, found or 80, boards, server)
