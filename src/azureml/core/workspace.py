"""`azureml.core.workspace`: a workspace is a folder on this machine; nothing is sent anywhere."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

from azureml import _guard as _guard
from azureml.core.compute import ComputeTarget
from azureml.core.experiment import Experiment
from azureml.core.run import Run
from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.config import Location, find_location, location_of, read_sdk_config
from trackboard.model import RunId
from trackboard.workspace import Workspace as _Workspace

_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,254}")
_NOBODY = "00000000-0000-0000-0000-000000000000"
_NO_GROUP = "local"


class Workspace:
    """The history, jobs and compute targets of one `.trackboard` folder.

    Args:
        subscription_id: Kept and shown; nobody is asked.
        resource_group: Kept and shown.
        workspace_name: The workspace of that name beside the one of the current folder.
        auth: Accepted; there is nothing to sign in to.
        kwargs: Accepted.

    Raises:
        UserErrorException: There is no name, or it is not allowed.
    """

    def __init__(
        self,
        subscription_id: Optional[str] = None,
        resource_group: Optional[str] = None,
        workspace_name: Optional[str] = None,
        auth: Optional[object] = None,
        **kwargs: Any,
    ) -> None:
        if not workspace_name:
            raise UserErrorException(
                "Workspace(...) needs workspace_name. Workspace.from_config() takes the one of this folder."
            )
        if not _NAME.fullmatch(workspace_name):
            raise UserErrorException(
                f"The workspace name {workspace_name!r} is not allowed: use letters, digits, _ and -,"
                " starting with a letter or a digit."
            )
        self._open(Location(find_location().folder.with_name(workspace_name)))
        self._subscription_id = subscription_id or _NOBODY
        self._resource_group = resource_group or _NO_GROUP

    def _open(self, location: Location) -> None:
        with sdk_errors():
            self._workspace = _Workspace.open(location)
        config = location.sdk_config
        self._subscription_id = config.subscription_id if config else _NOBODY
        self._resource_group = config.resource_group if config else _NO_GROUP

    @classmethod
    def _at(cls, location: Location) -> Workspace:
        workspace = cls.__new__(cls)
        workspace._open(location)
        return workspace

    @classmethod
    def _of_job(cls) -> Workspace:
        """The workspace of the job around this process."""
        return cls._at(Location(Path(os.environ["TRACKBOARD_WORKSPACE"])))

    @classmethod
    def from_config(
        cls,
        path: Optional[str] = None,
        auth: Optional[object] = None,
        _logger: Optional[object] = None,
        _file_name: Optional[str] = None,
    ) -> Workspace:
        """Open the workspace of a `config.json`, or of the current folder when there is none.

        Args:
            path: The file, or the folder to search from upward. None: search from the current folder,
                and use (or make) the history there when no file is found.
            auth: Accepted; there is nothing to sign in to.

        Raises:
            UserErrorException: `path` was given and there is no whole configuration.

        Source: article, "Configure experiment".
        """
        with sdk_errors():
            if path is None and _file_name is None:
                location = find_location()
            else:
                config = read_sdk_config(Path(path or "."), file_name=_file_name)
                location = location_of(config)
        return cls._at(location)

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self._workspace.name

    @property
    def subscription_id(self) -> str:
        """What `config.json` says, else zeros: scripts print it."""
        return self._subscription_id

    @property
    def resource_group(self) -> str:
        """What `config.json` says, else `local`."""
        return self._resource_group

    @property
    def location(self) -> str:
        """Always `local`."""
        return "local"

    @property
    def compute_targets(self) -> Mapping[str, ComputeTarget]:
        """Compute targets by name, as they are now.

        Source: article, "Create a cluster for your experiment".
        """
        return ComputeTarget.list_by_name(self)

    @property
    def experiments(self) -> Dict[str, Experiment]:
        """Experiments by name, as they are now."""
        with sdk_errors():
            self._workspace.drain()
            names = self._workspace.store.list_experiments()
        return {name: Experiment(self, name) for name in names}

    def get_run(self, run_id: str) -> Run:
        """The run with this id.

        Raises:
            UserErrorException: There is none.
        """
        with sdk_errors():
            stored = self._workspace.find_run(RunId(run_id))
        if stored is None:
            raise UserErrorException(f"There is no run {run_id!r} in {self._workspace.folder}.")
        return Run(Experiment(self, stored.experiment), run_id)

    def __repr__(self) -> str:
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r},"
            f" resource_group={self.resource_group!r})"
        )
