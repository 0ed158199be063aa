"""The way of five calls of the SDK through our code, counted. `python benchmarks/walks.py`

Counted are calls of our own functions, the files that they are in, and the SQL statements; no time, so that
the figures are the same on any machine. A module is entered when a call comes from another room, its folder
(each file of `launch/` itself is a room), while nothing of the module is being carried out: to one that is
entered twice the reader is sent back. Beside that stand what a review counted at commit 83dc1e5, and the
targets. `--entered` names the modules that are entered again, `--calls WALK` prints every call of a walk.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from report import Target, print_head, print_table, print_targets

import azureml.core
import trackboard

ROOT = Path(trackboard.__file__).parents[1]
LAUNCH = "trackboard/launch/"
_OURS = (
    f"{os.path.dirname(trackboard.__file__)}/",
    f"{os.path.dirname(azureml.core.__file__).removesuffix('core')}",
)
LIMIT_S = 60.0
# Calls, files and SQL statements at commit 83dc1e5, as a review counted them; None: it does not say.
BEFORE: dict[str, tuple[int, int | None, int]] = {
    "Run.log": (4, 3, 0),
    "get_metrics, one new point": (311, 31, 15),
    "wait_for_completion, ended": (648, None, 26),
    "get_status, interactive": (161, 27, 4),
    "get_status, queued job": (587, 39, 20),
    "Experiment.submit": (473, 58, 14),
}
SCRIPT = "import time\ntime.sleep(120)\n"


@dataclass
class Walk:
    """What was counted on the way of one call."""

    calls: int = 0
    statements: int = 0
    files: set[str] = field(default_factory=set)
    entered: Counter[str] = field(default_factory=Counter)  # how often, by file
    lines: list[str] = field(default_factory=list)  # every call, as a tree

    def entered_again(self, below: str = "") -> dict[str, int]:
        """Return the modules that were entered more than once, and how often."""
        found = self.entered.most_common()
        return {file: times for file, times in found if times > 1 and file.startswith(below)}


def walk(action: Callable[[], object]) -> Walk:
    """Carry an action out, and count its way."""
    found = Walk()
    stack: list[str] = []  # the files of our own functions that are being carried out
    paused: set[FrameType] = set()  # generators, which go on later

    def note(frame: FrameType, event: str, _value: object) -> None:
        if not frame.f_code.co_filename.startswith(_OURS):
            return
        if event == "return":
            stack.pop()
        if event != "call":
            return
        file = os.path.relpath(frame.f_code.co_filename, ROOT)
        found.calls += 1
        if frame not in paused:
            found.files.add(file)
            is_from_elsewhere = not stack or room_of(stack[-1]) != room_of(file)
            found.entered[file] += is_from_elsewhere and file not in stack
            found.lines.append(f"{'  ' * len(stack)}{file}:{name_of(frame)}")
        if frame.f_code.co_flags & inspect.CO_GENERATOR:
            paused.add(frame)
        stack.append(file)

    with counted_statements(found):
        sys.setprofile(note)
        try:
            action()
        finally:
            sys.setprofile(None)
    return found


def room_of(file: str) -> str:
    folder = f"{os.path.dirname(file)}/"
    return file if folder == LAUNCH else folder


def name_of(frame: FrameType) -> str:
    name = getattr(frame.f_code, "co_qualname", frame.f_code.co_name)
    return f"{frame.f_code.co_firstlineno} {name}"


@contextlib.contextmanager
def counted_statements(found: Walk) -> Iterator[None]:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def note(*_details: object) -> None:
        found.statements += 1

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def take_walks(folder: Path) -> dict[str, Walk]:
    """Each call is made once before, so that nothing is loaded or opened on the way that is counted."""
    from azureml.core import Experiment, ScriptRunConfig, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget

    with contextlib.chdir(folder), contextlib.redirect_stderr(io.StringIO()):
        workspace = Workspace.from_config()
        experiment = Experiment(workspace, "walks")
        run, ended = experiment.start_logging(), experiment.start_logging()
        ended.complete()
        source = folder / "source"
        source.mkdir()
        (source / "train.py").write_text(SCRIPT)
        jobs: list[azureml.core.Run] = []
        walks: dict[str, Walk] = {}

        def config(target: str) -> ScriptRunConfig:
            arguments = ["--rate", 0.1]
            return ScriptRunConfig(str(source), "train.py", arguments, compute_target=target)

        def submit(what: ScriptRunConfig) -> azureml.core.Run:
            jobs.append(experiment.submit(what))
            return jobs[-1]

        def take(name: str, action: Callable[[], object], *, is_new: bool = False) -> None:
            action()
            if is_new:
                run.log("loss", 0.5)  # there is something to be read first
            walks[name] = walk(action)

        take("Run.log", lambda: run.log("loss", 0.5))
        take("get_metrics, one new point", lambda: run.get_metrics("loss"), is_new=True)
        take("wait_for_completion, ended", ended.wait_for_completion)
        take("get_status, interactive", run.get_status)
        try:
            here, there = config("local"), config("one")
            end([submit(here)])
            walks["Experiment.submit"] = walk(lambda: submit(here))
            ComputeTarget.create(
                workspace, "one", AmlCompute.provisioning_configuration(max_nodes=1)
            )
            await_running(submit(there))
            take("get_status, queued job", submit(there).get_status, is_new=True)
        finally:
            end(jobs)
        run.complete()
        workspace._service.recorder().close()
        workspace._service.close()
    return walks


def await_running(job: azureml.core.Run) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while job.get_status() != "Running":
        if time.monotonic() > deadline_s:
            raise SystemExit(f"{job.id} did not start in {LIMIT_S:.0f} s: {job.get_status()}")
        time.sleep(0.1)


def end(jobs: Sequence[azureml.core.Run]) -> None:
    for job in reversed(jobs):
        job.cancel()
    for job in jobs:
        with contextlib.redirect_stdout(io.StringIO()):
            job.wait_for_completion(raise_on_error=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--entered", action="store_true", help="name what is entered more than once"
    )
    parser.add_argument(
        "--calls", metavar="WALK", choices=BEFORE, help="print every call of one walk"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        walks = take_walks(Path(os.path.realpath(name)))
    if given.calls:
        print("\n".join(walks[given.calls].lines))
        return
    print_head("calls, files and SQL statements of five calls", "trackboard", "sqlalchemy")
    print_table(
        [
            "walk",
            "calls",
            "before",
            "files",
            "before",
            "SQL",
            "before",
            "entered again",
            "of launch",
        ],
        [row(name, found) for name, found in walks.items()],
    )
    if given.entered:
        for name, found in walks.items():
            files = [f"{file} {times}x" for file, times in found.entered_again().items()]
            print(f"{name}: {', '.join(files) or 'none'}\n")
    submit, metrics = walks["Experiment.submit"], walks["get_metrics, one new point"]
    waited = walks["wait_for_completion, ended"]
    again = len(submit.entered_again(LAUNCH))
    print_targets(
        [
            Target("files of Experiment.submit", len(submit.files), 30, ""),
            Target("modules of launch that it enters again", again, 0, ""),
            Target("calls of get_metrics with one new point", metrics.calls, 150, ""),
            Target("SQL statements of that", metrics.statements, 8, ""),
            Target("SQL statements of wait_for_completion, ended", waited.statements, 3, ""),
        ]
    )


def row(name: str, found: Walk) -> list[str]:
    calls, files, statements = BEFORE[name]
    return [
        name,
        *(str(found.calls), str(calls)),
        *(str(len(found.files)), "" if files is None else str(files)),
        *(str(found.statements), str(statements)),
        str(len(found.entered_again())),
        str(len(found.entered_again(LAUNCH))),
    ]


if __name__ == "__main__":
    main()
