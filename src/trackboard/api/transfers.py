"""Ways into a workspace and out of it, as people type them in Python."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from trackboard.api.chosen_runs import AnyRun, choose_one, choose_runs
from trackboard.history.conditions import build_query
from trackboard.service import Service, open_service, restore_backup

if TYPE_CHECKING:
    from trackboard.history.conditions import Where
    from trackboard.transfer.backup.take import BackupReport
    from trackboard.transfer.download import Download
    from trackboard.transfer.export.answers import ExportReport
    from trackboard.transfer.report import ImportReport


class Transfers:
    """What a workspace takes in and gives away.

    Args:
        service: Answers for the workspace.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def import_runs(
        self,
        source: str | os.PathLike[str],
        *,
        experiment: str = "",
        artifacts: str | os.PathLike[str] | None = None,
        dry_run: bool = False,
    ) -> ImportReport:
        """Take in the runs that lie elsewhere; again, only what has come since.

        Args:
            source: A log folder of TensorBoard, an `mlruns` folder or `mlflow.db` of MLflow, the address of
                a tracking server, or a folder with another history. Nothing is written there.
            experiment: What the experiment of a log folder's runs is called; "" as the folder.
            artifacts: Where MLflow's artifacts are, if not where it says.
            dry_run: Count what would come, and write nothing.

        Returns:
            What came, and what could not be kept.

        Raises:
            NotFound: There is nothing there.
            UsageError: It is nothing that can be imported, or this very workspace.
            Conflict: It is damaged, or somebody else imports the same runs now.
            Unavailable: It cannot be read, or the disk refuses. What was stored stays; it may be repeated.
        """
        return self._service.transfer.import_runs(
            os.fspath(source),
            experiment=experiment,
            artifacts=None if artifacts is None else Path(artifacts),
            is_dry_run=dry_run,
        )

    def copy(
        self,
        runs: AnyRun | Iterable[AnyRun],
        folder: str | os.PathLike[str],
        *,
        dry_run: bool = False,
    ) -> ImportReport:
        """Store runs, and all below them, in another workspace as well; their ids stay.

        Args:
            runs: One or many: runs, their ids, or what they are called (see `runs_called`).
            folder: The other workspace, or a folder that holds one; made when it is missing.
            dry_run: Count what would be copied, and write nothing.

        Returns:
            What was copied, and what could not be kept.

        Raises:
            NotFound: There is no such run.
            UsageError: It is this very workspace.
            Unavailable: The disk refuses. What was stored stays; it may be repeated.
        """
        now = self._service.now()
        chosen = [run.id for run in choose_runs(now, runs)]
        return now.transfer.copy_runs(chosen, Path(folder), is_dry_run=dry_run)

    def export(
        self,
        runs: AnyRun | Iterable[AnyRun] | None,
        target: str | os.PathLike[str],
        *,
        where: Where | None = None,
        children: bool = True,
        format: str | None = None,  # noqa: A002 - what it is called everywhere
        table: str | None = None,
        force: bool = False,
        dry_run: bool = False,
    ) -> ExportReport:
        """Write runs for other programs, or as a report for people.

        Args:
            runs: One or many: runs, their ids, or what they are called (see `runs_called`), with all below
                them; None: all runs.
            target: A file or a folder; a file comes whole, or not at all.
            where: Only those that match; as in `runs`.
            children: Also runs that are part of another; False: of the runs named these alone.
            format: `csv`, `parquet`, `html` for a report in one file, or `tensorboard` for a folder of event
                files; None: as the name ends.
            table: What a row of CSV or Parquet is: `points`, the default, or `runs`.
            force: Replace a file that is there.
            dry_run: Count what would be written, and write nothing.

        Returns:
            What was written, and what a reader should know.

        Raises:
            NotFound: There are no such runs.
            UsageError: There is no such format, the target cannot be one, or pyarrow is not installed.
            Conflict: There is such a file already.
            Unavailable: The disk refuses; a file that was there is as it was.

        Examples:
            >>> workspace.export("digits", "digits.csv", force=True).points
            3
        """
        from trackboard.transfer.export.destination import choose_destination

        destination = choose_destination(Path(target), format, table)
        now = self._service.now()
        chosen = None if runs is None else [run.id for run in choose_runs(now, runs)]
        query = build_query(where=where or [], top_level=not children)
        return now.transfer.export(chosen, query, destination, replace=force, is_dry_run=dry_run)

    def download(
        self,
        run: AnyRun,
        paths: str | Iterable[str] = (),
        *,
        folder: str | os.PathLike[str] | None = None,
        force: bool = False,
        dry_run: bool = False,
    ) -> Download:
        """Write files of a run into a folder; again, only what is missing or has grown.

        Args:
            run: The run, its id, or what it is called.
            paths: One or many: files, folders of the run, or patterns such as `*.png`; none: all files.
            folder: Where to; made when it is missing. None: called like the run, in the current folder.
            force: Replace files with other contents.
            dry_run: Tell what would be written, and write nothing.

        Returns:
            What was written, what was there already, and what no folder can hold.

        Raises:
            NotFound: There is no such run or file.
            UsageError: A path leads out of the run, or a file is in the place of a folder.
            Conflict: There are other files in the place of some; nothing was written.
            Unavailable: The disk refuses; each file is there whole or not at all.
        """
        now = self._service.now()
        return now.transfer.download(
            choose_one(now, run).id,
            (paths,) if isinstance(paths, str) else tuple(paths),
            None if folder is None else Path(folder),
            replace=force,
            is_dry_run=dry_run,
        )

    def backup(self, target: str | os.PathLike[str]) -> BackupReport:
        """Save all of it beside whoever writes; what was logged before the call is in it.

        Args:
            target: A file that ends in `.tar`, `.tar.gz` or `.tgz`, or a folder; not there yet, or empty.

        Returns:
            Where it is, and what it holds.

        Raises:
            UsageError: The target is in the workspace, or its folder is not there.
            Conflict: There is something at the target.
            Unavailable: The disk refuses; nothing is left of it then.
        """
        return self._service.transfer.backup(Path(target))

    @classmethod
    def restore_backup(cls, backup: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Self:
        """Make a workspace of a backup, and open it.

        Args:
            backup: What `backup` wrote.
            folder: The workspace's folder, or one that shall hold it.

        Raises:
            NotFound: There is no such backup.
            UsageError: It is none.
            Conflict: There is a workspace already, or a newer trackboard made the backup, or it is damaged.
            Unavailable: The disk refuses; nothing is left of it then.
        """
        return cls(open_service(restore_backup(Path(backup), Path(folder)), create=False))
