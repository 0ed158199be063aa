"""What a service takes in from elsewhere, and gives away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trackboard.model import RunId

if TYPE_CHECKING:
    from trackboard.transfer.backup.take import BackupReport
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
