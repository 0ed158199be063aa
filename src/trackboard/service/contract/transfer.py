"""What a service takes in from elsewhere, and gives away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trackboard.model import RunId
from trackboard.ports import RunQuery

if TYPE_CHECKING:
    from trackboard.board.export.export import Export
    from trackboard.transfer.backup.take import BackupReport
    from trackboard.transfer.download import Download
    from trackboard.transfer.export.answers import ExportReport
    from trackboard.transfer.export.destination import Destination
    from trackboard.transfer.report import ImportReport, Progress


class Transfer(Protocol):
    """Ways into a workspace and out of it."""

    def import_runs(
        self,
        location: str,
        *,
        experiment: str = "",
        artifacts: Path | None = None,
        is_dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Store the runs that lie elsewhere. Repeated, it stores what has come since, and nothing twice.

        Args:
            location: A log folder of TensorBoard, an `mlruns` folder or `mlflow.db` of MLflow, the address of
                a tracking server, or a folder with another workspace.
            experiment: What the experiment of a log folder's runs is called; empty: as the folder.
            artifacts: Where MLflow's artifacts are, if not where it says.
            is_dry_run: Count only.
            progress: Is told how far it is.

        Raises:
            NotFound: There is nothing at the location.
            UsageError: What is there is nothing that can be imported, or this very workspace.
            Conflict: It is damaged, or somebody else imports the same runs now.
            Unavailable: It cannot be read, or the disk refuses; what was stored stays.
        """
        ...

    def copy_runs(
        self,
        runs: Sequence[RunId],
        folder: Path,
        *,
        is_dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Store runs, and all below them, in another workspace as well.

        Args:
            runs: The runs.
            folder: The other workspace, or a folder that holds one; made when it is missing.
            is_dry_run: Count only.
            progress: Is told how far it is.

        Raises:
            UsageError: It is this very workspace.
            NotFound: There is no such run.
            Unavailable: The disk refuses; what was stored stays, and it may be repeated.
        """
        ...

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
        """Write runs for other programs, or for people.

        Args:
            runs: These and all below them, or these alone where `query.top_level` is set; None: all runs.
            query: Which of them.
            destination: Where to, and in which format.
            replace: Replace a file that is there.
            is_dry_run: Count only.
            progress: Is told how far it is.

        Raises:
            NotFound: There are no such runs.
            UsageError: The destination cannot be one, or what writes the format is not installed.
            Conflict: There is such a file already.
            Unavailable: The disk refuses; a file that was there is as it was.
        """
        ...

    def export_event_files(
        self,
        runs: Sequence[RunId],
        folder: Path,
        *,
        recursive: bool,
        report: Callable[[str], None],
    ) -> Export:
        """Write runs as event files, up to now.

        Args:
            runs: The runs.
            folder: Where to; made when it is missing.
            recursive: Also the runs below them.
            report: Is told what is skipped and why.
        """
        ...

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
        """Write files of a run into a folder. One that is there already stays, one that grew is replaced.

        Args:
            run: The run.
            paths: Files, folders of the run, or patterns with `*`; none: all.
            folder: Where to; made when it is missing. None: called like the run, in the current folder.
            replace: Replace files that have other contents.
            is_dry_run: Look only.
            progress: Is told how many bytes of how many are there.

        Raises:
            NotFound: One of the paths means no file.
            UsageError: One leads out of the run, or a file is in the place of a folder.
            Conflict: There are other files in the place of some; nothing was written.
            Unavailable: The disk refuses; each file is there whole or not at all.
        """
        ...

    def backup(self, target: Path, *, progress: Progress | None = None) -> BackupReport:
        """Save the whole workspace beside whoever writes; all that was said before the call is in it.

        Args:
            target: A file that ends in `.tar`, `.tar.gz` or `.tgz`, or a folder; not there yet, or empty.
            progress: Is told how many files of how many are copied.

        Raises:
            UsageError: The target is in the workspace, or its folder is not there.
            Conflict: There is something at the target.
            Unavailable: The disk refuses; nothing is left of it then.
        """
        ...
