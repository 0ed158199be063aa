"""Three people who type what the book says: what they see, on a terminal of 80 columns and one of 20.

One knows the SDK and works in notebooks, one lives in the terminal, one looks after the history of a team.
Each has a workspace, a bash and a real pseudo-terminal of their own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.shells import Shell, open_shell

from trackboard.cli.terminal import text_width

NARROW, USUAL = 20, 80

NOTEBOOK = """
from azureml.core import Experiment, Workspace
experiment = Experiment(Workspace.from_config(), "cnn")
for number in range(3):
    run = experiment.start_logging()
    run.log("accuracy", number / 3)
    run.tag("try", str(number))
    if not number:
        with run.child_run("fold") as child:
            child.log("accuracy", 0.9)
    run.complete()
"""
OWN_WORDS = """
import trackboard
workspace = trackboard.Workspace.open()
print(*[name for name in dir(trackboard) if not name.startswith("_")])
slips = {"experimnt": "cnn", "params": {"lr": 0.1}, "where": "accuracy << 3", "order": "nope", "limit": -1}
for wrong in [{name: value} for name, value in slips.items()]:
    try:
        print("ANSWERED", wrong, len(workspace.runs(**wrong)))
    except trackboard.TrackboardError as error:
        print(type(error).__name__, error)
best = workspace.runs(experiment="cnn", order="accuracy", top_level=True, limit=1)[0]
print("best:", best.name, workspace.find_run("cnn/run-4") == best)
frame = workspace.runs(top_level=True).to_pandas(["accuracy.max", "tags.try"])
print(frame.to_string(index=False))
points = workspace.history("cnn", "accuracy").to_pandas()
print("names:", points.groupby("run_name", observed=True).run.nunique().max(), *points.columns[:3])
with workspace.start_run("cnn", name="mine") as run:
    run.log({"loss": 0.5, "accuracy": 0.1}, step=3)
    run.log_text("note", "# words")
    run.log_dict("config.json", {"lr": 0.1})
run.log("loss", 99)
print(workspace._repr_html_()[:4])
"""
TRAIN = """
import argparse
from azureml.core import Run
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=2)
given, run = parser.parse_args(), Run.get_context()
for epoch in range(given.epochs):
    run.log("loss", given.lr / (1 + epoch))
    print("epoch", epoch)
"""
RUNS = """
import trackboard
workspace = trackboard.Workspace.open()
for rate in (0.1, 0.01):
    name = f"a-long-name-of-a-run-that-nobody-reads-twice-{rate}"
    with workspace.start_run("digits", name=name, parameters={"lr": rate}, tags={"team": "vision"}) as run:
        for step in range(5):
            run.log("loss", rate / (1 + step), step)
for value in (1, 2):
    with workspace.start_run("digits", name="twice") as run:
        run.log("loss", value)
"""
FILES = """
import os, pathlib, trackboard
workspace = trackboard.Workspace.open()
for number in range(4):
    with workspace.start_run("lead") as run:
        run.log("loss", number)
        pathlib.Path("model.bin").write_bytes(os.urandom(300_000))
        run.log_file("model.bin")
"""


def see(shell: Shell, line: str, *expected: str, code: int = 0) -> str:
    """Type a line, and see what is expected: each of these texts, in this order."""
    answer = shell.type(line)
    assert answer.code == code, f"{line}: {answer.code}\n{answer.text}"
    rest = answer.text
    for each in expected:
        assert each in rest, f"{line}: no {each!r} in\n{answer.text}"
        rest = rest.partition(each)[2]
    assert "Traceback" not in answer.text
    return answer.text


def press_tab(shell: Shell, begun: str, expected: str) -> None:
    """Begin a line, press the key, see how it goes on, and drop the line."""
    shell.press(f"{begun}\t")
    shell.read_until(re.escape(expected))
    shell.press("\x15")
    shell.type("true")


def test_a_data_scientist_who_knows_the_sdk(empty_folder: Path) -> None:
    Path("notebook.py").write_text(NOTEBOOK)
    Path("own_words.py").write_text(OWN_WORDS)
    with open_shell(empty_folder, USUAL) as shell:
        see(shell, "python -W error notebook.py", "new workspace in")
        told = see(
            shell,
            "python own_words.py",
            "History LiveRun Order Run RunQuery RunState TrackboardError Workspace",
            "UsageError 'experimnt' is no condition on runs\nDid you mean experiment=?",
            "UsageError 'params' is no condition on runs\nDid you mean parameters=?",
            "accuracy << 3\n             ^^",
            "NotFound no run has a metric or a parameter 'nope'\nThere is 'accuracy'.",
            "UsageError limit=-1",
            "best: run-4 True",
            "names: 1 run run_name experiment",
            "was logged after the block of run cnn/mine",
            "<div",
        )
        assert "ANSWERED" not in told
        see(shell, "trackboard runs --column user --column tags.try", "tags.try", "cnn/run-4")
        found = see(shell, "trackboard runs --children --where 'accuracy.max > 0.5' --json")
        names = [json.loads(line)["run_name"] for line in found.splitlines()]
        assert names == ["cnn/run-4", "cnn/run-1/fold"]
        shown = see(shell, "trackboard show cnn/mine", "state        completed", "--all lists them")
        assert "python_path" not in shown
        assert re.search(r"loss +99 +step \d +2 points", shown)
        shell.type('eval "$(trackboard completion bash)"')
        press_tab(shell, "trackboard show cnn/m", "cnn/mine")
        press_tab(shell, "trackboard runs --state fa", "failed")
        press_tab(shell, "trackboard experim", "experiments")


def test_a_terminal_person(empty_folder: Path) -> None:
    Path("train.py").write_text(TRAIN)
    Path("runs.py").write_text(RUNS)
    with open_shell(empty_folder, USUAL) as shell:
        see(shell, "python runs.py")
        answer = shell.type("trackboard ls --order -loss.min")
        assert max(map(text_width, answer.lines)) <= USUAL
        assert "\x1b[32mcompleted" in answer.raw
        assert re.search(r"digits/a-\S*…\S*ce-0\.01", answer.text)
        see(shell, "trackboard runs --sort nope", "There is 'loss', 'lr'.", code=3)
        see(shell, "trackboard show digits/twice", "digits/twice #3", "digits/twice #4", code=2)
        see(shell, "trackboard rm 'digits/twice #4'", "1 run in the trash")
        see(shell, "trackboard trash", "digits/twice")
        see(shell, "trackboard restore 'digits/twice'", "1 run taken back")
        see(shell, "trackboard rename 'digits/twice #4' other", "is called digits/other")
        see(shell, "trackboard compare twice other", "loss", "1", "2")
        planned = see(shell, "trackboard submit --dry-run train.py", '"runs.py"', '"train.py"')
        assert "inherited_variables" in planned
        assert not list(Path(".trackboard/default/snapshots").glob("*"))
        see(shell, "trackboard submit -f --experiment jobs train.py --lr 0.5", "epoch 1")
        see(shell, "trackboard rerun jobs/run-1 --set lr=0.25", "jobs/run-2")
        see(shell, "trackboard wait run-2", "jobs/run-2  completed")
        assert see(shell, "trackboard logs --tail 1 jobs/run-2") == "epoch 1\n"
        see(shell, "trackboard runs | head -1; echo ${PIPESTATUS[@]}", "TOOK   ID\n", "0 0")
        see(shell, "trackboard delete x", "Did you mean 'rm'?", code=2)
        shell.resize(NARROW)
        for verb in ("runs", "experiments"):
            answer = shell.type(f"trackboard {verb} 2>/dev/null")
            assert answer.code == 0
            assert max(map(text_width, answer.lines)) <= NARROW, answer.text
        shell.press("trackboard watch\r")
        drawn = shell.read_until("jobs.*digi.*\x1b\\[J")
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.partition("\x1b[H")[2]).splitlines()
        assert max(map(text_width, lines)) <= NARROW, lines
        assert shell.interrupt() == 130


def test_a_team_lead(empty_folder: Path) -> None:
    Path("files.py").write_text(FILES)
    with open_shell(empty_folder, USUAL) as shell:
        see(shell, "python files.py")
        see(shell, "trackboard rm lead/run-1 lead/run-2 lead/run-3", "3 runs in the trash")
        see(shell, "trackboard where", "trash        3 runs", "can be freed 900.0 kB")
        see(shell, "trackboard gc --older-than 0 --dry-run", "900.0 kB would be freed")
        see(shell, "trackboard gc --older-than 0", "freed")
        assert sum(
            path.stat().st_size for path in Path(".trackboard").rglob("*") if path.is_file()
        ) < (700_000)
        see(shell, "trackboard backup saved", "1 run")
        see(shell, "trackboard restore-backup saved restored", "restored to")
        see(shell, "trackboard runs restored", "lead/run-4")
        see(shell, "trackboard copy lead --to .", "nothing was copied", code=2)
        see(shell, "trackboard copy lead --to elsewhere", "1 run, 1 point, 1 file")
        see(
            shell,
            "rm restored/.trackboard/default/trackboard.db; trackboard runs restored",
            "is missing",
            "Put a copy of it back",
            code=5,
        )
        see(shell, "trackboard doctor restored", "problem  database", code=1)
        see(shell, "trackboard compute create gpu --nodes 1", "1 node")
        see(shell, "trackboard submit --compute gpu --command 'sleep 60'", "run-1")
        see(shell, "trackboard submit --compute gpu --command 'echo two'", "run-2")
        see(shell, "trackboard compute queue", "started", "1 node to become free")
        see(shell, "trackboard rm run-1", "it is running", "--force", code=4)
        see(shell, "trackboard cancel run-1 run-2", "run-2 was canceled")
        shell.resize(NARROW)
        answer = shell.type("trackboard compute list 2>/dev/null; trackboard compute queue")
        assert max(map(text_width, answer.lines)) <= NARROW, answer.text
