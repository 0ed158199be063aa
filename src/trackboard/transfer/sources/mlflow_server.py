"""Runs of an MLflow tracking server, asked over its REST API.

Credentials are those of MLflow's own client: in the address, or in MLFLOW_TRACKING_USERNAME and _PASSWORD, or
MLFLOW_TRACKING_TOKEN. They are sent to that server only, and stored nowhere.
"""

from __future__ import annotations

import base64
import functools
import http.client
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote, unquote, urlencode, urlsplit

from trackboard.errors import Conflict, NotFound, TrackboardError, Unavailable, UsageError
from trackboard.model import RunId
from trackboard.ports import SeriesPoints
from trackboard.transfer.names import assign_experiments
from trackboard.transfer.run_source import LeftOut, RunContent, RunHead, SourceFile
from trackboard.transfer.sources.mlflow_artifacts import find_folder, list_files
from trackboard.transfer.sources.mlflow_runs import MlflowIndex, MlflowRun, series_of

_API = "/api/2.0/mlflow"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_PAGE, _HISTORY_PAGE = 1_000, 25_000
_TIMEOUT_S = 120.0
_TRIES, _RETRY_S = 5, 1.0
_AGAIN = (408, 429, 500, 502, 503, 504)
_IN_MEMORY_BYTES = 8 << 20
_PIECE_BYTES = 1 << 20

Json = Mapping[str, Any]


class MlflowServer:
    """`RunSource` of a tracking server.

    Args:
        address: `http://...` or `https://...`; a path before `/api` is kept.
        artifacts: Where the server keeps artifacts, if that is a folder here; None: it passes them on.
        retry_s: After how long a busy server is asked again; each time twice as long.
    """

    kind = "MLflow"

    def __init__(
        self, address: str, artifacts: Path | None = None, *, retry_s: float = _RETRY_S
    ) -> None:
        self._client = _Client(address, retry_s)
        self.location = self._client.address
        self._artifacts = artifacts
        self._index = MlflowIndex({}, ())

    def list_runs(self) -> Sequence[RunHead]:
        """The runs, each after its parent, oldest first."""
        experiments = sorted(
            self._search("experiments", "/experiments/search", {"view_type": "ACTIVE_ONLY"}),
            key=lambda each: (len(each["experiment_id"]), each["experiment_id"]),
        )
        names = assign_experiments({each["experiment_id"]: each["name"] for each in experiments})
        self._index = MlflowIndex(
            names, (_run_of(each) for key in names for each in self._iter_runs(key))
        )
        return self._index.list_heads()

    def read(self, head: RunHead) -> RunContent:
        """All that one of the runs holds."""
        run = self._index.get(head)
        files, left_out = self._list_artifacts(run)
        return RunContent(
            self._index.describe(run),
            points=[
                self._read_history(head.id, run.run_id, key) for key in json.loads(run.progress)
            ],
            files=files,
            left_out=left_out,
        )

    def list_left_out(self) -> Iterable[LeftOut]:
        """What has no place here."""
        try:
            found = self._client.ask("GET", f"{_API}/registered-models/search?max_results=1")
        except TrackboardError:  # a server without a registry
            return
        if found.get("registered_models"):
            yield LeftOut(self.location, "registered models")

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _iter_runs(self, experiment: str) -> Iterator[Json]:
        query = {"experiment_ids": [experiment], "run_view_type": "ACTIVE_ONLY"}
        yield from self._search("runs", "/runs/search", query)

    def _search(self, key: str, path: str, query: Json) -> Iterator[Json]:
        return _iter_pages(
            key,
            lambda page: self._client.ask("POST", _API + path, page),
            {**query, "max_results": _PAGE},
        )

    def _read_history(self, run: RunId, run_id: str, key: str) -> SeriesPoints:
        asked = {"run_id": run_id, "metric_key": key, "max_results": _HISTORY_PAGE}
        path = f"{_API}/metrics/get-history"
        rows = list(
            _iter_pages(
                "metrics", lambda page: self._client.ask("GET", f"{path}?{urlencode(page)}"), asked
            )
        )
        return series_of(
            run,
            key,
            [int(row.get("timestamp", 0)) for row in rows],
            [float(row.get("value", 0.0)) for row in rows],
            [int(row.get("step", 0)) for row in rows],
        )

    def _list_artifacts(self, run: MlflowRun) -> tuple[Sequence[SourceFile], list[str]]:
        parts = urlsplit(run.artifact_uri)
        if self._artifacts is not None or parts.scheme in ("", "file"):
            folder = find_folder(run.artifact_uri, Path.cwd(), self._artifacts)
            if folder is not None and folder.is_dir():
                return list_files(folder), []
        if parts.scheme != "mlflow-artifacts":
            where = parts.scheme or "a folder of the server"
            return (), [f"artifacts in {where}: the server does not pass them on"]
        try:
            return list(self._iter_artifacts(unquote(parts.path).strip("/"), "")), []
        except TrackboardError as error:
            return (), [f"artifacts that the server does not list: {error.message}"]

    def _iter_artifacts(self, root: str, within: str) -> Iterator[SourceFile]:
        folder = f"{root}/{within}".rstrip("/")
        found = self._client.ask("GET", f"{_ARTIFACTS}?{urlencode({'path': folder})}")
        for each in found.get("files", ()):
            path = f"{within}/{each['path']}" if within else str(each["path"])
            if each.get("is_dir"):
                yield from self._iter_artifacts(root, path)
            else:
                address = f"{_ARTIFACTS}/{quote(f'{root}/{path}')}"
                read = functools.partial(self._client.fetch, address)
                yield SourceFile(path, int(each.get("file_size") or 0), time.time(), read)


def _iter_pages(key: str, ask: Callable[[Json], Json], query: Json) -> Iterator[Json]:
    """What a server answers under a key, page by page."""
    token = ""
    while True:
        found = ask({**query, "page_token": token} if token else query)
        yield from found.get(key, ())
        token = found.get("next_page_token", "")
        if not token:
            return


def _run_of(told: Json) -> MlflowRun:
    info, data = told["info"], told.get("data", {})
    metrics = {
        str(each["key"]): [each.get("timestamp"), each.get("step"), each.get("value")]
        for each in data.get("metrics", ())
    }
    return MlflowRun(
        run_id=str(info.get("run_id") or info["run_uuid"]),
        experiment_id=str(info["experiment_id"]),
        name=str(info.get("run_name", "")),
        status=str(info.get("status", "")),
        start_ms=_whole(info.get("start_time")),
        end_ms=_whole(info.get("end_time")),
        artifact_uri=str(info.get("artifact_uri", "")),
        user=str(info.get("user_id", "")),
        tags={each["key"]: each.get("value", "") for each in data.get("tags", ())},
        params={each["key"]: each.get("value", "") for each in data.get("params", ())},
        progress=json.dumps(metrics, sort_keys=True),
    )


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)


class _Client:
    """Asks one server, on one connection that is kept."""

    def __init__(self, address: str, retry_s: float) -> None:
        self._retry_s = retry_s
        parts = urlsplit(address)
        if not parts.hostname:
            raise UsageError(
                f"{address!r} names no server", hint="Write it as http://127.0.0.1:5000."
            )
        port = f":{parts.port}" if parts.port else ""
        self.address = f"{parts.scheme}://{parts.hostname}{port}{parts.path.rstrip('/')}"
        self._prefix = parts.path.rstrip("/")
        self._headers = _credentials(parts.username, parts.password)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_S)

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """Ask for JSON.

        Raises:
            NotFound: The server has no such thing.
            Unavailable: It does not answer, or refuses.
            Conflict: Its answer is none of MLflow's.
        """
        data = None if body is None else json.dumps(body).encode()
        with self._answer(method, path, data) as answer:
            content = answer.read()
        try:
            found = json.loads(content or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Conflict(
                f"{self.address} does not answer as a tracking server of MLflow does",
                hint="Give the address that MLFLOW_TRACKING_URI has.",
            )
        return found

    def fetch(self, path: str) -> BinaryIO:
        """Read a file; it is on the disk when it is large."""
        file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
        with self._answer("GET", path, None) as answer:
            while piece := answer.read(_PIECE_BYTES):
                file.write(piece)
        file.seek(0, io.SEEK_SET)
        return cast("BinaryIO", file)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _answer(self, method: str, path: str, data: bytes | None) -> http.client.HTTPResponse:
        """Ask until there is an answer; what is asked changes nothing, so it may be asked again."""
        headers = {**self._headers, "Content-Type": "application/json"}
        why = ""
        for number in range(_TRIES):
            if number:
                time.sleep(self._retry_s * 2 ** (number - 1))
            try:
                self._connection.request(method, self._prefix + path, data, headers)
                answer = self._connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                why = str(error) or type(error).__name__
                if isinstance(error, ConnectionRefusedError):
                    break
                continue
            if answer.status == http.client.OK:
                return answer
            why = f"{answer.status} {_message(answer)}"
            if answer.status not in _AGAIN:
                break
        raise self._refusal(why)

    def _refusal(self, why: str) -> TrackboardError:
        if why.startswith("404"):
            return NotFound(f"{self.address}: {why}", hint="Is it a tracking server of MLflow?")
        if why.startswith(("401", "403")):
            return Unavailable(
                f"{self.address} refuses: {why}",
                hint="Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
            )
        return Unavailable(
            f"{self.address} does not answer: {why}",
            hint="Check that the server runs; what is stored already is not asked for again.",
        )


def _credentials(user: str | None, password: str | None) -> dict[str, str]:
    user = unquote(user) if user else os.environ.get("MLFLOW_TRACKING_USERNAME")
    password = unquote(password) if password else os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if user:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {"Authorization": f"Bearer {token}"} if token else {}


def _message(answer: http.client.HTTPResponse) -> str:
    content = answer.read(1 << 16).decode("utf-8", "replace")
    try:
        return str(json.loads(content).get("message", content))
    except (ValueError, AttributeError):
        return content[:200]
