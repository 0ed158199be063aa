"""The composition root: a location becomes store, blobs and spool; `jobs` adds targets.

Recording needs none of this (see `trackboard.record`); whoever reads, submits or shows opens it.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.blobs import open_folder
from trackboard.config import (
    Location,
    Settings,
    SettingsFile,
    apply_sharing,
    find_location,
    holds_workspace,
    make_workspace,
)
from trackboard.errors import NotFound
from trackboard.ingest import FolderRunFiles, Silence
from trackboard.layout import WorkspacePaths
from trackboard.model import Run, RunId, RunState
from trackboard.notice import say_once
from trackboard.ports import Blobs, RunFiles, Store
from trackboard.record import LiveRun, Recorder, get_recorder, start_run
from trackboard.workspace.parts import OpenParts
from trackboard.workspace.reading import ReadingCalls

if TYPE_CHECKING:
    from trackboard.board.export.export import Export
    from trackboard.board.view.source import Source
    from trackboard.launch.context.launch_context import LaunchContext
    from trackboard.launch.request import Request
    from trackboard.workspace.jobs import WorkspaceJobs
    from trackboard.workspace.notebook import Look

_REFRESH_S = 0.1


class Workspace(ReadingCalls):
    """One workspace: its history, its files, its jobs. Safe from several threads.

    Nothing is opened before it is needed.

    Args:
        location: Where it is; see `open`.

    Attributes:
        paths: Where each of its files is.
        parts: Its database and what fills that, opened when they are needed.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self.folder = location.folder
        self.paths = WorkspacePaths(self.folder)
        self._settings_file = SettingsFile(self.folder)
        self.parts = OpenParts(self.paths, self._settings_file)

    @classmethod
    def open(
        cls, location: str | os.PathLike[str] | Location | None = None, *, create: bool = True
    ) -> Workspace:
        """Open a workspace, and make it when it does not exist.

        Its owner's opening also gives it to the folder's group, or takes it back, as its settings say.

        Args:
            location: A folder, or None to search from the current folder (see `config.location`).
            create: Make it; False: only one that is there is opened.

        Raises:
            UsageError: The location or its settings are wrong.
            NotFound: There is none, and none shall be made.
            Conflict: A newer trackboard wrote it.
            Unavailable: The folder cannot be read or written.
        """
        if not isinstance(location, Location):
            location = find_location(location)
        if not create and not holds_workspace(location.folder):
            raise NotFound(
                f"there is no history in {location.folder}",
                hint="Go to the folder where you train, or name it. The first run makes it.",
            )
        if make_workspace(location.folder):
            say_once(
                f"new workspace in {location.folder} (delete that folder to delete everything)"
            )
        if location.sdk_config is not None:
            say_once(
                f"{location.sdk_config.path} names workspace {location.name!r}:"
                f" its history is in {location.folder}, nothing is sent to Azure"
            )
        workspace = cls(location)
        apply_sharing(location.folder, workspace.settings)
        return workspace

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self.location.name

    @property
    def spool_folder(self) -> Path:
        """Where processes record."""
        return self.paths.spool

    def run_folder(self, run: RunId) -> Path:
        """Where the plain files of a run are, to be looked at by anybody."""
        return self.paths.run(run)

    def recorder(self) -> Recorder:
        """This process's recorder."""
        return get_recorder(self.spool_folder)

    # -- what is opened when it is needed ---------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """What `trackboard.toml` says now: a notebook stays open while people write to it."""
        return self._settings_file.read()

    @property
    def store(self) -> Store:
        """The history's database, made under the workspace's lock when there was never one."""
        return self.parts.store

    @property
    def obstacle(self) -> str:
        """Why nothing can be written from here, in words; empty when it can."""
        return self.parts.database.obstacle

    @functools.cached_property
    def blobs(self) -> Blobs:
        """Complete files."""
        return open_folder(self.paths.blobs)

    @functools.cached_property
    def run_files(self) -> RunFiles:
        """Plain files of runs, which may still grow."""
        return FolderRunFiles(self.paths)

    @functools.cached_property
    def _silence(self) -> Silence:
        return Silence(self.paths.spool, self.paths.lock)

    # -- finding and showing ------------------------------------------------------------------------

    @property
    def source(self) -> Source:
        """The workspace as the board sees it."""
        from trackboard.board.view.source import Source

        read_on = functools.partial(self.parts.read_on, _REFRESH_S)
        return Source(self.name, self.store, read_on, self.run_folder, self.blobs)

    def look(self, words: Mapping[RunState, str] | None = None, lost_word: str = "lost") -> Look:
        """What notebook pages of it are made from, up to now.

        Args:
            words: What states are called; None: our own words.
            lost_word: What runs are called that may be dead.
        """
        from trackboard.workspace.notebook import Look  # loads what boards are found with

        look = Look(self.name, self.folder, self.store, self.lost_runs(), lost_word=lost_word)
        return look if words is None else dataclasses.replace(look, words=words)

    def __repr__(self) -> str:
        return f"Workspace({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        from trackboard.workspace.notebook import workspace_html

        return workspace_html(self.look())

    def lost_runs(self) -> frozenset[RunId]:
        """Runs that have not ended, whose process may be dead where nobody can tell: it is silent.

        That is derived now and stored nowhere; a run that speaks again is not lost. See `ingest.silence`.
        """
        self.drain()
        silent = self._silence.list_lost()
        return frozenset(self.store.list_owned(silent)) if silent else frozenset()

    def export(
        self,
        runs: Sequence[RunId],
        folder: Path,
        *,
        recursive: bool,
        report: Callable[[str], None],
    ) -> Export:
        """Write runs as event files, up to now; see `board.export`."""
        from trackboard.board.export.export import export_runs  # loads TensorBoard's formats

        self.drain()
        return export_runs(self.source, runs, folder, recursive=recursive, report=report)

    # -- recording ----------------------------------------------------------------------------------

    def start_run(
        self,
        experiment: str,
        *,
        name: str = "",
        parameters: Mapping[str, object] | None = None,
        tags: Mapping[str, str | None] | None = None,
        description: str = "",
        parent: Run | LiveRun | None = None,
        capture: bool = True,
        console: bool = False,
    ) -> AbstractContextManager[LiveRun]:
        """Begin a run that ends with the `with` block.

        Left at its end or by `sys.exit(0)` it is completed, by an exception failed with the cause, by
        KeyboardInterrupt canceled. The exception goes on.

        Args:
            experiment: Its experiment's name; need not exist.
            name: What people call it; "" is shown as `run-<number>`.
            parameters: Settings by name: numbers, bools or text.
            tags: Tags by key.
            description: What it is about.
            parent: The run that it is a part of.
            capture: Add what can be known for free: the code's commit and what differs from it, the
                command, host, user, Python.
            console: Keep what is printed, as `user_logs/std_log.txt`.

        Raises:
            UsageError: A name or a value is not one that can be stored; no run was begun.

        >>> with workspace.start_run("digits", name="first", parameters={"lr": 0.1}) as run:
        ...     for step in range(3):
        ...         run.log("loss", 1 / (step + 1), step)
        """
        return start_run(
            self.recorder(),
            experiment,
            name=name,
            parameters=parameters,
            tags=tags,
            description=description,
            parent=None if parent is None else parent.id,
            capture=capture,
            console=console,
        )

    def add_experiment(self, name: str) -> None:
        """Make sure that an experiment exists."""
        self.parts.prepare_to_write(needs_to=False)
        self.store.add_experiment(name)

    # -- jobs ---------------------------------------------------------------------------------------

    @functools.cached_property
    def jobs(self) -> WorkspaceJobs:
        """The jobs of the workspace."""
        from trackboard.workspace.jobs import WorkspaceJobs  # few readers need it

        return WorkspaceJobs(self)

    @property
    def launch_context(self) -> LaunchContext:
        """The workspace as submitting and queueing see it."""
        return self.jobs.launch_context

    def submit(self, request: Request) -> RunId:
        """Queue a job, and start it if there is room; see `launch.submit`."""
        return self.jobs.submit(request)

    def cancel(self, run: RunId) -> None:
        """Ask a job to end; see `launch.queue`."""
        self.jobs.cancel(run)

    def advance_queue(self) -> None:
        """Start queued jobs that have room; every status call does it, as there is no daemon."""
        self.jobs.advance_queue()

    def delete_experiment(self, name: str) -> tuple[RunId, ...]:
        """Forget an experiment, its runs and their folders; see `launch.delete`."""
        return self.jobs.delete_experiment(name)

    # -- seeing what was said -----------------------------------------------------------------------

    def drain(self) -> None:
        """Return when everything said before the call, by any process, is stored.

        Raises:
            Unavailable: Another process holds the lock and makes no progress for 30 s.
        """
        self.parts.drain()

    def refresh(self) -> int:
        """Store what has arrived, for at most 100 ms; returns how many bytes are still unread."""
        return self.parts.ingest.refresh(_REFRESH_S)

    def unread_bytes(self) -> int:
        """Bytes that are recorded and not stored."""
        return self.parts.ingest.unread_bytes()

    def close(self) -> None:
        """Let go of the database. May be repeated; this process's recorder goes on."""
        self.parts.close()
