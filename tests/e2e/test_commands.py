"""Submitting, following, repeating and canceling jobs as a person does, in a folder of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import PATIENCE_S

from trackboard.launch.context.plan_file import load_plan
from trackboard.model import RunId
from trackboard.workspace import Workspace

Done = subprocess.CompletedProcess[str]
TRAIN = """
import os, sys
from trackboard.record import get_recorder
folder = os.environ["TRACKBOARD_WORKSPACE"]
live = get_recorder(folder + "/spool").attach(os.environ["TRACKBOARD_RUN_ID"], owner=False)
live.log("loss", 0.5)
print("given", sys.argv[1:], os.environ.get("COLOUR"))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a script, and nothing else."""
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    return folder


def trackboard(folder: Path, *words: str, code: int = 0) -> Done:
    command = [sys.executable, "-m", "trackboard", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def _json(folder: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(trackboard(folder, *words, "--json").stdout)
    return found


def test_from_a_script_to_its_repetition(project: Path) -> None:
    options = ["--name", "first", "--tag", "team=a", "-E", "COLOUR=red", "--follow"]
    done = trackboard(project, "submit", *options, "train.py", "--lr", "0.1", "--follow")
    assert done.stdout == (
        f"[trackboard] snapshot: 1 file, {len(TRAIN)} B (1 new)\n"
        "given ['--lr', '0.1', '--follow'] red\n"
    )
    assert "digits/first  digits_" in done.stderr

    told = _json(project, "show", "digits/first")
    assert (told["state"], told["tags"], told["parameters"]["lr"]) == (
        "completed",
        {"team": "a"},
        0.1,
    )
    assert told["metrics"]["loss"]["last"] == 0.5
    assert told["job"]["command"] == "train.py --lr 0.1 --follow"
    assert told["job"]["snapshot"].startswith(f"1 file, {len(TRAIN)} B, ")

    (project / "train.py").unlink()  # the code that ran was kept
    again = trackboard(project, "rerun", "first", "-f", "--name", "second", "--", "--lr", "0.2")
    assert "given ['--lr', '0.2'] red\n" in again.stdout
    facts = _json(project, "show", "second")
    assert facts["properties"]["trackboard.rerun_of"] == told["id"]
    assert facts["parameters"] == {"lr": 0.2}
    trackboard(project, "rerun", "second", "-f")
    assert "given ['--lr', '0.2'] red\n" in trackboard(project, "logs", "run-3").stdout


def test_a_job_that_fails_fails_the_command(project: Path) -> None:
    command = ["submit", "-f", "--command", "echo $COLOUR; exit 3", "-E", "COLOUR=red"]
    done = trackboard(project, *command, code=1)
    assert done.stdout.endswith("red\n")
    assert "failed: the script exited with code 3\n" in done.stderr


def test_each_process_has_a_log_of_its_own(project: Path) -> None:
    options = ["--name", "both", "--launcher", "pytorch", "--processes", "2"]
    done = trackboard(project, "submit", "-f", *options, "--command", "echo rank $RANK")
    assert done.stdout.endswith("rank 0\n")
    assert trackboard(project, "logs", "--rank", "1", "both").stdout == "rank 1\n"
    everything = trackboard(project, "logs", "--all", "both").stdout
    assert [line for line in everything.splitlines() if "[trackboard]" not in line] == [
        "==> user_logs/std_log.txt <==",
        "rank 0",
        "==> user_logs/std_log_process_1.txt <==",
        "rank 1",
    ]
    assert "(pytorch, 2 processes)" in trackboard(project, "show", "both").stdout


def test_a_dry_run_masks_values_and_starts_nothing(project: Path) -> None:
    options = [
        "--dry-run",
        "-E",
        "TOKEN=geheim",
        "--package",
        "https://me:geheim@example.org/a.whl",
    ]
    more = ["--launcher", "pytorch", "--processes", "2", "--max-duration", "2h"]
    said = trackboard(
        project, "submit", *options, *more, "train.py", "x y", "--token", "geheim"
    ).stdout
    plan = json.loads(said)
    assert plan["script"] == ["train.py", "x y", "--token", "***"]
    assert plan["variables"]["TOKEN"] == "***"
    assert plan["distribution"]["processes"] == 2
    assert plan["max_duration_s"] == 7200
    assert "geheim" not in said
    line = trackboard(project, "submit", *options, "--json", *more, "train.py", "x y").stdout
    assert line.count("\n") == 1
    assert json.loads(line)["script"] == ["train.py", "x y"]
    trackboard(project, "runs", code=3)  # not even a workspace


def test_a_dry_run_leaves_a_folder_as_it_was(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "train.py").write_text("print(1)\n")
    plan = json.loads(trackboard(folder, "submit", "--dry-run", "train.py").stdout)
    assert [path.name for path in folder.iterdir()] == ["train.py"]
    assert plan["workspace"] == str(folder / ".trackboard" / "default")
    assert plan["snapshot_files"] == ["train.py"]

    before = sorted(project.rglob("*"))
    trackboard(project, "submit", "--dry-run", "train.py")
    assert sorted(project.rglob("*")) == before


def test_queue_cancel_and_logs(project: Path) -> None:
    job = _json(project, "submit", "--command", "echo begun; sleep 600")
    follower = [sys.executable, "-m", "trackboard", "logs", "-f", job["id"]]
    with subprocess.Popen(follower, cwd=project, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        lines = [following.stdout.readline() for _ in range(2)]
        assert lines[1] == "begun\n"
        assert trackboard(project, "cancel", job["id"]).stdout == "digits/run-1 is being ended\n"
        rest = following.stdout.read()
    assert rest == "[trackboard] ending the script: it was canceled\n"
    assert _json(project, "show", "run-1")["state"] == "canceled"
    said = trackboard(project, "cancel", "run-1").stdout
    assert said == "digits/run-1 has ended already: canceled\n"
    everything = trackboard(project, "logs", "--all", "run-1").stdout
    assert everything.startswith("==> user_logs/std_log.txt <==\n[trackboard] snapshot: ")
    missing = trackboard(project, "logs", "--rank", "1", "run-1", code=3).stderr
    assert "It has: user_logs/std_log.txt." in missing


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["submit"], 2, "--command"),
        (["submit", "--command", "true", "train.py"], 2, "either a script or --command"),
        (["submit", "trian.py"], 2, "Did you mean 'train.py'?"),
        (["submit", "--compute", "gpu", "train.py"], 3, "There is: local, ray."),
        (["submit", "-f", "--json", "train.py"], 2, "do not go together"),
        (["submit", "--source", "nowhere", "train.py"], 2, "nowhere"),
        (["rerun", "nobody"], 3, "no history"),
        (["cancel", "nobody"], 3, "no history"),
        (["cancel"], 2, "RUN"),
    ],
)
def test_wrong_words(project: Path, words: list[str], code: int, said: str) -> None:
    assert said in trackboard(project, *words, code=code).stderr


@pytest.mark.long
def test_what_cannot_be_repeated(project: Path) -> None:
    workspace = Workspace.open(project)
    workspace.recorder().create_run("digits", name="own").complete()
    workspace.drain()
    done = _json(project, "submit", "--name", "gone", "--command", "true")
    trackboard(project, "logs", "-f", done["id"])
    assert "was not submitted" in trackboard(project, "cancel", "own", code=2).stderr
    assert "no plan" in trackboard(project, "rerun", "own", code=3).stderr
    with_arguments = trackboard(project, "rerun", "gone", "--", "x", code=2).stderr
    assert "ran a command" in with_arguments

    job = workspace.paths.job(RunId(done["id"]))
    plan = load_plan(job)
    masked = job.plan.read_text().replace(plan.variables["PATH"], "***")
    job.plan.write_text(masked)
    assert "masked copy" in trackboard(project, "rerun", "gone", code=2).stderr
    shutil.rmtree(job.folder)
    assert "no plan" in trackboard(project, "rerun", "gone", code=3).stderr
    assert "gone" in trackboard(project, "show", "gone").stdout
    workspace.close()
