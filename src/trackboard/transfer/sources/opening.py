"""Which kind of source a location is, and what reads it; workspaces are the caller's to open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from trackboard.errors import NotFound, UsageError
from trackboard.model import check_experiment_name
from trackboard.transfer.sources import mlflow_database, mlflow_folder

if TYPE_CHECKING:
    from trackboard.transfer.run_source import RunSource

_ALLOWED = (
    "Name a log folder of TensorBoard, an mlruns folder or mlflow.db of MLflow, the address of a tracking"
    " server (http://...), or a folder with another history of trackboard."
)
_SERVERS = ("postgresql", "mysql", "mssql")


def open_source(location: str, *, experiment: str = "", artifacts: Path | None = None) -> RunSource:
    """Open what is to be imported.

    Args:
        location: A folder, a file, or an address.
        experiment: What the experiment of a log folder is called; empty: as the folder.
        artifacts: Where MLflow's artifacts are, if not where it says.

    Raises:
        NotFound: There is nothing there.
        UsageError: It is nothing that can be imported.
    """
    scheme = urlsplit(location).scheme if "://" in location else ""
    if experiment:
        check_experiment_name(experiment)
    if scheme in ("http", "https"):
        from trackboard.transfer.sources.mlflow_server import MlflowServer

        return MlflowServer(location, artifacts)
    path = _read_path(location, scheme)
    if not path.exists():
        raise NotFound(f"there is no file or folder {path}", hint=_ALLOWED)
    if path.is_file():
        if not mlflow_database.is_database(path):
            raise UsageError(f"{path} is no database of MLflow", hint=_ALLOWED)
        return mlflow_database.MlflowDatabase(path, artifacts)
    if mlflow_folder.is_store(path):
        return mlflow_folder.MlflowFolder(path, artifacts)
    for inside in ("mlflow.db", "mlruns"):
        if (path / inside).exists():
            raise UsageError(
                f"{path} holds a history of MLflow, and may hold others",
                hint=f"Name it: trackboard import {path / inside}",
            )
    from trackboard.transfer.sources.event_folder import EventFolder  # loads TensorBoard's formats

    return EventFolder(path, experiment)


def _read_path(location: str, scheme: str) -> Path:
    if scheme.partition("+")[0] in _SERVERS:
        raise UsageError(
            f"a database server is not read directly: {scheme}://",
            hint=f"Type mlflow server --backend-store-uri {scheme}://..., then trackboard import"
            " http://127.0.0.1:5000.",
        )
    if scheme == "sqlite":
        return Path(unquote(location.removeprefix("sqlite:///")))
    if scheme == "file":
        return Path(unquote(urlsplit(location).path))
    if scheme:
        raise UsageError(f"{location!r} cannot be imported", hint=_ALLOWED)
    return Path(location).expanduser()
