"""What every test has: nothing of this machine's user in sight.

What not every machine has stands in `prerequisites.py`, how tests wait in `waiting.py`. Fixtures by
name: `empty_folder` (the current folder, empty), `no_collection` (of garbage) and `leaves_no_process` (on by
itself for everything in tests/e2e).
"""

import gc
import os
import signal
import sys
import time
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from trackboard.testing.ray_cluster import RayCluster
    from trackboard.workspace import Workspace

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a script
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # Ctrl-C is tested, here and in children

pytest_plugins = ("tests.prerequisites", "tests.slow_tests")

# No test judges by a clock: on a machine that does other things too an example takes what it takes.
settings.register_profile(
    "any-clock", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50
)
settings.load_profile("any-clock")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Have two workers on each of few processors: what takes long waits for programs that it started."""
    if config.option.numprocesses != "auto" or "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # `logical` is a worker on each, for tests that only compute
    processors = psutil.cpu_count() or 1
    return max(processors, min(2 * processors, _MOST_WAITING_WORKERS))


_MOST_WAITING_WORKERS = 8
_MARK = "TRACKBOARD_TEST"
_COMPILES_ANEW = "PYTHONDONTWRITEBYTECODE"  # set in containers; hundreds of interpreters would
_LEAVE_WITHIN_S = 30.0  # those that end by themselves take a moment, on a busy machine a long one


@pytest.fixture(scope="session", autouse=True)
def _nobody_is_at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings, caches and workspaces of the person who runs the tests do not count, nor change."""
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    owner = Path(os.path.expanduser("~"))  # stays "~" for a user without a home
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        if os.access(owner, os.W_OK):  # downloads are nobody's settings: keep them
            for name, folder in (("PIP", f"{caches}/pip"), ("UV", ".cache/uv")):
                if f"{name}_CACHE_DIR" not in os.environ:
                    patch.setenv(f"{name}_CACHE_DIR", str(owner / folder))
        patch.setenv("HOME", str(home))
        for name in [*os.environ]:
            if name.startswith(("TRACKBOARD_", "AZUREML_", "XDG_")) or name == _COMPILES_ANEW:
                patch.delenv(name)
        # Environments of jobs are built once for all tests, in whatever process they run.
        ours = tmp_path_factory.getbasetemp()
        shared = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours
        patch.setenv("TRACKBOARD_CACHE", str(shared / "environments"))
        yield


@pytest.fixture
def no_collection() -> Iterator[None]:
    """No garbage of earlier tests is finalized meanwhile: not by who is interrupted, nor at the stack's end.

    Python drops a Ctrl-C that meets a finalizer, and one that finds no stack is a warning.
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one during the test."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


class _Starts:
    """Counts how often this process has started another one.

    An audit hook is called until the very end, when the names of a module are gone.
    """

    def __init__(self) -> None:
        self.count = 0
        self._events = frozenset(
            ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "pty.spawn")
        )

    def __call__(self, event: str, _: object) -> None:
        self.count += event in self._events


_starts = _Starts()
sys.addaudithook(_starts)


@pytest.fixture
def leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test when a process that it started, detached or not, outlives it by half a minute."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv(_MARK, mark)
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    starts = _starts.count
    yield
    if (
        starts == _starts.count
    ):  # most tests start none, and looking through all processes takes 15 ms
        return
    started = [process for process in _started_under(mark) if process.pid not in before]
    left = _wait_for(started, timeout_s=_LEAVE_WITHIN_S)
    said = [f"{process.pid}: {_command_line(process)}" for process in left]
    for process in left:
        process.kill()
    _wait_for(left, timeout_s=_LEAVE_WITHIN_S)
    assert not said, "processes were left behind:\n" + "\n".join(said)


def _started_under(mark: str) -> list[psutil.Process]:
    """Our descendants, and detached processes that carry the test's mark."""
    found = {process.pid: process for process in psutil.Process().children(recursive=True)}
    for process in psutil.process_iter():
        try:
            if process.environ().get(_MARK) == mark:
                found[process.pid] = process
        except psutil.Error:
            continue  # somebody else's process, or one that has just ended
    # multiprocessing keeps one helper of its own for as long as we live.
    return [
        process
        for process in found.values()
        if "multiprocessing.resource_tracker" not in _command_line(process)
    ]


def _wait_for(processes: list[psutil.Process], *, timeout_s: float) -> list[psutil.Process]:
    """Those that still run at the end. A zombie has ended: some containers' init reaps nothing."""
    deadline_s = time.monotonic() + timeout_s
    while left := [process for process in processes if _runs(process)]:
        if time.monotonic() > deadline_s:
            break
        time.sleep(0.02)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


class _RayHolder:
    """The cluster of the tests on Ray: until one of them ends its head, or the next test is of another kind.

    Two nodes that do nothing take a fifth of a processor.
    """

    def __init__(self) -> None:
        self._cluster: RayCluster | None = None

    def get(self) -> "RayCluster":
        from trackboard.testing.ray_cluster import RayCluster

        if self._cluster is None or not self._cluster.is_up:
            self.close()
            self._cluster = RayCluster(2, 2)
        return self._cluster

    def close(self) -> None:
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None


_ray_holder = _RayHolder()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None, object, object]:
    try:
        return (yield)
    finally:
        if "ray_cluster" not in getattr(nextitem, "fixturenames", ()):
            _ray_holder.close()


@pytest.fixture
def ray_cluster() -> "RayCluster":
    """A Ray cluster of two nodes with two CPUs each; mark its tests `xdist_group("ray")`."""
    from tests.prerequisites import require

    require("ray")
    return _ray_holder.get()


@pytest.fixture(scope="session")
def ray_workspace_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a workspace that all tests on Ray share, as its nodes are looked at once for each."""
    return tmp_path_factory.mktemp("ray")


@pytest.fixture
def ray_workspace(ray_cluster: "RayCluster", ray_workspace_folder: Path) -> "Workspace":
    """A workspace whose compute targets `cluster` and `big` (three CPUs a node) are on Ray."""
    from trackboard.workspace import Workspace

    folder = Workspace.open(ray_workspace_folder).folder
    lines = ["format = 1", "id = 'tests'"]
    for name, cpus in (("cluster", 1), ("big", 3)):
        lines += [f"[compute.{name}]", "engine = 'ray'", f"cpus = {cpus}"]
        lines.append(f"address = '{ray_cluster.address}'")
    (folder / "trackboard.toml").write_text("\n".join(lines))
    return Workspace.open(ray_workspace_folder)
