"""Whole programs are started here: none may stay. Pages are looked at with a real browser."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from tests.prerequisites import require
from tests.serving import Up
from tests.waiting import until
from tests.workspaces import api

from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.request import Request
from trackboard.launch.submit import submit
from trackboard.model import Compute, Distribution, EnvironmentRequest, Run, RunId, RunState
from trackboard.workspace import Workspace

# No calls home.
_FLAGS = (
    "--headless=new --no-sandbox --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-dev-shm-usage --window-size=1400,900"
)
_WITHOUT_WEBGL = (
    "--disable-gpu --disable-3d-apis"  # TensorBoard draws curves that can be counted then
)
_WITH_WEBGL = "--use-angle=swiftshader --enable-unsafe-swiftshader"  # no graphics processor needed


@pytest.fixture(autouse=True)
def _nothing_stays(leaves_no_process: None) -> None:
    """Every test in this folder ends what it starts."""


@contextlib.contextmanager
def _chromium(profile: Path, flags: str) -> Iterator[Chrome]:
    options = Options()
    for flag in f"{_FLAGS} {flags}".split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={profile}")
    options.binary_location = require("chromium", "chromedriver")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=Service(require("chromedriver")))
    try:
        yield chrome
    finally:
        chrome.quit()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A headless Chromium that nobody has used yet."""
    with _chromium(tmp_path / "browser", _WITHOUT_WEBGL) as chrome:
        yield chrome


@pytest.fixture
def drawing_browser(tmp_path: Path) -> Iterator[Chrome]:
    """One that draws in three dimensions, as the projector does."""
    with _chromium(tmp_path / "browser", _WITH_WEBGL) as chrome:
        yield chrome


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    """A workspace in the current folder, which was empty."""
    workspace = Workspace.open(empty_folder)
    yield workspace
    workspace.recorder().close()
    workspace.close()


@pytest.fixture
def url(workspace: Workspace) -> Iterator[str]:
    """Where the pages of the workspace are."""
    up = Up(workspace.folder)
    yield up.url
    up.close()


class Jobs:
    """A workspace, and a source folder to submit from."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.source.mkdir()
        self.folder = folder / "workspace"
        self.workspace = Workspace.open(self.folder)

    def reopen(self) -> None:
        """Read the settings again."""
        self.workspace.close()
        self.workspace = Workspace.open(self.folder)

    @property
    def launch_context(self) -> LaunchContext:
        return self.workspace.launch_context

    def submit(
        self,
        script: str,
        *arguments: str,
        compute: str = "local",
        command: str = "",
        distribution: Distribution | None = None,
        interpreter: str = "",
        max_duration_s: float | None = None,
        **variables: str,
    ) -> RunId:
        """Queue a script that is given as text, or a command that may use it as train.py."""
        (self.source / "train.py").write_text(script)
        request = Request(
            "demo",
            self.source,
            "" if command else "train.py",
            arguments,
            command=command,
            compute=compute,
            environment=EnvironmentRequest(interpreter=interpreter),
            variables=variables,
            distribution=distribution,
            max_duration_s=max_duration_s,
        )
        return submit(self.launch_context, request)

    def add_compute(self, name: str, slots: int) -> None:
        self.workspace.store.add_compute(
            Compute(name, "AmlCompute", "STANDARD_D2_V2", 0, slots, 1800, 0.0, {})
        )

    def run(self, run: RunId) -> Run:
        found = api(self.workspace).find_run(run)
        assert found is not None
        return found

    def wait(self, *runs: RunId, state: RunState | None = None) -> Run:
        """Until they have ended, or are in the given state; the last of them."""
        self.until(
            lambda: all(
                (found := self.run(run)).state is state or (not state and found.state.is_terminal)
                for run in runs
            ),
            lambda: "\n".join(f"{self.run(run)}\n{self.worker_log(run)}" for run in runs),
        )
        return self.run(runs[-1])

    @staticmethod
    def until(condition: Callable[[], bool], say: Callable[[], str] = str) -> None:
        """Wait for something to become true; `say` is asked when it does not."""
        until(condition, lambda: f"it did not happen\n{say()}", pause_s=0.05)

    def console(self, run: RunId, log: str = "std_log.txt") -> str:
        """What was printed, without what is said about the snapshot."""
        self.workspace.drain()
        path = self.workspace.run_folder(run) / "user_logs" / log
        text = path.read_text() if path.exists() else ""
        return "".join(
            line
            for line in text.splitlines(keepends=True)
            if not line.startswith("[trackboard] snapshot: ")
        )

    def worker_log(self, run: RunId) -> str:
        path = self.workspace.folder / "jobs" / run / "worker.log"
        return path.read_text() if path.exists() else ""

    def started_at(self, *runs: RunId) -> list[int]:
        """When each worker's handle was written, which is before it does anything."""
        folder = self.workspace.folder / "jobs"
        return [(folder / run / "handle").stat().st_mtime_ns for run in runs]

    def worker(self, run: RunId) -> psutil.Process:
        handle = (self.workspace.folder / "jobs" / run / "handle").read_text()
        return psutil.Process(json.loads(handle)["pid"])


@pytest.fixture
def jobs(tmp_path: Path, leaves_no_process: None) -> Iterator[Jobs]:  # noqa: ARG001
    jobs = Jobs(tmp_path)
    yield jobs
    for handle in jobs.workspace.folder.glob("jobs/*/handle"):  # of a test that failed halfway
        jobs.workspace.launch_context.target_for("local").cancel(handle.read_text())
    jobs.workspace.recorder().close()
    jobs.workspace.close()
