"""A whole workspace of a past version, as people open it today."""

import json
import shutil
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tests.golden import expected as golden
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.cli.main import main
from trackboard.launch.context.plan_file import encode_plan, load_plan
from trackboard.launch.snapshot.manifest import load_manifest, restore
from trackboard.model import RunId, RunState

TOLD = golden.load("workspace.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds a copy of it."""
    shutil.copytree(golden.DATA / "workspace", tmp_path / ".trackboard" / "default", symlinks=True)
    return tmp_path


def test_its_settings(folder: Path) -> None:
    settings = parts(Workspace.open(folder)).settings
    assert (settings.format, settings.id) == (1, "e7f6c011-776e-8db7-cd33-0b54174fd76f")
    of_cluster = settings.compute["cpu-cluster"]
    assert (of_cluster.cpus, of_cluster.memory_gb, of_cluster.gpus) == (2, 0.5, 0)


def test_what_was_stored_and_what_nobody_had_read(folder: Path) -> None:
    workspace = Workspace.open(folder)
    told = {run["id"]: run for run in TOLD["runs"]}
    found = {run.id: golden.facts(run) for run in workspace.runs()}
    known = {run: {name: found[RunId(run)][name] for name in told[run]} for run in told}
    assert known == told
    assert found.keys() - told.keys() >= {TOLD["unread"]}
    assert len(found) == len(told) + 2  # with its child
    for run, name in ((TOLD["stored"], "stored"), (TOLD["unread"], "unread")):
        history = workspace.history(run, "loss")
        rows = zip(history.steps, history.times_s, history.values, strict=True)
        assert [[int(step), at, number] for step, at, number in rows] == TOLD["loss"]
        assert parts(workspace).store.get_tags(RunId(run)) == {"kept": name, "none": None}
        with workspace.open_file(run, "outputs/weights.bin") as file:
            assert file.read() == f"weights of {name}".encode()
        with workspace.open_file(run, "logs/out.txt") as file:
            assert file.read() == b"first line\n"
        one = workspace.find_run(RunId(run))
        assert one is not None
        assert (one.state, one.name) == (RunState.COMPLETED, name)
    assert list((folder / ".trackboard/default/spool").glob("[0-9a-f]*")) == []


def test_the_command_lists_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["trackboard", "runs", str(folder), "--json", "--children", "--limit", "0"]
    monkeypatch.setattr("sys.argv", words)
    assert main() == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == len(TOLD["runs"]) + 2
    stored = next(row for row in rows if row["id"] == TOLD["stored"])
    assert {name: metric["last"] for name, metric in stored["metrics"].items()} == {
        "loss": TOLD["loss"][-1][2],
        "note": "text 日本",
    } | {
        "table/x": 1,
        "table/y": 0.5,
    }
    assert stored["parameters"]["epochs"] == 2**53 + 1


def test_a_job_that_has_ended(folder: Path) -> None:
    workspace = Workspace.open(folder)
    told = dict(TOLD["job"])
    job = parts(workspace).paths.job(told["run"])
    plan = load_plan(job)
    assert plan.run == told["run"]
    read = json.loads(encode_plan(plan))  # with what plans have learned to say since
    assert read["environment"].items() >= told.pop("environment").items()
    assert read.items() >= told.items()
    manifest = load_manifest(workspace.folder / "snapshots", plan.snapshot)
    assert restore(parts(workspace).blobs, manifest, folder / "work")
    for path, text in TOLD["sources"].items():
        assert (folder / "work" / path).read_text() == text
    link, target = TOLD["source_link"]
    assert str((folder / "work" / link).readlink()) == target
    run = workspace.find_run(plan.run)
    assert run is not None
    assert (run.state, run.cause) == (RunState.CANCELED, "somebody asked")
    assert parts(workspace).store.list_jobs() == ()


def read_scalars(folder: Path) -> dict[str, list[tuple[int, float, float]]]:
    """Numbers by tag in the event files of a folder, as TensorBoard's own reader gives them."""
    found: dict[str, list[tuple[int, float, float]]] = {}
    for file in sorted(folder.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(file)).Load():
            for each in event.summary.value:
                if each.metadata.plugin_data.plugin_name == "scalars":
                    point = (event.step, event.wall_time, each.tensor.float_val[0])
                    found.setdefault(each.tag, []).append(point)
    return found


def test_what_was_exported_is_exported_again(folder: Path) -> None:
    """Files keep their places, so nothing is there twice."""
    exported = Path(shutil.copytree(golden.DATA / "exported", folder / "exported"))
    files = {path.relative_to(exported) for path in exported.rglob("*") if path.is_file()}
    assert len(files) == 2
    before = read_scalars(exported / TOLD["exported_as"])
    assert [point[:2] for point in before["loss"]] == [(step, at) for step, at, _ in TOLD["loss"]]
    values = [value for _, _, value in TOLD["loss"]]  # float32 holds them
    assert [point[2] for point in before["loss"]] == values
    workspace = Workspace.open(folder)
    workspace.service.transfer.export_event_files(
        [RunId(TOLD["stored"])], exported, recursive=True, report=print
    )
    after = {path.relative_to(exported) for path in exported.rglob("*") if path.is_file()}
    assert after == files
    assert read_scalars(exported / TOLD["exported_as"]) == before


def test_it_records_on(folder: Path) -> None:
    workspace = Workspace.open(folder)
    parts(workspace).drain()
    with workspace.start_run("digits", name="new", capture=False) as run:
        run.log("loss", 0.25, 0)
    workspace.recorder().close()
    found = workspace.find_run(run.id)
    assert found is not None
    assert (found.number, found.state) == (6, RunState.COMPLETED)
