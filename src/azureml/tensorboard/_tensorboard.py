"""`Tensorboard`: start it, look at it, stop it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Iterable, Iterator, Mapping, Optional, Tuple, Union

from azureml import _guard as _guard
from azureml._console import print_line
from azureml.core.run import STATUS_NAMES, Run
from azureml.core.workspace import Workspace
from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import sdk_errors
from azureml.tensorboard._address import tell_address
from trackboard.board.attached import AttachedBoard, attach
from trackboard.board.eventfiles.log_folders import expand
from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.board.process.urls import find_link, open_in_browser
from trackboard.board.series.samples import Samples
from trackboard.layout import WorkspacePaths
from trackboard.model import Run as StoredRun
from trackboard.model import RunId
from trackboard.notice import in_notebook

_NAMED_RUNS = 3  # of those without data; the others are counted


class Tensorboard:
    """A TensorBoard over some runs, a folder, or the whole history.

    Args:
        runs: These runs and their descendants, also those that begin later. Empty: see `local_root`.
        local_root: With no runs: this folder of event files and nothing else. None with no runs: the
            whole history of the workspace found from the current folder.
        port: Wished port; a taken one moves on to the next free one, which is said. 0 means any.
        use_display_name: Runs carry the names that people gave; False shows their ids.
        samples: How much of each series is shown, where TensorBoard's usual is too little:
            `{"images": "all", "scalars": 5000}`.
        path_prefix: What the addresses of a proxy have before the board's (TensorBoard's `--path_prefix`).

    Source: article, "Launch TensorBoard" and "Start and stop TensorBoard".
    """

    def __init__(
        self,
        runs: Union[Run, Iterable[Run]],
        local_root: Optional[str] = None,
        port: int = 6006,
        use_display_name: bool = True,
        *,
        samples: Union[Mapping[str, Union[int, str]], str, None] = None,
        path_prefix: str = "",
    ) -> None:
        self._runs = _as_runs(runs)
        self._local_root = local_root
        self._port = _as_port(port)
        self._raw_ids = not use_display_name
        self._path_prefix = path_prefix
        with sdk_errors():
            self._samples = Samples.read(samples or {})
        self._board: Union[BoardProcess, AttachedBoard, None] = None

    def start(self, start_browser: bool = False) -> str:
        """Start it, unless it runs already, and tell where it is.

        Where `trackboard up` runs on the workspace, its TensorBoard is told, and nothing is started.

        Args:
            start_browser: Open the page in a browser of this machine.

        Returns:
            Its URL, which is printed too; in a notebook a link that works there is shown instead. Where the
            system does not tell whose programs ask (macOS), it ends in `?k=<key>`.

        Raises:
            UserErrorException: What it shall show is not there.
            ServiceException: TensorBoard could not start; the message says what to type.
        """
        board = self._running()
        told = tell_address(board)
        if start_browser:
            open_in_browser(board.url)
        return told

    def stop(self) -> None:
        """End it and free its port; a `trackboard up` goes on. May be repeated."""
        if self._board is not None:
            self._board.stop()
            self._board = None

    def show(self, height: int = 800) -> None:
        """Show the page in the notebook, and start it when it does not run.

        Args:
            height: Of the frame, in pixels.
        """
        if self._board is None or not self._board.is_running or not in_notebook():
            self.start()
        if self._board is not None and in_notebook():
            from IPython.display import IFrame, display

            href = find_link(self._board.url, self._board.port, self._board.key).href
            display(IFrame(href, "100%", height))

    def _running(self) -> Union[BoardProcess, AttachedBoard]:
        if self._board is None or not self._board.is_running:
            with sdk_errors():
                show = dataclasses.replace(self._what_to_show(), samples=self._samples)
                self._board = self._attach(show) or BoardProcess.start(
                    show, port=self._port, path_prefix=self._path_prefix
                )
            if self._runs:
                self._tell_empty()
            elif show.log_folder is not None and not show.log_folder.is_dir():
                print_line(
                    f"There is no folder {show.log_folder} yet: it is shown as soon as it is there."
                )
        return self._board

    def _attach(self, show: Show) -> Optional[AttachedBoard]:
        if show.workspace is None:
            return None
        boards = WorkspacePaths(show.workspace).boards
        return attach(show, boards, port=self._port, path_prefix=self._path_prefix)

    def _what_to_show(self) -> Show:
        if not self._runs and self._local_root is not None:
            return Show(log_folder=expand(self._local_root))
        workspaces = {
            run.experiment.workspace._service.folder: run.experiment.workspace for run in self._runs
        }
        if len(workspaces) > 1:
            folders = ", ".join(str(folder) for folder in workspaces)
            raise UserErrorException(
                f"The runs are of several workspaces ({folders}); start one Tensorboard for each."
            )
        if not self._runs:
            return Show(workspace=Workspace.from_config()._service.folder, raw_ids=self._raw_ids)
        (folder,) = workspaces
        ids = tuple(run.id for run in self._runs)
        return Show(workspace=folder, runs=ids, raw_ids=self._raw_ids)

    def _tell_empty(self) -> None:
        service = self._runs[0]._service()
        with sdk_errors():
            empty = service.metrics.list_empty([RunId(run.id) for run in self._runs])
            names = service.runs.name(empty)
        for line in _describe_empty(empty, names):
            print_line(line)


def _as_runs(runs: Union[Run, Iterable[Run]]) -> Tuple[Run, ...]:
    found = (runs,) if isinstance(runs, Run) or not isinstance(runs, Iterable) else tuple(runs)
    for run in found:
        if not isinstance(run, Run):
            raise UserErrorException(
                f"Tensorboard(runs): {run!r} is {type(run).__name__}, not a Run."
                " Pass a list of runs, as in Tensorboard([run]); Tensorboard([]) shows the whole history."
            )
    return found


def _as_port(port: Union[int, str]) -> int:
    if str(port).isdecimal():
        return int(port)
    raise UserErrorException(f"Tensorboard(port={port!r}) is not a port. Use 0 (any) to 65535.")


def _describe_empty(runs: Tuple[StoredRun, ...], called: Mapping[RunId, str]) -> Iterator[str]:
    """Say what has no data, in few lines however many runs there are."""
    if len(runs) > _NAMED_RUNS:
        states = Counter(STATUS_NAMES[run.state] for run in runs)
        told = ", ".join(f"{count} {state}" for state, count in states.items())
        names = ", ".join(called[run.id] for run in runs[:_NAMED_RUNS])
        yield (
            f"{len(runs)} runs have no data yet ({told}): {names} and {len(runs) - _NAMED_RUNS} more"
        )
        return
    for run in runs:
        state = STATUS_NAMES[run.state]
        cause = run.cause.partition("\n")[0]
        why = f"{state}: {cause}" if cause else state
        if run.state.is_terminal:
            yield f"{called[run.id]} has no data ({why})"
        else:
            yield f"{called[run.id]} has no data yet ({why}); it appears here by itself"
