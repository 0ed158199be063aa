"""`Tensorboard`: start it, look at it, stop it."""

from __future__ import annotations

import html
import sys
import webbrowser
from pathlib import Path
from typing import Iterable, Optional, Tuple, Union

from azureml import _guard as _guard
from azureml._console import say
from azureml.core.run import STATUS_NAMES, Run
from azureml.core.workspace import Workspace
from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.board.link import Link, find_link
from trackboard.board.process import BoardProcess
from trackboard.board.show import Show
from trackboard.model import RunId


class Tensorboard:
    """A TensorBoard over some runs, a folder, or the whole history.

    Args:
        runs: These runs and their descendants, also those that begin later. Empty: see `local_root`.
        local_root: With no runs: this folder of event files and nothing else. None with no runs: the
            whole history of the workspace found from the current folder.
        port: Wished port; a taken one moves on to the next free one, which is said. 0 means any.
        use_display_name: Runs carry the names that people gave; False shows their ids.

    Source: article, "Launch TensorBoard" and "Start and stop TensorBoard".
    """

    def __init__(
        self,
        runs: Union[Run, Iterable[Run]],
        local_root: Optional[str] = None,
        port: int = 6006,
        use_display_name: bool = True,
    ) -> None:
        self._runs = (runs,) if isinstance(runs, Run) else tuple(runs)
        for run in self._runs:
            if not isinstance(run, Run):
                raise UserErrorException(
                    f"Tensorboard(runs): {run!r} is {type(run).__name__}, not a Run."
                    " Pass a list of runs, as in Tensorboard([run])."
                )
        self._local_root = local_root
        self._port = port
        self._raw_ids = not use_display_name
        self._board: Optional[BoardProcess] = None

    def start(self, start_browser: bool = False) -> str:
        """Start it, unless it runs already.

        Args:
            start_browser: Open the page in a browser of this machine.

        Returns:
            Its URL, which is printed too; in a notebook a link is shown that works there.

        Raises:
            UserErrorException: What it shall show is not there.
            ServiceException: TensorBoard could not start; the message says what to type.
        """
        if self._board is None or not self._board.is_running:
            with sdk_errors():
                self._board = BoardProcess.start(self._what_to_show(), port=self._port)
            self._tell(self._board)
        if start_browser:
            webbrowser.open(self._board.url)
        return self._board.url

    def stop(self) -> None:
        """End it and free its port. May be repeated."""
        if self._board is not None:
            self._board.stop()
            self._board = None

    def show(self, height: int = 800) -> None:
        """Show the page in the notebook, and start it when it does not run.

        Args:
            height: Of the frame, in pixels.
        """
        self.start()
        if self._board is not None and _in_notebook():
            from IPython.display import IFrame, display

            display(IFrame(_link(self._board).href, "100%", height))

    def _what_to_show(self) -> Show:
        if not self._runs and self._local_root is not None:
            return Show(log_folder=Path(self._local_root).absolute())
        workspaces = {
            run.experiment.workspace._workspace.folder: run.experiment.workspace
            for run in self._runs
        }
        if len(workspaces) > 1:
            folders = ", ".join(str(folder) for folder in workspaces)
            raise UserErrorException(
                f"The runs are of several workspaces ({folders}); start one Tensorboard for each."
            )
        if not self._runs:
            return Show(workspace=Workspace.from_config()._workspace.folder, raw_ids=self._raw_ids)
        (folder,) = workspaces
        ids = tuple(run.id for run in self._runs)
        return Show(workspace=folder, runs=ids, raw_ids=self._raw_ids)

    def _tell(self, board: BoardProcess) -> None:
        if board.moved_from is not None:
            say(f"Port {board.moved_from} is taken: moved on to {board.port}")
        for name, state in self._runs_without_data():
            say(f"{name} has no data yet ({state}); it appears here by itself")
        link = _link(board)
        if link.forward:
            say(f"On your own machine, type: {link.forward}")
        say(board.url)
        if _in_notebook():
            from IPython.display import HTML, display

            href = html.escape(link.href, quote=True)
            display(HTML(f'<a href="{href}" target="_blank">Open TensorBoard</a>'))

    def _runs_without_data(self) -> Iterable[Tuple[str, str]]:
        for run in self._runs:
            workspace = run._drained()
            ids = [one.id for one in workspace.store.list_descendants([RunId(run.id)])]
            has_series = workspace.store.list_series(runs=ids)
            has_files = any(
                "tfevents" in file.path for one in ids for file in workspace.store.list_files(one)
            )
            if not has_series and not has_files:
                stored = run._stored()
                yield f"{stored.experiment}/{stored.label}", STATUS_NAMES[stored.state]


def _link(board: BoardProcess) -> Link:
    return find_link(board.url, board.port)


def _in_notebook() -> bool:
    """Whether a Jupyter kernel runs us; asks without loading IPython where it is not loaded."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")
