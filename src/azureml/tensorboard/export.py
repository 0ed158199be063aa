"""`azureml.tensorboard.export`: the history as event files, for any TensorBoard."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Iterable, List, Optional, Sequence, Union

from azureml import _guard as _guard
from azureml._console import print_line
from azureml._finder import other_names
from azureml.core.experiment import Experiment
from azureml.core.run import Run
from azureml.core.workspace import Workspace
from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.model import RunId

__getattr__ = other_names(__name__)

RunData = Union[Run, Experiment, str, Sequence[Union[Run, str]]]


def export_to_tensorboard(
    run_data: RunData,
    logsdir: str,
    logger: Optional[logging.Logger] = None,
    recursive: bool = True,
) -> None:
    """Write the history of runs, and their native event files, below a folder.

    A running run is exported up to now; exporting again brings the files up to date. Afterwards
    `Tensorboard([], local_root=logsdir)`, or any TensorBoard, shows them under the live view's names.

    Args:
        run_data: A run, a list of runs, an experiment, or a name: a run's id, `experiment/name`, a
            run's own name, or an experiment's.
        logsdir: The folder; it is made when it does not exist.
        logger: Told what is skipped and why, and what a reader should know; None: printed.
        recursive: Children too.

    Raises:
        UserErrorException: There is nothing of that name, or more than one; the folder cannot be used.

    Source: article, "Export runs to TensorBoard".
    """
    items: List[Union[Run, Experiment, str]]
    is_one = isinstance(run_data, (Run, Experiment, str)) or not isinstance(run_data, Iterable)
    items = [run_data] if is_one else [*run_data]  # type: ignore[list-item,misc]
    if not items:
        raise UserErrorException(
            "export_to_tensorboard: the list of runs is empty. Pass a run, or an experiment."
        )
    workspaces = {workspace._service.folder: workspace for workspace in map(_workspace_of, items)}
    if len(workspaces) > 1:
        raise UserErrorException("The runs are of several workspaces; export each by itself.")
    (workspace,) = workspaces.values()
    with sdk_errors():
        runs = [run for item in items for run in _ids_of(item, workspace)]
        report = print_line if logger is None else logger.info
        workspace._service.transfer.export_event_files(
            list(dict.fromkeys(runs)), Path(logsdir), recursive=recursive, report=report
        )


def _workspace_of(item: Union[Run, Experiment, str]) -> Workspace:
    if isinstance(item, Run):
        return item.experiment.workspace
    if isinstance(item, Experiment):
        return item.workspace
    if isinstance(item, str):
        return Workspace.from_config()
    raise UserErrorException(
        f"export_to_tensorboard: {item!r} is {type(item).__name__}."
        " Pass a run, a list of runs, an experiment, or the name of one."
    )


def _ids_of(item: Union[Run, Experiment, str], workspace: Workspace) -> List[RunId]:
    if isinstance(item, Run):
        return [RunId(item.id)]
    if isinstance(item, Experiment):
        return [*workspace._service.runs.list_of_experiment(item.name)]
    return [*workspace._service.runs.find_called(item)]
