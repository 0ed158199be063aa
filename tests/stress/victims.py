"""Processes that record everything while they are attacked, and the judgement of what was stored.

The judgement is the same for every attack: what a call returned from is stored or counted as lost, once
and in order; what was recorded in peace is stored.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tests.stress.journal import (
    ATTEMPTED,
    IN_PEACE,
    KINDS,
    LANES,
    LINE_BYTES,
    NUMBERS,
    RETURNED,
    SIZE_BYTES,
)
from tests.waiting import until
from tests.workspaces import parts

import trackboard
from trackboard import Workspace
from trackboard.model import Run, RunId

_CHECKOUT = Path(__file__).parents[2]
_PROGRAMS = Path(__file__).parent / "programs"
Marks = npt.NDArray[np.uint8]
_Finder = Callable[[Workspace, Run], list[int]]
_PATIENCE_S = 120.0  # that a process on a busy machine is waited for


@dataclass
class Victim:
    """One program, in a session with its forks."""

    experiment: str
    journal: Path
    flags: tuple[str, ...]
    process: "subprocess.Popen[str]"
    is_over: bool = False  # its number may mean another process by now

    @classmethod
    def start(
        cls,
        spool: Path,
        experiment: str,
        *flags: str,
        seed: int = 0,
        variables: Mapping[str, str] | None = None,
        journal: Path | None = None,
    ) -> "Victim":
        """Start one that records into `spool`."""
        journal = journal or spool.parent.parent / f"{experiment}.journal"
        journal.touch()
        os.truncate(journal, SIZE_BYTES)
        program = [sys.executable, "-S", str(_PROGRAMS / "record_everything.py")]
        source = Path(trackboard.__path__[0]).parent
        process = subprocess.Popen(
            [*program, str(spool), str(journal), experiment, str(seed), *flags],
            env={**os.environ, "PYTHONPATH": f"{source}:{_CHECKOUT}", **(variables or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return cls(experiment, journal, flags, process)

    def marks(self) -> Marks:
        """The journal: a row for each lane and kind."""
        return np.fromfile(self.journal, np.uint8).reshape(LANES, len(KINDS), NUMBERS)

    def count_returned(self) -> int:
        """How many records its calls returned from."""
        return int(np.count_nonzero(self.marks() >= RETURNED))

    def wait_until_it_records(self, count: int = 1) -> None:
        """Wait until so many records have returned, or it has ended."""
        until(
            lambda: self.count_returned() >= count or self.process.poll() is not None,
            "it does not record",
            pause_s=0.01,
        )

    def kill(self) -> None:
        """End it and its forks, whatever they do."""
        if self.is_over:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.communicate(timeout=_PATIENCE_S)
        self.is_over = True

    def end(self) -> str:
        """Tell it to end; what it wrote on its standard error."""
        try:
            said, errors = self.process.communicate("end\n", timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("it hangs") from None
        self.is_over = True
        assert self.process.returncode == 0, errors
        assert said.startswith("ended"), errors
        return errors


@contextmanager
def killed_at_the_end(*victims: Victim) -> Iterator[None]:
    """Leave no victim behind, whatever a test finds."""
    try:
        yield
    finally:
        for victim in victims:
            victim.kill()


@dataclass
class Verdict:
    """What became of a victim's records."""

    returned: int = 0
    stored: int = 0
    missing: int = 0  # returned and not stored
    lost: int = 0  # as the runs count it
    faults: list[str] = field(default_factory=list)
    said: str = ""  # on the processes' standard error

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict(
            self.returned + other.returned,
            self.stored + other.stored,
            self.missing + other.missing,
            self.lost + other.lost,
            self.faults + other.faults,
            self.said + other.said,
        )


def judge(
    workspace: Workspace, victim: Victim, *, gone: Marks | None = None, in_order: bool = True
) -> Verdict:
    """Compare what is stored of a victim with its journal; the workspace is drained already.

    Args:
        workspace: Where it recorded.
        victim: The process.
        gone: The marks at the moment when whoever attacked deleted everything: what had returned until
            then may be stored or not.
        in_order: What was recorded comes out as it was said. Not where spools were taken away and put
            back: nobody knows then which was the first.
    """
    verdict = Verdict()
    marks = victim.marks()
    if gone is not None:
        marks[gone >= RETURNED] = ATTEMPTED
    for lane in range(LANES):
        if marks[lane].any():
            verdict += _judge_lane(
                workspace, f"{victim.experiment}-{lane}", marks[lane], in_order=in_order
            )
    return verdict


def _judge_lane(workspace: Workspace, run_id: str, marks: Marks, *, in_order: bool) -> Verdict:
    run = parts(workspace).store.find_run(RunId(run_id))
    if run is None:
        returned = int(np.count_nonzero(marks >= RETURNED))
        faults = [f"{run_id}: the run is not there"] if returned else []
        return Verdict(returned, 0, returned, 0, faults)
    children = parts(workspace).store.list_runs(parent=run.id)
    verdict = Verdict(lost=run.lost_points + sum(child.lost_points for child in children))
    if (run.experiment, run.name) != (run_id.rpartition("-")[0], "lane"):
        verdict.faults.append(f"{run_id}: the run is not whole: {run}")
    missing = {}
    for kind, states in zip(KINDS, marks, strict=True):
        found = np.array(_FINDERS[kind](workspace, run), np.int64)
        of_kind = _judge_kind(f"{run_id} {kind}", kind, found, states, in_order=in_order)
        verdict += of_kind
        missing[kind] = of_kind.missing
    if verdict.missing > verdict.lost:
        said = ", ".join(f"{count} {kind}" for kind, count in missing.items() if count)
        verdict.faults.append(f"{run_id}: {said} are missing, {verdict.lost} counted")
    return verdict


def _judge_kind(
    where: str, kind: str, found: npt.NDArray[np.int64], states: Marks, *, in_order: bool
) -> Verdict:
    returned, in_peace = np.flatnonzero(states >= RETURNED), np.flatnonzero(states == IN_PEACE)
    verdict = Verdict(returned=len(returned), stored=len(found))
    if len(np.unique(found)) < len(found):
        verdict.faults.append(f"{where}: something is stored twice")
    if in_order and (found[1:] < found[:-1]).any():
        verdict.faults.append(f"{where}: the order is not that of its calls")
    if len(found) and (states[found] < ATTEMPTED).any():
        verdict.faults.append(f"{where}: something is stored that nobody recorded")
    if kind == "tag" and not in_order:
        return verdict
    if kind == "tag":  # the last one replaces the others
        last = int(found[-1]) if len(found) else -1
        verdict.missing = int(len(returned) > 0 and last < returned[-1])
        if len(in_peace) and last != in_peace[-1]:
            verdict.faults.append(f"{where}: the last one is not stored")
        return verdict
    verdict.missing = len(np.setdiff1d(returned, found, assume_unique=True))
    late = len(np.setdiff1d(in_peace, found, assume_unique=True))
    if late:
        verdict.faults.append(f"{where}: {late} of {len(in_peace)} recorded in peace are missing")
    return verdict


# -- the numbers of each kind that are stored, in the order in which they were logged ----------------------


def _points(name: str, *, from_steps: bool = False, text: bool = False) -> _Finder:
    def find(workspace: Workspace, run: Run) -> list[int]:
        found = parts(workspace).store.list_series(runs=[run.id], names=[name], text=text)
        if not found:
            return []
        (series,) = found
        points = parts(workspace).store.read_points([series.id])[series.id]
        return [int(number) for number in (points.steps if from_steps else points.values)]

    return find


def _rows(workspace: Workspace, run: Run) -> list[int]:
    """Rows that are whole; half of one may have been written when its process was killed."""
    numbers = _points("table/row")(workspace, run)
    texts = set(_points("table/same", text=True)(workspace, run))
    return [number for number in numbers if number in texts]


def _tag(workspace: Workspace, run: Run) -> list[int]:
    return [int(tag or 0) for tag in parts(workspace).store.get_tags(run.id).values()]


def _properties(workspace: Workspace, run: Run) -> list[int]:
    found = parts(workspace).store.get_properties(run.id).items()
    assert all(key == f"p{value}" for key, value in found)
    return sorted(int(value) for _, value in found)


def _parameters(workspace: Workspace, run: Run) -> list[int]:
    found = parts(workspace).store.list_parameters([run.id]).get(run.id, {}).items()
    assert all(key == f"q{value}" for key, value in found)
    return sorted(int(value) for _, value in found)


def _lines(workspace: Workspace, run: Run) -> list[int]:
    """Lines of the growing file; one that was lost leaves a hole of zeros."""
    path = workspace.run_folder(run.id) / "logs/lines.txt"
    content = path.read_bytes() if path.exists() else b""
    numbers = []
    for at in range(0, len(content), LINE_BYTES):
        line = content[at : at + LINE_BYTES]
        if line.strip(b"\0"):
            assert line == b"%08d\n" % (at // LINE_BYTES), line
            numbers.append(at // LINE_BYTES)
    return numbers


def _files(workspace: Workspace, run: Run) -> list[int]:
    files = parts(workspace).store.list_files(run.id)
    return sorted(file.size_bytes for file in files if file.path == f"f{file.size_bytes}")


def _images(workspace: Workspace, run: Run) -> list[int]:
    images = parts(workspace).store.list_artifacts(runs=[run.id], names=["image"])
    return [image.step for image in images]


def _children(workspace: Workspace, run: Run) -> list[int]:
    """Children that have completed with their point."""
    children = parts(workspace).store.list_runs(parent=run.id)
    ended = {child.id: int(child.name) for child in children if child.state.value == "completed"}
    series = parts(workspace).store.list_series(runs=list(ended), names=["x"]) if ended else ()
    return sorted(
        ended[each.run]
        for each in series
        if (each.count, each.last_value) == (1, float(ended[each.run]))
    )


_FINDERS: Mapping[str, _Finder] = {
    "float": _points("float"),
    "int": _points("int"),
    "bool": _points("bool", from_steps=True),
    "counted": _points("counted"),
    "text": _points("text", text=True),
    "row": _rows,
    "tag": _tag,
    "property": _properties,
    "parameter": _parameters,
    "bytes": _lines,
    "file": _files,
    "image": _images,
    "child": _children,
}
