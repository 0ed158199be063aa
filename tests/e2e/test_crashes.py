"""200 processes are killed with SIGKILL at random moments; what was logged is read back exactly once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.waiting import PATIENCE_S, until

from trackboard.model import Run, RunState
from trackboard.workspace import Workspace

_PROGRAMS = Path(__file__).parent / "programs"
_AT_ONCE = 4


@dataclass
class Victim:
    """A process that logs flat out, in a session with its fork."""

    experiment: str
    counters: Path
    process: "subprocess.Popen[bytes]"

    @property
    def counted(self) -> tuple[int, int]:
        first, second = np.fromfile(self.counters, np.int64)
        return int(first), int(second)

    def wait_until_it_logs(self, *, both: bool) -> None:
        def logs_or_has_ended() -> bool:
            logs = all(self.counted) if both else any(self.counted)
            return logs or self.process.poll() is not None

        until(logs_or_has_ended, "it does not log", pause_s=0.002)
        assert self.process.poll() is None, f"it ended by itself: {self.process.returncode}"

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # also its fork: all of its session
        self.process.wait()


class Scene:
    """A workspace and the processes that are killed in it."""

    def __init__(self, folder: Path, variant: str) -> None:
        self.workspace = Workspace.open(folder / "workspace")
        self.variant = variant
        self._folder = folder
        self._started = 0

    def start(self) -> Victim:
        experiment = f"victim-{self._started}"
        self._started += 1
        counters = self._folder / experiment
        counters.write_bytes(bytes(16))
        program = [sys.executable, "-S", str(_PROGRAMS / "log_flat_out.py")]  # no site-packages
        process = subprocess.Popen(
            [*program, str(self.workspace.spool_folder), str(counters), experiment, self.variant],
            env={**os.environ, "PYTHONPATH": _source_folder()},
            start_new_session=True,
        )
        return Victim(experiment, counters, process)

    def check(self, victim: Victim) -> None:
        """Every counted point is there once and in order, and at most one that was not counted yet."""
        runs = self.workspace.store.list_runs(experiment=victim.experiment)
        first, second = victim.counted
        if self.variant == "complete":
            runs = tuple(sorted(runs, key=lambda run: run.parent is None))  # children end first
            runs = tuple(run for pair in _pairs(runs) for run in pair)
            completed = sum(run.state is RunState.COMPLETED for run in runs)
            assert completed - second in (0, 1)
        elif self.variant == "fork":
            self._check_numbers(runs, "forked", second)
        self._check_numbers(runs, "n", first)

    def _check_numbers(self, runs: tuple[Run, ...], name: str, counted: int) -> None:
        store = self.workspace.store
        values = []
        for run in runs:
            found = store.list_series(runs=[run.id], names=[name])
            for series, points in store.read_points([each.id for each in found]).items():
                assert [series] == [each.id for each in found]
                np.testing.assert_array_equal(points.steps, np.arange(len(points)))
                values.append(points.values)
        stored = np.concatenate(values) if values else np.empty(0)
        assert len(stored) - counted in (0, 1)
        np.testing.assert_array_equal(stored, np.arange(len(stored)))

    def check_nothing_is_left(self) -> None:
        """Every spool was stored and removed, every run of a killed process has ended."""

        def is_empty() -> bool:
            self.workspace.drain()
            return not os.listdir(self.workspace.spool_folder)

        until(is_empty, "spools stay", pause_s=0.05)
        for run in self.workspace.store.list_runs():
            assert run.state.is_terminal
            assert run.warnings == ()
            if run.state is RunState.FAILED:
                assert "died" in run.cause


def _pairs(runs: tuple[Run, ...]) -> Iterator[tuple[Run, ...]]:
    children = [run for run in runs if run.parent is not None]
    roots = {run.id: run for run in runs if run.parent is None}
    for child in children:
        assert child.parent is not None
        yield child, roots.pop(child.parent)
    for root in roots.values():  # killed before its child was made
        yield (root,)


def _source_folder() -> str:
    import trackboard

    return str(Path(trackboard.__path__[0]).parent)


@contextmanager
def killed_at_the_end(victims: list[Victim]) -> Iterator[None]:
    try:
        yield
    finally:
        for victim in victims:
            victim.kill()


@pytest.mark.parametrize(
    ("variant", "kills"), [("plain", 15), ("rotation", 15), ("complete", 15), ("fork", 15)]
)
def test_every_point_counted_by_a_killed_process_is_read_once_and_in_order(
    tmp_path: Path, variant: str, kills: int
) -> None:
    scene = Scene(tmp_path, variant)
    chance = random.Random(variant)
    victims: list[Victim] = []
    for begin in range(0, kills, _AT_ONCE):
        batch = [scene.start() for _ in range(min(_AT_ONCE, kills - begin))]
        victims += batch
        with killed_at_the_end(batch):
            for victim in batch:
                victim.wait_until_it_logs(both=variant == "fork")
                time.sleep(chance.uniform(0, 0.03))
                victim.kill()
        scene.workspace.drain()
        for victim in batch:
            scene.check(victim)
    assert len(victims) == kills
    scene.check_nothing_is_left()


@pytest.mark.parametrize(
    "kills_writers",
    [
        pytest.param(False, id="reader", marks=pytest.mark.long),
        pytest.param(True, id="reader and writer"),
    ],
)
def test_readers_killed_while_they_store_do_so_exactly_once(
    tmp_path: Path, kills_writers: bool
) -> None:
    scene = Scene(tmp_path, "rotation")
    chance = random.Random(kills_writers)
    victims = [scene.start(), scene.start()]
    reader = subprocess.Popen(
        [
            *(sys.executable, str(_PROGRAMS / "read_and_die.py")),
            *(str(scene.workspace.folder), "15" if kills_writers else "25", "7"),
        ],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        with killed_at_the_end(victims):
            for _ in range(10 if kills_writers else 0):
                victims[-1].wait_until_it_logs(both=False)
                time.sleep(chance.uniform(0, 0.1))
                victims[-1].kill()
                victims.append(scene.start())
            assert reader.wait(PATIENCE_S) == 0
    finally:
        reader.kill()
        reader.wait()
    scene.workspace.drain()
    for victim in victims:
        scene.check(victim)
    scene.check_nothing_is_left()
