"""`RunDetails`: how a run stands, shown in the notebook while it runs."""

from __future__ import annotations

import threading
from typing import Any, Dict, List, Optional

from azureml._console import print_line
from azureml.core.run import TERMINAL_STATUSES, Run
from azureml.exceptions import AzureMLException, UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.model import RunId
from trackboard.notice import in_notebook

_REFRESH_S = 2.0
_LOG_LINES = 20
_CHILDREN = 50
_VALUES = 5


class RunDetails:
    """Shows a run.

    Args:
        run_instance: The run.

    Raises:
        UserErrorException: That is no run.
    """

    def __init__(self, run_instance: Run) -> None:
        if not isinstance(run_instance, Run):
            raise UserErrorException(
                f"RunDetails(run): {type(run_instance).__name__} is no run."
                " Pass what experiment.submit(...) or start_logging() returned."
            )
        self._run = run_instance
        self._watcher: Optional[threading.Thread] = None

    def show(
        self, render_lib: Optional[object] = None, widget_settings: Optional[object] = None
    ) -> None:
        """Show the run. In a notebook it is kept up to date while it runs; elsewhere printed once.

        Args:
            render_lib: Accepted.
            widget_settings: Accepted.
        """
        if not in_notebook():
            print_line(_as_text(self.get_widget_data()))
            return
        status = self._run.get_status()
        from IPython.display import HTML, display

        view = display(HTML(self._page()), display_id=True)
        if status not in TERMINAL_STATUSES and view is not None:
            self._watcher = threading.Thread(
                target=self._watch, args=(view,), name="RunDetails", daemon=True
            )
            self._watcher.start()

    def get_widget_data(self, widget_settings: Optional[object] = None) -> Dict[str, Any]:
        """What is shown: the run's properties, its log, metrics and children.

        Args:
            widget_settings: Accepted.
        """
        details = self._run.get_details()
        children: List[Dict[str, str]] = []
        for child in self._run.get_children():
            if len(children) == _CHILDREN:
                break
            children.append({"run_id": child.id, "name": child.name, "status": child.get_status()})
        return {
            "status": details["status"],
            "workbench_run_details_uri": self._run.get_portal_url(),
            "run_id": self._run.id,
            "run_properties": {**details, "name": self._run.name},
            "run_metrics": self._run.get_metrics(),
            "child_runs": children,
            "run_logs": self._log(),
        }

    def _page(self) -> str:
        """The run as a notebook shows it: samples of its curves, however long they are."""
        with sdk_errors():
            below = self._run._service().runs.list(parent=RunId(self._run.id))
        newest = sorted(below, key=lambda run: run.number, reverse=True)[:_CHILDREN]
        console, kind = self._log(), self._run.type or ""
        with sdk_errors():
            return self._run._history.page(self._run.__repr__, kind, console, newest)

    def _log(self) -> str:
        logs = self._run.get_details_with_logs()["logFiles"] if self._run.type else {}
        text = str(next((logs[name] for name in sorted(logs, reverse=True)), ""))
        return "\n".join(text.splitlines()[-_LOG_LINES:])

    def _watch(self, view: Any) -> None:
        """Keep the notebook's view up to date until the run ends, or cannot be read any more."""
        from IPython.display import HTML

        from azureml.core._html import words_page

        wait = threading.Event()
        while True:
            wait.wait(_REFRESH_S)
            try:
                status = self._run.get_status()
                page = self._page()
            except AzureMLException as error:
                view.update(HTML(words_page(str(error))))
                return
            view.update(HTML(page))
            if status in TERMINAL_STATUSES:
                return


def _shown(value: object) -> str:
    if isinstance(value, list) and len(value) > _VALUES:
        return f"{len(value):,} values, last {value[-1]}"
    return str(value)


def _rows(data: Dict[str, Any]) -> List[List[str]]:
    properties = data["run_properties"]
    rows = [
        ["Run", properties["name"]],
        ["Id", data["run_id"]],
        ["Status", data["status"]],
        ["Started", properties.get("startTimeUtc", "")],
        ["Ended", properties.get("endTimeUtc", "")],
        ["See it", data["workbench_run_details_uri"]],
    ]
    rows += [[name, _shown(value)] for name, value in data["run_metrics"].items()]
    rows += [[f"child {one['name']}", one["status"]] for one in data["child_runs"]]
    return [[name, value] for name, value in rows if value]


def _as_text(data: Dict[str, Any]) -> str:
    lines = [f"{name}: {value}" for name, value in _rows(data)]
    return "\n".join([*lines, data["run_logs"]] if data["run_logs"] else lines)
