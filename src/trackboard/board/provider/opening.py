"""Opening a board's data: what to call to get everything a TensorBoard shows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from trackboard.board.dashboards.status.job_status import Statuses
from trackboard.board.eventfiles.discovery import LinkedFolders, PlainFolder, UnrecordedFiles
from trackboard.board.eventfiles.kinds_provider import KindsProvider
from trackboard.board.eventfiles.log_folders import LogFolder
from trackboard.board.eventfiles.reader import open_reader
from trackboard.board.eventfiles.run_files import RunFiles
from trackboard.board.eventfiles.run_links import RunFolders
from trackboard.board.private_folder import PrivateFolder
from trackboard.board.provider.combined import BoardProvider
from trackboard.board.provider.history import HistoryProvider
from trackboard.board.series.samples import AS_USUAL, Samples
from trackboard.board.series.sampling import Sampling
from trackboard.board.view.run_list import RunLists
from trackboard.board.view.source import Source, View
from trackboard.layout import ROOT

__all__ = ["BoardProvider", "open_folder_provider", "open_folders_provider", "open_provider"]


def open_provider(
    source: Source,
    view: View,
    *,
    raw_ids: bool = False,
    links: Path | None = None,
    samples: Samples = AS_USUAL,
    beside: Path | None = None,
) -> BoardProvider:
    """Show a view of a workspace; an experiment's name as experiment id shows that experiment.

    Args:
        source: The workspace.
        view: What the board's own page shows.
        raw_ids: Call runs by their ids instead of the names people gave.
        links: Where links to the runs' files may be made, on the disk of those; for want of another
            place in the system's temporary folder.
        samples: How much of each series is shown.
        beside: A folder whose other event files are shown as well, but for those of its workspaces.
    """
    sampling = Sampling(samples)
    run_lists = RunLists(source, view, raw_ids=raw_ids)
    folders = RunFolders(
        RunFiles(source),
        run_lists,
        PrivateFolder(*[links] if links else []),
        UnrecordedFiles(beside, without=ROOT) if beside else None,
    )
    return BoardProvider(
        HistoryProvider(source, run_lists, sampling),
        KindsProvider(
            folders, partial(open_reader, samples=samples), sampling, [links] if links else []
        ),
        Statuses(source, run_lists),
        sampling,
        log_directory=folders.log_directory.path,
    )


def open_folder_provider(folder: Path, *, samples: Samples = AS_USUAL) -> BoardProvider:
    """Show the event files below one folder and nothing else, as stock TensorBoard would."""
    return _show_folders(PlainFolder(folder), folder, samples)


def open_folders_provider(
    folders: Iterable[LogFolder], *, samples: Samples = AS_USUAL
) -> BoardProvider:
    """Show the event files below several folders, the runs of each below its name."""
    linked = LinkedFolders(folders)
    return _show_folders(linked, linked.path, samples)


def _show_folders(folders: PlainFolder, log_directory: Path, samples: Samples) -> BoardProvider:
    sampling = Sampling(samples)
    native = KindsProvider(folders, partial(open_reader, samples=samples), sampling)
    return BoardProvider(None, native, sampling=sampling, log_directory=log_directory)
