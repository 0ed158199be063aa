"""A gRPC server in this process that only its own user's programs reach."""

from __future__ import annotations

import os
import tempfile
import urllib.parse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from tensorboard.data.proto import data_provider_pb2_grpc as pb_grpc

from trackboard.board.plugin.servicer import ProviderServicer
from trackboard.board.private_folder import PrivateFolder
from trackboard.errors import Unavailable

_THREADS = 8  # a browser asks six questions at once
_GRACE_S = 1.0  # for questions that are being answered; without any, gRPC logs a line
_SOCKET = "socket"
_PATH_BYTES = 103  # of a socket: macOS has the smallest limit
_SHORT = Path("/tmp")
_ROOM_BYTES = 40  # for what comes behind the folder of temporary files


class ProviderServer:
    """Answers the questions of TensorBoard at a Unix socket, in a folder that only this user may enter.

    A TCP port, which is the usual way, would answer every user of the machine: the protocol has no sign-in.

    Args:
        provider: A `tensorboard.data.provider.DataProvider` that many threads may ask.
        parents: Where the socket may be, the best place first; None: the usual ones.

    Attributes:
        address: Where it is, as gRPC says it.

    Raises:
        Unavailable: No socket can be made.
    """

    def __init__(self, provider: Any, parents: Sequence[Path] | None = None) -> None:
        self._folder = PrivateFolder(*(_find_parents() if parents is None else parents))
        path = self._folder.path / _SOCKET
        self.address = f"unix:{urllib.parse.quote(str(path))}"
        self._threads = ThreadPoolExecutor(_THREADS, "trackboard-provider")
        self._server = grpc.server(self._threads)
        pb_grpc.add_TensorBoardDataProviderServicer_to_server(
            ProviderServicer(provider), self._server
        )
        try:
            credentials = grpc.local_server_credentials(grpc.LocalConnectionType.UDS)
            self._server.add_secure_port(self.address, credentials)
        except RuntimeError as error:  # the system's reason is on gRPC's log
            self.close()
            raise Unavailable(
                f"no socket can be made in {self._folder.path}: {error}",
                hint="Name a folder with a shorter path for temporary files in TMPDIR.",
            ) from error
        self._server.start()

    def close(self) -> None:
        """End it. May be repeated."""
        self._server.stop(_GRACE_S).wait()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._folder.close()


def _find_parents() -> list[Path]:
    """Folders for the socket, where the one for temporary files has too long a path for it."""
    usual = os.fsencode(tempfile.gettempdir())
    return [_SHORT] if len(usual) + _ROOM_BYTES > _PATH_BYTES else []
