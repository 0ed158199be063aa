"""`azureml.core.workspace`: a workspace is a folder on this machine; nothing is sent anywhere."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NoReturn, Optional

from azureml import _guard as _guard
from azureml._finder import check_packages, other_names
from azureml.core._refused import RefusedProperty
from azureml.core._workspace_in_cloud import CloudCalls
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.environment import Environment
from azureml.core.experiment import Experiment
from azureml.core.model import Model
from azureml.core.run import Run
from azureml.exceptions import UserErrorException, WorkspaceException
from azureml.exceptions._tree import MissingException, sdk_errors
from trackboard.config import (
    FOLDER_KEY,
    Location,
    find_location,
    find_named,
    list_named,
    location_of,
    read_sdk_config,
)
from trackboard.layout import replace_file
from trackboard.layout.safe_paths import given_name, given_path
from trackboard.model import RunId

if TYPE_CHECKING:
    from trackboard.service import Service

__getattr__ = other_names(__name__)

check_packages()

_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,254}")
_NOBODY = "00000000-0000-0000-0000-000000000000"
_NO_GROUP = "local"
_NEW_NAME = re.compile(r"[A-Za-z0-9][\w-]{1,32}")
_CONFIG_FOLDERS = (".azureml", "aml_config")
_CPU_CLUSTER = "cpu-cluster"
_GPU_CLUSTER = "gpu-cluster"
_USE_PATHS = (
    "Pass paths of this machine or of a folder that all machines share to the script, as arguments."
)


class Workspace(CloudCalls):
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

    DEFAULT_CPU_CLUSTER_CONFIGURATION = AmlCompute.provisioning_configuration(
        vm_size="STANDARD_DS2_V2", max_nodes=2
    )
    DEFAULT_GPU_CLUSTER_CONFIGURATION = AmlCompute.provisioning_configuration(
        vm_size="STANDARD_NC6", max_nodes=2
    )

    _location: Location
    _opened: Optional[Service] = None

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
        self._open(Location(_folder_of(workspace_name)))
        self._subscription_id = subscription_id or _NOBODY
        self._resource_group = resource_group or _NO_GROUP

    def _open(self, location: Location, *, lazily: bool = False) -> None:
        self._location = location
        if not lazily:
            assert self._service is not None  # opens it
        config = location.sdk_config
        self._subscription_id = config.subscription_id if config else _NOBODY
        self._resource_group = config.resource_group if config else _NO_GROUP

    @property
    def _service(self) -> Service:
        """What answers for the workspace, which is opened (and made) when it is first needed."""
        if self._opened is None:
            from trackboard.service import open_service  # loads the database

            with sdk_errors():
                self._opened = open_service(self._location)
        return self._opened

    def __getstate__(self) -> Dict[str, Any]:
        """In another process it is opened there."""
        return {**vars(self), "_opened": None}

    def __deepcopy__(self, memo: object) -> Workspace:
        """A workspace is a place, and there is one of it."""
        return self

    @classmethod
    def _at(cls, location: Location, *, lazily: bool = False) -> Workspace:
        workspace = cls.__new__(cls)
        workspace._open(location, lazily=lazily)
        return workspace

    @classmethod
    def _here(cls) -> Workspace:
        """The workspace that the current folder finds; nothing is made before it is used."""
        with sdk_errors():
            return cls._at(find_location(), lazily=True)

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
        """Open the workspace of a `config.json`, or the nearest history upward, or a new one here.

        Args:
            path: The file, or the folder to search from upward. None: search from the current folder;
                where no file is found, use the history of the nearest `.trackboard/` upward that holds one,
                else make one here.
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

    @classmethod
    def create(
        cls,
        name: str,
        auth: Optional[object] = None,
        subscription_id: Optional[str] = None,
        resource_group: Optional[str] = None,
        location: Optional[str] = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: Optional[Mapping[str, str]] = None,
        friendly_name: Optional[str] = None,
        storage_account: Optional[str] = None,
        key_vault: Optional[str] = None,
        app_insights: Optional[str] = None,
        container_registry: Optional[str] = None,
        adb_workspace: Optional[str] = None,
        primary_user_assigned_identity: Optional[str] = None,
        cmk_keyvault: Optional[str] = None,
        resource_cmk_uri: Optional[str] = None,
        hbi_workspace: bool = False,
        default_cpu_compute_target: Optional[object] = None,
        default_gpu_compute_target: Optional[object] = None,
        private_endpoint_config: Optional[object] = None,
        private_endpoint_auto_approval: bool = True,
        exist_ok: bool = False,
        show_output: bool = True,
        user_assigned_identity_for_cmk_encryption: Optional[str] = None,
        system_datastores_auth_mode: str = "accessKey",
        v1_legacy_mode: Optional[bool] = None,
    ) -> Workspace:
        """Make a workspace beside the one of the current folder; all else is accepted for its signature.

        Args:
            name: 2 to 33 letters, digits, _ and -, starting with a letter or a digit.
            subscription_id: Kept and shown; nobody is asked.
            resource_group: Kept and shown.
            default_cpu_compute_target: A configuration: a cluster `cpu-cluster` is made of it, too, unless
                there is one. `Workspace.DEFAULT_CPU_CLUSTER_CONFIGURATION` has two nodes.
            default_gpu_compute_target: The same of `gpu-cluster`.
            exist_ok: Open it when it exists.

        Raises:
            WorkspaceException: It exists, or the name is not allowed.
        """
        if not isinstance(name, str) or not _NEW_NAME.fullmatch(name):
            raise WorkspaceException(
                f"The workspace name {name!r} is not allowed: use 2 to 33 letters, digits, _ and -,"
                " starting with a letter or a digit."
            )
        folder = _folder_of(name)
        if folder.exists() and not exist_ok:
            raise WorkspaceException(
                f"The workspace {name!r} exists already, in {folder}. Pass exist_ok=True to open it."
            )
        workspace = cls(subscription_id, resource_group, name)
        wanted = {
            _CPU_CLUSTER: default_cpu_compute_target,
            _GPU_CLUSTER: default_gpu_compute_target,
        }
        for cluster, configuration in wanted.items():
            if configuration is not None and cluster not in workspace.compute_targets:
                ComputeTarget.create(workspace, cluster, configuration)
        return workspace

    @classmethod
    def get(
        cls,
        name: str,
        auth: Optional[object] = None,
        subscription_id: Optional[str] = None,
        resource_group: Optional[str] = None,
        location: Optional[str] = None,
        cloud: str = "AzureCloud",
        id: Optional[str] = None,
    ) -> Workspace:
        """The workspace of that name beside the one of the current folder.

        Raises:
            WorkspaceException: There is none.
        """
        found = cls.list(subscription_id or "", resource_group=resource_group)
        if name not in found:
            raise WorkspaceException(
                f"There is no workspace {name!r} (there is: {', '.join(found) or 'none'})."
                f" Workspace.create({name!r}) makes it."
            )
        return cls(subscription_id, resource_group, name)

    @classmethod
    def list(
        cls,
        subscription_id: str,
        auth: Optional[object] = None,
        resource_group: Optional[str] = None,
    ) -> Dict[str, List[Workspace]]:
        """The workspaces of the current folder and those above it: by name, a list with one."""
        with sdk_errors():
            names = list_named()
        return {name: [cls(subscription_id, resource_group, name)] for name in names}

    def write_config(self, path: Optional[str] = None, file_name: Optional[str] = None) -> None:
        """Write a configuration file, from which `from_config` opens this workspace again.

        Args:
            path: The folder to write it below, in `.azureml`, or such a folder itself; None: the current
                one.
            file_name: None: `config.json`.

        Raises:
            UserErrorException: It cannot be written.
        """
        with sdk_errors():
            root = given_path(path or os.curdir).absolute()
            name = given_name(file_name or "config.json")
        folder = next((root / one for one in _CONFIG_FOLDERS if (root / one).is_dir()), None)
        folder = folder or root / _CONFIG_FOLDERS[0]
        if (
            root.name in _CONFIG_FOLDERS
        ):  # the SDK wrote `.azureml/.azureml`, and did not find it again
            folder = root
        file = folder / name
        content = {
            "Id": None,
            "Scope": self._scope,
            "subscription_id": self.subscription_id,
            "resource_group": self.resource_group,
            "workspace_name": self.name,
            FOLDER_KEY: str(self._service.folder),
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(file, json.dumps(content, indent=4) + "\n")
        except OSError as error:
            raise UserErrorException(
                f"{file} cannot be written: {error.strerror or error}", inner_exception=error
            ) from error

    def get_details(self) -> Dict[str, Any]:
        """What is known of the workspace, under the SDK's keys; those without a value are left out."""
        facts = self._service.describe()
        return {
            "id": self._scope,
            "name": self.name,
            "location": self.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "tags": self.tags,
            "workspaceid": facts.id,
            "description": "",
            "friendlyName": self.name,
            "creationTime": _utc(facts.created_s),
            "storageAccount": str(facts.folder),
            "sku": self.sku,
            "hbiWorkspace": False,
            "discoveryUrl": self.discovery_url,
        }

    @property
    def _scope(self) -> str:
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )

    @property
    def sku(self) -> str:
        """Always `basic`."""
        return "basic"

    @property
    def tags(self) -> Dict[str, str]:
        """Empty: workspaces have no tags."""
        return {}

    @property
    def discovery_url(self) -> str:
        """The workspace's folder, as a URL."""
        return self._service.folder.as_uri()

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self._location.name

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

    def get_default_compute_target(self, type: str) -> Optional[ComputeTarget]:
        """The compute target `cpu-cluster` or `gpu-cluster`, or None while there is none of that name.

        Args:
            type: `CPU` or `GPU`.

        Raises:
            UserErrorException: It is neither.
        """
        name = {"cpu": _CPU_CLUSTER, "gpu": _GPU_CLUSTER}.get(str(type).lower())
        if name is None:
            raise UserErrorException(
                f"There is no default compute target {type!r}; use CPU or GPU."
            )
        return self.compute_targets.get(name)

    @property
    def environments(self) -> Dict[str, Environment]:
        """The newest version of each environment by name, curated ones among them."""
        return Environment.list(self)

    @property
    def experiments(self) -> Dict[str, Experiment]:
        """Active experiments by name, as they are now; `Experiment.list` knows the archived ones, too."""
        return {one.name: one for one in Experiment.list(self)}

    @property
    def models(self) -> Dict[str, Model]:
        """The latest version of each registered model, by name."""
        return {model.name: model for model in Model.list(self, latest=True)}

    datastores = RefusedProperty(f"There are no datastores here. {_USE_PATHS}")
    datasets = RefusedProperty(f"There are no datasets here. {_USE_PATHS}")

    def get_default_datastore(self) -> NoReturn:
        """Refused: there are none.

        Raises:
            UserErrorException: Always; it says what to do instead.
        """
        _refuse("datastores", _USE_PATHS)

    def set_default_datastore(self, name: str) -> NoReturn:
        """Refused, like `get_default_datastore`."""
        _refuse("datastores", _USE_PATHS)

    def get_default_keyvault(self) -> NoReturn:
        """Refused: there is no key vault."""
        _refuse("key vaults", "Read secrets from environment variables; jobs get yours.")

    def get_mlflow_tracking_uri(self, _with_auth: bool = False) -> NoReturn:
        """Refused, for now."""
        _refuse("MLflow tracking URIs", "Log through azureml.core: experiment.start_logging().")

    def get_run(self, run_id: str) -> Run:
        """The run with this id, of the class that fits its type.

        Raises:
            UserErrorException: There is none.
        """
        with sdk_errors():
            stored = self._service.runs.find(RunId(run_id))
        if stored is None:
            raise MissingException(
                f"There is no run {run_id!r} in {self._service.folder}.", status_code=404
            )
        return Run._from_stored(stored, Experiment(self, stored.experiment))

    def _repr_html_(self) -> str:
        from azureml.core._html import workspace_page

        with sdk_errors():
            return workspace_page(self._service)

    def __repr__(self) -> str:
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r},"
            f" resource_group={self.resource_group!r})"
        )


def _folder_of(name: str) -> Path:
    with sdk_errors():
        return find_named(name)


def _refuse(what: str, instead: str) -> NoReturn:
    raise UserErrorException(f"There are no {what} here. {instead}")


def _utc(time_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_s))
