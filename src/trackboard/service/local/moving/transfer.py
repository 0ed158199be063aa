"""Ways into a workspace on this machine and out of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.config import Location, find_location, holds_workspace
from trackboard.errors import NotFound, Unavailable, UsageError
from trackboard.layout.files_lock import keep_files
from trackboard.model import RunId
from trackboard.service.local.door import Door
from trackboard.transfer.importer import import_runs
from trackboard.transfer.report import ImportReport
from trackboard.transfer.run_source import RunSource
from trackboard.transfer.sources.opening import open_source
from trackboard.transfer.sources.workspace_runs import WorkspaceRuns
from trackboard.workspace import Workspace

if TYPE_CHECKING:
    from trackboard.board.export.export import Export
    from trackboard.ports import RunQuery
    from trackboard.service.contract.service import Service
    from trackboard.service.contract.transfer import Transfer
    from trackboard.transfer.backup.take import BackupReport
    from trackboard.transfer.download import Download
    from trackboard.transfer.export.answers import ExportReport
    from trackboard.transfer.export.destination import Destination
    from trackboard.transfer.report import Progress


class LocalTransfer:
    """`Transfer` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door, service: Service) -> None:
        self._door, self._service = door, service

    def import_runs(
        self,
        location: str,
        *,
        experiment: str = "",
        artifacts: Path | None = None,
        is_dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Store the runs that lie elsewhere."""
        other = _find_workspace(location)
        if other is not None:
            with _opened(other, create=False) as workspace:
                self._refuse_itself(workspace)
                runs = _runs_of(workspace, None)
                return _store(runs, self._door.workspace, progress, is_dry_run=is_dry_run)
        with contextlib.closing(
            open_source(location, experiment=experiment, artifacts=artifacts)
        ) as source:
            return _store(source, self._door.workspace, progress, is_dry_run=is_dry_run)

    def copy_runs(
        self,
        runs: Sequence[RunId],
        folder: Path,
        *,
        is_dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Store runs in another workspace as well."""
        self._door.drained()
        other = find_location(folder)
        self._refuse_inside(other.folder)
        if is_dry_run and not holds_workspace(other.folder):
            raise NotFound(
                f"there is no history in {folder} yet", hint="Without --dry-run it is made."
            )
        with _opened(other, create=True) as workspace:
            self._refuse_itself(workspace)
            source = _runs_of(self._door.workspace, runs)
            return _store(source, workspace, progress, is_dry_run=is_dry_run)

    def export(
        self,
        runs: Sequence[RunId] | None,
        query: RunQuery,
        destination: Destination,
        *,
        replace: bool = False,
        is_dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ExportReport:
        """Write runs for other programs, or for people."""
        from trackboard.service.local.moving.exporting import Exporting, select_runs
        from trackboard.transfer.export.destination import check_destination

        check_destination(destination, self._door.workspace.folder, replace=replace)
        now = self._service.now()
        chosen = select_runs(now, runs, query)
        task = Exporting(now, self._door.workspace, chosen, destination, progress)
        return task.count() if is_dry_run else task.write()

    def export_event_files(
        self,
        runs: Sequence[RunId],
        folder: Path,
        *,
        recursive: bool,
        report: Callable[[str], None],
    ) -> Export:
        """Write runs as event files, up to now."""
        from trackboard.board.export.export import export_runs  # loads TensorBoard's formats

        self._door.drained()
        source = self._door.workspace.source
        return export_runs(source, runs, folder, recursive=recursive, report=report)

    def download(
        self,
        run: RunId,
        paths: Sequence[str],
        folder: Path | None,
        *,
        replace: bool = False,
        is_dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Download:
        """Write files of a run into a folder."""
        from trackboard.board.view.run_names import folder_path
        from trackboard.transfer.download import download_files, select_files

        now = self._service.now()
        name = now.runs.name([now.runs.get(run)])[run]
        return download_files(
            select_files(now.files.list(run), paths),
            partial(now.files.open_listed, run),
            Path(folder_path(name)) if folder is None else folder,
            replace=replace,
            is_dry_run=is_dry_run,
            progress=progress,
        )

    def backup(self, target: Path, *, progress: Progress | None = None) -> BackupReport:
        """Save the whole workspace beside whoever writes."""
        from trackboard.transfer.backup.take import take_backup

        workspace = self._door.workspace
        made = datetime.now(UTC).isoformat(timespec="seconds")
        workspace.parts.drain()
        with contextlib.nullcontext() if workspace.obstacle else keep_files(workspace.paths):
            return take_backup(
                workspace.paths,
                workspace.parts.database_path,
                target,
                workspace=workspace.name,
                made=made,
                progress=progress,
            )

    def _refuse_inside(self, folder: Path) -> None:
        """A workspace inside of this one would be taken for its files, and collected as such."""
        here = self._door.workspace.folder.resolve()
        if here in folder.resolve().parents:
            raise UsageError(
                f"{folder} is inside of this workspace: nothing was copied",
                hint="Name another folder; the history there may be new.",
            )

    def _refuse_itself(self, other: Workspace) -> None:
        here = self._door.workspace
        if other.folder.samefile(here.folder):
            raise UsageError(
                f"{other.folder} is this very workspace: nothing was copied",
                hint="Name another folder; the history there may be new.",
            )


def _store(
    source: RunSource, workspace: Workspace, progress: Progress | None, *, is_dry_run: bool
) -> ImportReport:
    if not is_dry_run:
        workspace.parts.prepare_to_write()
        if not workspace.parts.database.may_ingest():
            raise Unavailable(
                f"{workspace.parts.database_path} is not the database of {workspace.folder}",
                hint="trackboard where says which one is; import there.",
            )
    with contextlib.nullcontext() if is_dry_run else keep_files(workspace.paths):
        return import_runs(
            source,
            workspace.parts.drain(),
            workspace.blobs,
            is_dry_run=is_dry_run,
            progress=progress,
        )


def _runs_of(workspace: Workspace, runs: Sequence[RunId] | None) -> WorkspaceRuns:
    return WorkspaceRuns(
        workspace.parts.drain(), workspace.blobs, workspace.run_files, str(workspace.folder), runs
    )


def _find_workspace(location: str) -> Location | None:
    """The workspace that a location names; None where it is something else."""
    if "://" in location or not Path(location).is_dir():
        return None
    found = find_location(Path(location))
    return found if holds_workspace(found.folder) else None


@contextlib.contextmanager
def _opened(location: Location, *, create: bool) -> Iterator[Workspace]:
    with contextlib.closing(Workspace.open(location, create=create)) as workspace:
        yield workspace


if TYPE_CHECKING:

    def _fits(part: LocalTransfer) -> Transfer:
        return part
