"""MLflow's histories as the real MLflow wrote them: its database, its folders, its server's answers."""

from __future__ import annotations

import http.server
import json
import math
import shutil
import sqlite3
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.histories import describe_history, points_of

from trackboard import Workspace
from trackboard.errors import Conflict, NotFound, Unavailable, UsageError
from trackboard.model import RunId, RunState
from trackboard.transfer.importer import import_runs
from trackboard.transfer.sources import mlflow_runs
from trackboard.transfer.sources.mlflow_runs import read_parameter
from trackboard.transfer.sources.mlflow_server import MlflowServer
from trackboard.workspace import Workspace as Parts

GOLDEN = Path(__file__).parents[3] / "golden" / "data" / "mlflow.zip"
BEGIN_S = 1_700_000_000.0


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What tests/golden/make_mlflow.py made."""
    folder = tmp_path_factory.mktemp("mlflow")
    with zipfile.ZipFile(GOLDEN) as packed:
        packed.extractall(folder)
    return folder


class RecordedServer(http.server.BaseHTTPRequestHandler):
    """Answers as MLflow's server did."""

    answers: dict[str, str]
    refusals: list[int]
    seen: list[tuple[str, str | None]]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(" " + json.dumps(json.loads(body), sort_keys=True))

    def _answer(self, body: str) -> None:
        self.seen.append((self.path, self.headers["Authorization"]))
        content = self.answers.get(f"{self.command} {self.path}{body}")
        status = 404 if content is None else 200
        if self.refusals:
            status, content = self.refusals.pop(), '{"message": "not now"}'
        data = (content or '{"message": "nothing here"}').encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(golden: Path) -> Iterator[type[RecordedServer]]:
    answers = json.loads((golden / "server.json").read_text())
    handler = type("Handler", (RecordedServer,), {"answers": answers, "refusals": [], "seen": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        handler.address = f"http://127.0.0.1:{running.server_port}"  # type: ignore[attr-defined]
        yield handler
        running.shutdown()
        thread.join()


@pytest.fixture(params=["mlflow.db", "mlruns", "server"])
def location(request: pytest.FixtureRequest, golden: Path) -> str:
    if request.param == "server":
        address: str = request.getfixturevalue("server").address
        return address
    return str(golden / request.param)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path / "history")
    yield opened
    opened.close()


def described(workspace: Workspace) -> dict[str, Any]:
    parts = Parts.open(workspace.folder)
    try:
        found = describe_history(parts.store, parts.blobs)
        names = {
            run["run"]["given_name"]: {
                **run,
                "id": key,
                "odd": points_of(parts.store, key, "odd")
                if ("odd", "FLOAT") in run["series"]
                else (),
            }
            for key, run in found.items()
        }
    finally:
        parts.close()
    return names


def test_all_of_it_arrives(location: str, workspace: Workspace) -> None:
    report = workspace.import_runs(location)
    assert (report.kind, report.new, report.points, report.files) == ("MLflow", 5, 86, 2)
    runs = described(workspace)
    assert set(runs) == {"sweep", "child 1", "child 2", "killed", "going"}
    sweep, child, killed, going = (runs[n] for n in ("sweep", "child 2", "killed", "going"))
    told = sweep["run"]
    assert told["state"] is RunState.FAILED
    assert (told["created_s"], told["started_s"], told["ended_s"]) == (
        BEGIN_S,
        BEGIN_S,
        BEGIN_S + 7200,
    )
    assert told["description"] == "A *note* of two lines\nfor people"
    assert sweep["tags"] == {"team": "vision"}
    assert sweep["properties"] == {
        "mlflow.user": "ann",
        "mlflow.source.git.commit": "c0ffee",
        "mlflow.runId": sweep["id"],
    }
    assert {path: size for path, (size, _) in sweep["files"].items()} == {
        "hello world.txt": 6,
        "settings/model.json": sweep["files"]["settings/model.json"][0],
    }
    assert child["run"]["parent"] == sweep["id"]
    assert child["run"]["ended_s"] == BEGIN_S + 3600.002
    assert child["run"]["state"] is RunState.COMPLETED
    assert child["parameters"] == {
        **{"lr": 0.2, "layers": 3, "nesterov": True},
        **{"id": "007", "optimizer": "adam", "empty": ""},
    }
    assert child["series"]["train/loss", "FLOAT"] == (
        "",
        list(range(40)),
        [BEGIN_S + i for i in range(40)],
        [repr(1 / (i + 2)) for i in range(40)],
    )
    assert (killed["run"]["state"], killed["run"]["ended_s"]) == (
        RunState.CANCELED,
        BEGIN_S + 5000,
    )
    assert (going["run"]["state"], going["run"]["cause"]) == (
        RunState.FAILED,
        "it had not ended when it was imported",
    )


def test_every_number_survives(location: str, workspace: Workspace) -> None:
    workspace.import_runs(location)
    odd = described(workspace)["sweep"]["odd"]
    assert [(step, round((time_s - BEGIN_S) * 1000)) for step, time_s, _ in odd] == [
        (i - 2, 7 * i) for i in range(5)
    ]
    values = [value for _, _, value in odd]
    assert values[:1] + values[2:] == [0.5, math.inf, -math.inf, 0.25]
    assert math.isnan(values[1])


def test_experiments_have_names_of_their_own(location: str, workspace: Workspace) -> None:
    workspace.import_runs(location)
    found = {run.name: run.experiment for run in workspace.runs()}
    assert found["killed"] == "first-try"  # what one is called in MLflow stays its name
    assert found["sweep"].startswith("first-try-")


def test_a_second_import_changes_nothing(location: str, workspace: Workspace) -> None:
    workspace.import_runs(location)
    before = described(workspace)
    report = workspace.import_runs(location)
    assert (report.new, report.changed, report.unchanged) == (0, 0, 5)
    assert repr(described(workspace)) == repr(before)


def test_what_has_no_place_here_is_told(golden: Path, workspace: Workspace) -> None:
    for name in ("mlflow.db", "mlruns"):
        report = workspace.import_runs(golden / name)
        assert [each.why for each in report.left_out] in (
            ["1 runs that were deleted in MLflow"],
            ["1 runs or experiments in MLflow's trash"],
        )


def change_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        (run,) = connection.execute("SELECT run_uuid FROM runs WHERE name = 'going'").fetchone()
        connection.execute(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
            " VALUES ('loss', 0.5, 1700000010000, ?, 2, 0)",
            (run,),
        )
        connection.execute(
            "UPDATE runs SET status = 'FINISHED', end_time = 1700000011000 WHERE run_uuid = ?",
            (run,),
        )
    connection.close()


def change_folder(path: Path) -> None:
    (metrics,) = (found for found in path.rglob("metrics") if (found / "loss").exists())
    with (metrics / "loss").open("a") as file:
        file.write("1700000010000 0.5 2\n")
    meta = metrics.parent / "meta.yaml"
    text = meta.read_text().replace("end_time: null", "end_time: 1700000011000")
    meta.write_text(text.replace("status: 1", "status: 3"))


@pytest.mark.parametrize(
    ("name", "change"), [("mlflow.db", change_database), ("mlruns", change_folder)]
)
def test_a_run_that_went_on_is_brought_up_to_date(
    tmp_path: Path, workspace: Workspace, name: str, change: Callable[[Path], None]
) -> None:
    with zipfile.ZipFile(GOLDEN) as packed:
        packed.extractall(tmp_path)
    workspace.import_runs(tmp_path / name)
    change(tmp_path / name)
    report = workspace.import_runs(tmp_path / name)
    assert (report.new, report.changed, report.unchanged, report.points) == (0, 1, 4, 1)
    going = described(workspace)["going"]
    assert (going["run"]["state"], going["run"]["ended_s"]) == (
        RunState.COMPLETED,
        BEGIN_S + 11,
    )
    assert going["series"]["loss", "FLOAT"][1] == [1, 2]


def rename_runs(path: Path, *odd: str) -> list[str]:
    """Give all runs of an `mlflow.db` ids that no run has here."""
    connection = sqlite3.connect(path)
    with connection:
        found = [
            run for (run,) in connection.execute("SELECT run_uuid FROM runs ORDER BY run_uuid")
        ]
        names = [*odd, *(f"a/{number}" for number in range(len(found) - len(odd)))]
        for run, name in zip(found, names, strict=True):
            for table in ("runs", "metrics", "latest_metrics", "params", "tags"):
                connection.execute(
                    f"UPDATE {table} SET run_uuid = ? WHERE run_uuid = ?", (name, run)
                )
            connection.execute("UPDATE tags SET value = ? WHERE value = ?", (name, run))
    connection.close()
    return names


def test_ids_that_cannot_be_kept_are_digests(
    golden: Path, tmp_path: Path, workspace: Workspace
) -> None:
    path = Path(shutil.copy(golden / "mlflow.db", tmp_path / "mlflow.db"))
    names = rename_runs(path, "a/plumless", "a/buckeroo")  # which have one CRC
    report = workspace.import_runs(path)
    ids = {run.id for run in workspace.runs()}
    assert (report.new, len(ids)) == (len(set(ids)), report.new)
    assert {len(run) for run in ids} == {len("mlflow-") + 32}
    parents = {run.parent for run in workspace.runs()} - {None}
    assert parents
    assert parents <= ids
    assert len(names) >= report.new
    again = workspace.import_runs(path)
    assert (again.new, again.changed, again.unchanged) == (0, 0, report.new)


def test_runs_that_were_imported_under_short_ids_keep_them(
    golden: Path, tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(golden / "mlflow.db", tmp_path / "mlflow.db"))
    rename_runs(path)
    with monkeypatch.context() as then:
        then.setattr(
            mlflow_runs, "id_of", lambda run: RunId(f"mlflow-{zlib.crc32(run.encode()):08x}")
        )
        before = workspace.import_runs(path)
    ids = {run.id for run in workspace.runs()}
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE tags SET value = 'another' WHERE key = 'mlflow.note.content'")
        connection.execute("UPDATE runs SET end_time = end_time + 1000")
    connection.close()
    after = workspace.import_runs(path)
    assert (after.new, after.changed + after.unchanged) == (0, before.new)
    assert {run.id for run in workspace.runs()} == ids


def test_a_server_that_is_busy_is_asked_again(server: Any, workspace: Workspace) -> None:
    server.refusals.extend([503, 429, 500])
    source = MlflowServer(server.address, retry_s=0.0)
    opened = Parts.open(workspace.folder)
    try:
        assert import_runs(source, opened.store, opened.blobs).new == 5
    finally:
        source.close()
        opened.close()


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, Unavailable, "MLFLOW_TRACKING_TOKEN"),
        (404, NotFound, "Is it a tracking server"),
        (400, Unavailable, "not now"),
    ],
)
def test_a_server_that_refuses_is_told(
    server: Any, workspace: Workspace, status: int, error: type[Exception], words: str
) -> None:
    server.refusals.append(status)
    with pytest.raises(error, match=words):
        workspace.import_runs(server.address)


def test_a_server_that_is_none_of_mlflow_s_is_told(server: Any, workspace: Workspace) -> None:
    for key in list(server.answers):
        server.answers[key] = "<html>"
    with pytest.raises(Conflict, match="does not answer as a tracking server"):
        workspace.import_runs(server.address)


def test_nobody_there_is_told_at_once(workspace: Workspace) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        workspace.import_runs("http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({"MLFLOW_TRACKING_TOKEN": "secret"}, "Bearer secret"),
        ({"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "pw"}, "Basic YW5uOnB3"),
    ],
)
def test_credentials_are_those_of_mlflow(
    server: Any,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    sent: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    workspace.import_runs(server.address)
    assert {authorization for _, authorization in server.seen} == {sent}


def test_an_address_with_credentials_is_shown_without(server: Any, workspace: Workspace) -> None:
    report = workspace.import_runs(server.address.replace("//", "//ann:pw@"))
    assert {authorization for _, authorization in server.seen} == {"Basic YW5uOnB3"}
    assert report.location == server.address


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("1e-05", 1e-5),
        ("-3", -3),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", "9223372036854775808"),
        ("False", False),
        *((text, text) for text in ("007", "1_000", " 1", "nan", "inf", "1.", "", "true", "1e999")),
    ],
)
def test_parameters_are_what_was_logged(text: str, value: object) -> None:
    found = read_parameter(text)
    assert (found, type(found)) == (value, type(value))


def test_a_damaged_database_is_told(golden: Path, tmp_path: Path, workspace: Workspace) -> None:
    data = bytearray((golden / "mlflow.db").read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    broken = tmp_path / "broken.db"
    broken.write_bytes(data)
    with pytest.raises((Conflict, UsageError), match=r"cannot be read|no database of MLflow"):
        workspace.import_runs(broken)


def test_damaged_descriptions_are_told(tmp_path: Path, workspace: Workspace) -> None:
    with zipfile.ZipFile(GOLDEN) as packed:
        packed.extractall(tmp_path)
    meta = next((tmp_path / "mlruns").rglob("artifacts")).parent / "meta.yaml"
    meta.write_text("{ no: [yaml")
    with pytest.raises(Conflict, match="no description of MLflow's"):
        workspace.import_runs(tmp_path / "mlruns")


@pytest.mark.parametrize(
    ("location", "error", "words"),
    [
        ("nowhere", NotFound, "there is no file or folder"),
        ("postgresql://u:p@host/db", UsageError, "mlflow server --backend-store-uri"),
        ("s3://bucket", UsageError, "cannot be imported"),
        ("http://", UsageError, "names no server"),
        ("text.txt", UsageError, "is no database of MLflow"),
        ("project", UsageError, "trackboard import"),
    ],
)
def test_what_cannot_be_imported_is_told(
    workspace: Workspace,
    empty_folder: Path,
    location: str,
    error: type[Exception],
    words: str,
) -> None:
    (empty_folder / "text.txt").write_text("text")
    (empty_folder / "project" / "mlruns").mkdir(parents=True)
    with pytest.raises(error, match=words):
        workspace.import_runs(location)
