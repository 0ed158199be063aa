"""The whole surroundings of a worker, which tests carry out in their own process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.workspaces import ingest_of, launch_context_of

from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import save_plan
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.snapshot.take import take_snapshot
from trackboard.launch.worker.end_request import StoredCancel
from trackboard.launch.worker.one_machine import OneMachine
from trackboard.launch.worker.worker import Worker
from trackboard.model import EnvironmentPlan, JobPlan, ResourceLimits, Run, RunId, RunKind
from trackboard.testing.memory import MemoryStore

RUN = RunId("demo_1_abc")


@dataclass
class Surroundings:
    """What a worker has around it, and what a reader sees of its run."""

    worker_context: WorkerContext
    store: MemoryStore

    def launch_context(self) -> LaunchContext:
        return launch_context_of(self.worker_context, self.store)

    def run(self) -> Run:
        self.drain()
        run = self.store.find_run(RUN)
        assert run is not None
        return run

    def drain(self) -> None:
        worker = self.worker_context
        ingest_of(worker.paths.folder, self.store, blobs=worker.blobs).drain()


@dataclass
class Bench(Surroundings):
    """A worker that carries out scripts given as text."""

    source: Path

    def save(
        self,
        script: str,
        *arguments: str,
        max_duration_s: float | None = None,
        command: str = "",
        **variables: str,
    ) -> None:
        """Keep the plan of a script given as text."""
        (self.source / "train.py").write_text(script)
        taken = take_snapshot(
            self.source, self.worker_context.paths.folder / "snapshots", self.worker_context.blobs
        )
        plan = JobPlan(
            run=RUN,
            experiment="demo",
            workspace=str(self.worker_context.paths.folder),
            compute="local",
            snapshot=taken.digest,
            script=("train.py", *arguments),
            environment=EnvironmentPlan(interpreter=sys.executable),
            variables={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **variables},
            submitted_s=0.0,
            command=command,
            max_duration_s=max_duration_s,
            notes=("planned with care",),
        )
        save_plan(self.worker_context.paths.job(RUN), plan)
        self.worker_context.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)

    def carry_out(
        self, open_context: Callable[[], LaunchContext] | None = None, *shares: ResourceLimits
    ) -> Run:
        """Run the worker here; the run as a reader sees it afterwards."""
        job = self.worker_context.paths.job(RUN)
        cancel = StoredCancel(job, RUN, open_context or self.launch_context)
        machine = OneMachine(job, shares, grace_s=0.3)
        Worker(
            self.worker_context,
            RUN,
            cancel,
            machine,
            follow_s=0.02,
            ask_s=0.02,
            open_files_rest=1.0,  # a machine under load takes long to look, and the scripts are short
        ).carry_out()
        return self.run()

    def file(self, path: str) -> bytes:
        """A plain file of the run."""
        return (self.worker_context.paths.folder / "runs" / RUN / path).read_bytes()

    def output(self, path: str) -> bytes:
        """A file of the run that is in the blobs."""
        found = {file.path: file.key for file in self.store.list_files(RUN)}
        with self.worker_context.blobs.open(found[path]) as blob:
            return blob.read()

    def paths(self) -> set[str]:
        return {file.path for file in self.store.list_files(RUN)}


@pytest.fixture
def bench(worker_context: WorkerContext, tmp_path: Path) -> Bench:
    source = tmp_path / "source"
    source.mkdir()
    return Bench(worker_context, MemoryStore(), source)


@pytest.fixture(autouse=True)
def _sigterm_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
