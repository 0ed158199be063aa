"""Every place below a workspace's folder: the name of each file and folder exists once, here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Mapping, NamedTuple

from trackboard.errors import UsageError
from trackboard.layout.root import SETTINGS_FILE
from trackboard.model import check_run_id

DATABASE_FILE = "trackboard.db"  # unless the settings name another
SILENT_SPOOLS = "spool-silent"
QUARANTINE = "spool-quarantine"
OUTBOX = "outbox"  # below a spool: complete files, until they are moved into the blobs
WORKSPACE_VARIABLE = "TRACKBOARD_WORKSPACE"  # tells a job the folder of its workspace
LOGS = "logs"  # these two: below a job's working copy
OUTPUTS = "outputs"


class JobPaths(NamedTuple):
    """The files of one job, for its client, its target and its worker.

    Attributes:
        folder: The job's folder.
    """

    folder: Path

    @property
    def plan(self) -> Path:
        """What the worker carries out; the client writes it before anything starts."""
        return self.folder / "plan.json"

    @property
    def handle(self) -> Path:
        """What the target calls the job; the target writes it before it asks its engine for anything."""
        return self.folder / "handle"

    @property
    def engine(self) -> Path:
        """The name of the engine that the job is handed to; written before the engine is asked."""
        return self.folder / "engine"

    def retired_handle(self, name: str) -> Path:
        """Where the handle of an earlier try is kept."""
        return self.folder / f"handle.{name}.old"

    def list_retired_handles(self) -> list[Path]:
        """List the handles of earlier tries."""
        return list(self.folder.glob("handle.*.old"))

    @property
    def start_lock(self) -> Path:
        """Made once, by the worker that runs the job or by whoever takes it back; see `start_lock`."""
        return self.folder / "turn"

    @property
    def cancel_flag(self) -> Path:
        """There when somebody asked for the end of the job; see `cancel_flag`."""
        return self.folder / "cancel"

    @property
    def worker_log(self) -> Path:
        """What the worker itself prints; the target makes it."""
        return self.folder / "worker.log"

    @property
    def build_log(self) -> Path:
        """How the environment is built; the worker writes it."""
        return self.folder / "build.txt"

    def console(self, process: int) -> Path:
        """What a process of the script prints; the worker writes it.

        Args:
            process: The number of the process among those of the job, from 0.
        """
        return self.folder / (f"console-{process}.txt" if process else "console.txt")

    @property
    def failed_ranks(self) -> Path:
        """Which processes of mpirun failed, a line each: number and exit code; they write it."""
        return self.folder / "failed-ranks"

    @property
    def slots(self) -> Path:
        """Which slots of this machine the job holds; the target writes it."""
        return self.folder / "slots.json"

    @property
    def commands(self) -> Path:
        """Names of programs that mean the job's own interpreter; the worker makes them."""
        return self.folder / "bin"

    @property
    def work(self) -> Path:
        """The working copy, in which the script runs."""
        return self.folder / "work"


class WorkspacePaths(NamedTuple):
    """The files of one workspace.

    Attributes:
        folder: The workspace's folder.
    """

    folder: Path

    @classmethod
    def of_job(cls, variables: Mapping[str, str] = os.environ) -> WorkspacePaths:
        """Return the paths of the workspace that a job belongs to.

        Args:
            variables: The job's environment variables.

        Raises:
            KeyError: The process is no job.
        """
        return cls(Path(variables[WORKSPACE_VARIABLE]))

    @property
    def settings(self) -> Path:
        """The settings that people edit."""
        return self.folder / SETTINGS_FILE

    @property
    def database(self) -> Path:
        """The history, unless the settings name another place."""
        return self.folder / DATABASE_FILE

    @property
    def database_id(self) -> Path:
        """The id of the database that ingests this workspace."""
        return self.folder / "database"

    @property
    def lock(self) -> Path:
        """Held by who ingests, creates or migrates."""
        return self.folder / "lock"

    @property
    def spool(self) -> Path:
        """The spools of all writers."""
        return self.folder / "spool"

    @property
    def silent_spools(self) -> Path:
        """Spools of writers that are taken for dead without proof: read until they stay silent."""
        return self.folder / SILENT_SPOOLS

    @property
    def quarantine(self) -> Path:
        """Spools that cannot be stored, kept for people."""
        return self.folder / QUARANTINE

    @property
    def blobs(self) -> Path:
        """Content by its digest: artifacts and the files of snapshots."""
        return self.folder / "blobs"

    @property
    def files_lock(self) -> Path:
        """Shared by who puts files into the blobs until they are named; see `files_lock`."""
        return self.folder / "files.lock"

    @property
    def snapshots(self) -> Path:
        """The manifests of snapshots."""
        return self.folder / "snapshots"

    @property
    def runs(self) -> Path:
        """The folders of all runs."""
        return self.folder / "runs"

    def run(self, run: str) -> Path:
        """Return the folder of a run's plain files.

        Args:
            run: The id of the run; for what is none there is a folder as well, that nobody else has.
        """
        return self.runs / _folder_name(run)

    @property
    def jobs(self) -> Path:
        """The folders of all jobs."""
        return self.folder / "jobs"

    def job(self, run: str) -> JobPaths:
        """Return the paths of a job.

        Args:
            run: The id of the job's run, as for `run`.
        """
        return JobPaths(self.jobs / _folder_name(run))

    def slots(self, compute: str) -> Path:
        """Return the folder of a compute target's lock files.

        Args:
            compute: The name of the compute target.
        """
        return self.folder / "slots" / compute

    @property
    def queue_lock(self) -> Path:
        """Held by who decides which job runs next."""
        return self.folder / "slots" / "queue.lock"

    @property
    def submissions(self) -> Path:
        """A file for each job that is being queued, held by its client."""
        return self.folder / "slots" / "halfway"

    @property
    def ray(self) -> Path:
        """What is known of Ray clusters: which of their nodes see this folder."""
        return self.folder / "ray"

    @property
    def boards(self) -> Path:
        """A file for each TensorBoard that runs."""
        return self.folder / "boards"

    @property
    def resumed(self) -> Path:
        """Copies of outputs that jobs go on from."""
        return self.folder / "resumed"

    @property
    def wheels(self) -> Path:
        """Packages that were given as files, for the environments of jobs."""
        return self.folder / "wheels"

    @property
    def probe_lock(self) -> Path:
        """Held by who looks at the nodes of a Ray cluster."""
        return self.ray / "probe.lock"


def _folder_name(run: str) -> str:
    """Return a folder's name for an id; a stream of somebody else's may hold any text as one."""
    try:
        return check_run_id(run)
    except UsageError:
        import hashlib  # every job imports this module, and has an id of ours

        return "_" + hashlib.sha256(run.encode("utf-8", "surrogatepass")).hexdigest()
