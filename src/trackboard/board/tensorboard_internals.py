"""The one module that touches names of TensorBoard which it does not promise to keep.

`tests/unit/board/test_tensorboard_internals.py` and the end-to-end tests run all of it against the
installed TensorBoard. TensorBoard is imported inside the functions, after `hide_tensorflow`.

Its pages come from one zip file. Unpacking and compressing all of it takes TensorBoard 0.2 s at every
start, a third of the whole; the entries are deflated already, and a gzip file is a deflate stream with
a header and a trailer. So `_ZippedAssets` hands the bytes out as they lie in the zip, through the two
doors TensorBoard has for that: `assets_zip_provider` and `experimental_middlewares`. What a browser
receives is the same, header by header; a test compares every file with the original's answer.
"""

from __future__ import annotations

import argparse
import copy
import io
import mimetypes
import os
import struct
import sys
import types
import weakref
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from trackboard.board.series.samples import AS_USUAL, Samples
from trackboard.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EXPERIMENT_KEY = "HTTP_TENSORBOARD_EXPERIMENT_ID"  # where its middleware leaves the experiment id
FIXED_ROUTE = "/experiment/defaultExperimentId"  # half of what its page asks for begins like this

_ANSWER_BYTES = 256 << 20  # what TensorBoard itself allows its reader
_IN_THIS_PROCESS = "in this process"  # where our plugin for the stock TensorBoard need do nothing
_NO_TENSORFLOW = "tensorboard.compat.notf"
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip entry: only the lengths of name and extra field
_LOCAL_HEADER_BYTES = 30


def hide_tensorflow() -> None:
    """Keep TensorBoard from importing TensorFlow where it is installed (3 s and 450 MiB).

    Only for processes that do nothing else; must run before TensorBoard first needs it.
    """
    sys.modules.setdefault(_NO_TENSORFLOW, types.ModuleType(_NO_TENSORFLOW))


def build_app(
    provider: object, *, logdir: str, window_title: str = "", samples: Samples = AS_USUAL
) -> WSGIApplication:
    """Make TensorBoard's own application, with all its plugins, on a data provider of ours.

    Args:
        provider: A `tensorboard.data.provider.DataProvider`.
        logdir: For plugins that read files themselves (projector, profile).
        window_title: Title of the browser's window; TensorBoard's own when empty.
        samples: How much of each series its dashboards ask for.
    """
    hide_tensorflow()
    from tensorboard import default, program
    from tensorboard.backend import application

    assets = _ZippedAssets(_open_webfiles())
    board = program.TensorBoard(
        plugins=[_replace(each) for each in default.get_plugins()],
        assets_zip_provider=assets.open_index_only,
    )
    board.configure(
        logdir=logdir,
        window_title=window_title,
        samples_per_plugin=dict(samples.asked),
        grpc_data_provider=_IN_THIS_PROCESS,
    )
    app: WSGIApplication = application.TensorBoardWSGIApp(
        board.flags,
        board.plugin_loaders,
        provider,
        board.assets_zip_provider,
        experimental_middlewares=[assets.around],
    )
    return app


def _replace(plugin: Any) -> Any:
    """Put our projector in the place of TensorBoard's."""
    if getattr(plugin, "plugin_name", "") != "projector":
        return plugin
    from trackboard.board.projector.plugin import ProjectorPlugin

    return ProjectorPlugin


def is_not_found(error: BaseException) -> bool:
    """Whether a provider said, in TensorBoard's words, that something does not exist."""
    from tensorboard import errors

    return isinstance(error, errors.NotFoundError)


def replace_description(series: Any, description: str) -> Any:
    """Make a copy of what is said of a series, with another description."""
    changed = copy.copy(series)
    changed._description = description
    return changed


def find_data_server() -> str | None:
    """The path of TensorBoard's fast reader of event files, None where it has no binary."""
    try:
        import tensorboard_data_server
    except ImportError:
        return None
    binary: str | None = tensorboard_data_server.server_binary()
    return binary


def connect_data_server(port: int) -> tuple[Any, Callable[[], None]]:
    """Make a data provider that asks the reader at a port of this machine, and what ends it."""
    import grpc
    from tensorboard.data import grpc_provider

    address = f"localhost:{port}"
    options = [("grpc.max_receive_message_length", _ANSWER_BYTES)]
    channel = grpc.secure_channel(address, grpc.local_channel_credentials(), options=options)
    provider = grpc_provider.GrpcDataProvider(address, grpc_provider.make_stub(channel))
    return provider, channel.close


def data_server_failures() -> tuple[type[Exception], ...]:
    """What a provider from `connect_data_server` raises when the reader has gone."""
    import grpc

    return (grpc.RpcError,)


def ask_provider_at(flags: argparse.Namespace, socket: str) -> None:
    """Let a TensorBoard that is about to start ask the data provider at a Unix socket.

    Args:
        flags: Its flags, which are changed.
        socket: The socket's address, as gRPC says it.
    """
    flags.grpc_data_provider = socket
    flags.grpc_creds_type = _UnixSocket()


def asks_history(flags: argparse.Namespace) -> bool:
    """Whether `ask_provider_at` changed these flags."""
    return isinstance(flags.grpc_creds_type, _UnixSocket)


class _UnixSocket:
    """How to connect to a Unix socket, in the place of `--grpc_creds_type`, which knows TCP and TLS only."""

    def channel_config(self) -> tuple[Any, list[Any]]:
        """Credentials and options of a channel."""
        import grpc

        return grpc.local_channel_credentials(grpc.LocalConnectionType.UDS), []

    def __repr__(self) -> str:
        return "unix"


def open_python_reader(folder: Path, samples: Samples) -> tuple[Any, Callable[[], None]]:
    """Make TensorBoard's own reader in Python: a data provider, and what reads on when called."""
    from tensorboard.backend.event_processing import data_ingester

    flags = argparse.Namespace(
        logdir=str(folder),
        logdir_spec="",
        samples_per_plugin=dict(samples.asked),
        purge_orphaned_data=True,
        max_reload_threads=1,
        reload_interval=0,  # once per call
        reload_task="blocking",
        reload_multifile=True,  # several files in one folder may grow, as the fast reader has it
        reload_multifile_inactive_secs=-1,
        detect_file_replacement=None,
    )
    ingester = data_ingester.LocalDataIngester(flags)
    return ingester.data_provider, ingester.start


def _open_webfiles() -> IO[bytes]:
    from tensorboard import assets

    provider = assets.get_default_assets_zip_provider()
    if provider is None:
        raise Unavailable(
            "the installed TensorBoard lacks its web pages (webfiles.zip)",
            hint="pip install --force-reinstall 'tensorboard>=2.21,<3'",
        )
    webfiles: IO[bytes] = provider()
    return webfiles


class _ZippedAssets:
    """Serves the files of TensorBoard's zip without unpacking them, read at the first request."""

    def __init__(self, webfiles: IO[bytes]) -> None:
        self._file = webfiles  # stays open: a reinstalled TensorBoard must not mix with this one
        weakref.finalize(self, webfiles.close)
        self._zip = zipfile.ZipFile(webfiles)
        self._entries = {"/" + e.filename: e for e in self._zip.infolist() if not e.is_dir()}

    def open_index_only(self) -> IO[bytes]:
        """A zip with the index page alone, which TensorBoard serves itself."""
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w") as small:
            small.writestr("index.html", self._zip.read("index.html"))
        memory.seek(0)
        return memory

    def around(self, app: WSGIApplication) -> WSGIApplication:
        """Answer requests for other files of the zip, pass on the rest."""

        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            entry = self._entries.get(path.removesuffix("/"))
            if entry is None or entry.filename == "index.html":
                return app(environ, start_response)
            return self._respond(environ, entry)(environ, start_response)

        return serve

    def _respond(self, environ: WSGIEnvironment, entry: zipfile.ZipInfo) -> WSGIApplication:
        from tensorboard.backend import http_util
        from tensorboard.plugins.core import core_plugin
        from werkzeug.wrappers import Request

        request = Request(environ)
        mimetype = mimetypes.guess_type(entry.filename)[0] or "application/octet-stream"
        cached = request.args.get("_file_hash") and mimetype in core_plugin.JS_MIMETYPES
        response: WSGIApplication = http_util.Respond(
            request,
            self._gzipped(entry),
            mimetype,
            content_encoding="gzip",
            expires=core_plugin.JS_CACHE_EXPIRATION_IN_SECS if cached else 0,
        )
        return response

    def _gzipped(self, entry: zipfile.ZipInfo) -> bytes:
        if entry.compress_type != zipfile.ZIP_DEFLATED:
            import gzip

            return gzip.compress(self._zip.read(entry), compresslevel=3, mtime=0)
        fd = self._file.fileno()
        header = os.pread(fd, _LOCAL_HEADER_BYTES, entry.header_offset)
        name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
        start = entry.header_offset + _LOCAL_HEADER_BYTES + name_bytes + extra_bytes
        deflated = os.pread(fd, entry.compress_size, start)
        trailer = struct.pack("<II", entry.CRC, entry.file_size & 0xFFFFFFFF)
        return _GZIP_HEADER + deflated + trailer
