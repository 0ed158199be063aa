"""The plugin that brings the tab: every TensorBoard of this environment loads it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tensorboard.plugins import base_plugin

from trackboard.layout.root import may_hold_workspace

if TYPE_CHECKING:
    from trackboard.server.runs_tab.answers import RunsAnswers

NAME = "trackboard_runs"
_TITLE = "Runs"


class RunsLoader(base_plugin.TBLoader):  # type: ignore[misc]  # TensorBoard is not typed
    """Brings the tab to a TensorBoard that shows a history, and nothing to others."""

    def load(self, context: Any) -> Any:
        """Load the tab.

        Args:
            context: What a plugin stands on.

        Returns:
            The plugin; None where no history is shown.
        """
        try:
            folder = _find_shown(context)
        except Exception as error:  # noqa: BLE001 - somebody's TensorBoard starts whatever we do
            sys.stderr.write(f"trackboard: there is no tab {_TITLE}: {type(error).__name__}\n")
            return None
        return None if folder is None else RunsTab(folder, context.data_provider)


class RunsTab(base_plugin.TBPlugin):  # type: ignore[misc]  # TensorBoard is not typed
    """The tab. What answers it is loaded when somebody opens it.

    Args:
        folder: The workspace's.
        provider: What the TensorBoard shows; one of ours knows which runs that are.
    """

    plugin_name = NAME

    def __init__(self, folder: Path, provider: Any) -> None:
        self._folder, self._provider = folder, provider
        self._answers: RunsAnswers | None = None

    def is_active(self) -> bool:
        """Show the tab: there is a history."""
        return True

    def frontend_metadata(self) -> Any:
        """What TensorBoard needs to know of the tab."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name=_TITLE)

    def get_plugin_apps(self) -> Mapping[str, Callable[..., Any]]:
        """What answers at the addresses of the tab."""
        return {
            "/index.js": self._answer("script"),
            "/style.css": self._answer("style"),
            "/runs": self._answer("runs"),
        }

    def _answer(self, name: str) -> Callable[..., Any]:
        def answer(environ: Any, start_response: Any) -> Any:
            if self._answers is None:
                from trackboard.server.runs_tab.answers import RunsAnswers

                self._answers = RunsAnswers(self._folder, self._provider)
            return getattr(self._answers, name)(environ)(environ, start_response)

        return answer


def _find_shown(context: Any) -> Path | None:
    """The workspace that a TensorBoard shows; None: none."""
    folder: Path | None = getattr(context.data_provider, "workspace_folder", None)
    logdir = os.path.expanduser(getattr(context.flags, "logdir", "") or "")
    if folder is not None or not logdir or not may_hold_workspace(logdir):
        return folder
    from trackboard.board.tensorboard_internals import asks_history
    from trackboard.config import find_in

    return find_in(Path(logdir).absolute()) if asks_history(context.flags) else None
