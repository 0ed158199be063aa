"""`azureml.core.model`: versions of models, each with the files that it is made of."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

from azureml import _guard as _guard
from azureml._console import print_line
from azureml._finder import other_names
from azureml.core._links import workspace_of_job
from azureml.core._model.changes import ModelChanges
from azureml.core._model.files import CACHE, cached, check_name, draft, holds, locations
from azureml.core._refused import RefusedCall
from azureml.core._run.reading.snapshot_files import kept_files
from azureml.exceptions import (
    ModelNotFoundException,
    ModelPathNotFoundException,
    UserErrorException,
    WebserviceException,
)
from azureml.exceptions._tree import sdk_errors
from trackboard.layout import replacing
from trackboard.layout.reading import open_regular
from trackboard.layout.safe_paths import place_inside
from trackboard.ports import Model as StoredModel

if TYPE_CHECKING:
    from azureml.core._run.backends.port import RunBackend
    from azureml.core.experiment import Experiment
    from azureml.core.run import Run
    from azureml.core.workspace import Workspace
    from trackboard.service.contract.models import Models

__getattr__ = other_names(__name__)

_NOT_DEPLOYED = "nothing is deployed from here. model.download() gives you the model's files."


class Model(ModelChanges):
    """One version of a registered model.

    Args:
        workspace: Where it is registered.
        name: Its name.
        id: Instead: `name:version`.
        tags: Only a version with these tags.
        properties: Only a version with these properties.
        version: None: the latest.
        run_id: Only one of this run.
        model_framework: Only one of this framework.
        kwargs: Accepted.

    Raises:
        WebserviceException: There is none.
    """

    class Framework:
        """Frameworks by the SDK's names."""

        CUSTOM = "Custom"
        TENSORFLOW = "TensorFlow"
        SCIKITLEARN = "ScikitLearn"
        ONNX = "Onnx"
        TFKERAS = "TfKeras"
        PYTORCH = "PyTorch"
        MULTI = "Multi"

    def __init__(
        self,
        workspace: Workspace,
        name: Optional[str] = None,
        id: Optional[str] = None,
        tags: Optional[Mapping[str, object]] = None,
        properties: Optional[Mapping[str, object]] = None,
        version: Optional[int] = None,
        run_id: Optional[str] = None,
        model_framework: Optional[str] = None,
        **kwargs: Any,
    ) -> None:
        if id is not None:
            name, _, number = id.rpartition(":")
            version = int(number) if number.isdecimal() else -1
        if not name:
            raise WebserviceException("Model(workspace, ...) needs name= or id='name:version'.")
        found = Model.list(
            workspace, name, tags, properties, run_id, model_framework=model_framework
        )
        chosen = next((one for one in found if version in (None, one.version)), None)
        if chosen is None:
            said = name if version is None else f"{name}:{version}"
            known = ", ".join(sorted({one.name for one in Model.list(workspace)})) or "none"
            raise WebserviceException(
                f"ModelNotFound: there is no model {said!r} in workspace {workspace.name!r}"
                f" (there is: {known}). run.register_model(...) makes one.",
                status_code=404,
            )
        self.workspace = workspace
        self._stored = chosen._stored

    @property
    def _models(self) -> Models:
        return self.workspace._service.models

    @classmethod
    def _of(cls, workspace: Workspace, stored: StoredModel) -> Model:
        model = cls.__new__(cls)
        model.workspace = workspace
        model._stored = stored
        return model

    # -- what it is -------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Its name."""
        return self._stored.name

    @property
    def version(self) -> int:
        """Counts the registrations under its name, from 1."""
        return self._stored.version

    @property
    def id(self) -> str:
        """`name:version`."""
        return f"{self.name}:{self.version}"

    @property
    def url(self) -> str:
        """Where the SDK says that it is."""
        return f"aml://asset/{self.id}"

    @property
    def created_time(self) -> str:
        """When it was registered, in UTC."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._stored.created_s))

    @property
    def description(self) -> str:
        """What it is, in words."""
        return self._stored.description

    @property
    def tags(self) -> Dict[str, str]:
        """Tags of this version."""
        return dict(self._stored.tags)

    @property
    def properties(self) -> Dict[str, str]:
        """Properties of this version."""
        return dict(self._stored.properties)

    @property
    def model_framework(self) -> str:
        """The framework that it was made with; empty when nobody said."""
        return self._stored.framework

    @property
    def model_framework_version(self) -> str:
        """That framework's version."""
        return self._stored.framework_version

    @property
    def run_id(self) -> Optional[str]:
        """The run that it came out of, or None."""
        return self._stored.run

    @property
    def run(self) -> Optional[Run]:
        """The run that it came out of; None when there was none, or it was deleted."""
        if self._stored.run is None:
            return None
        with sdk_errors():
            is_known = self.workspace._service.runs.find(self._stored.run) is not None
        return self.workspace.get_run(self._stored.run) if is_known else None

    @property
    def experiment(self) -> Optional[Experiment]:
        """The experiment of that run, or None."""
        run = self.run
        return None if run is None else run.experiment

    @property
    def experiment_name(self) -> Optional[str]:
        """The name of that experiment, or None."""
        experiment = self.experiment
        return None if experiment is None else experiment.name

    @property
    def mime_type(self) -> str:
        """Always `application/octet-stream`."""
        return "application/octet-stream"

    def serialize(self) -> Dict[str, Any]:
        """What is known of it, under the SDK's keys."""
        return {
            "createdTime": self.created_time,
            "createdBy": None,
            "description": self.description,
            "id": self.id,
            "mimeType": self.mime_type,
            "name": self.name,
            "framework": self.model_framework,
            "frameworkVersion": self.model_framework_version,
            "tags": self.tags,
            "properties": self.properties,
            "unpack": len(self._stored.files) > 1,
            "url": self.url,
            "version": self.version,
            "runId": self.run_id,
            "experimentName": self.experiment_name,
        }

    def __repr__(self) -> str:
        return (
            f"Model(workspace={self.workspace!r}, name={self.name}, id={self.id},"
            f" version={self.version}, tags={self.tags}, properties={self.properties})"
        )

    # -- registering and finding ------------------------------------------------------------------

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str,
        model_name: str,
        tags: Optional[Mapping[str, object]] = None,
        properties: Optional[Mapping[str, object]] = None,
        description: Optional[str] = None,
        datasets: Optional[object] = None,
        model_framework: Optional[str] = None,
        model_framework_version: Optional[str] = None,
        child_paths: Optional[List[str]] = None,
        sample_input_dataset: Optional[object] = None,
        sample_output_dataset: Optional[object] = None,
        resource_configuration: Optional[object] = None,
        **kwargs: Any,
    ) -> Model:
        """Register a file or folder of this machine as the next version of a model.

        Args:
            workspace: Where.
            model_path: The file or folder.
            model_name: The model's name.
            tags: Tags of this version.
            properties: Properties of this version.
            description: What it is.
            datasets: Accepted.
            model_framework: Such as `Model.Framework.PYTORCH`.
            model_framework_version: Its version.
            child_paths: With a folder: only these files and folders below it.
            sample_input_dataset: Accepted, as the next two.
            sample_output_dataset: Accepted.
            resource_configuration: Accepted.
            kwargs: Accepted.

        Raises:
            WebserviceException: The name is not allowed, or there is no such file or folder.
        """
        check_name(model_name)
        if not isinstance(model_path, (str, os.PathLike)):
            raise WebserviceException(f"model_path={model_path!r} is no path.")
        found = locations(os.fspath(model_path), child_paths)
        print_line(f"Registering model {model_name}")
        files = {}
        with kept_files(workspace._service):
            for path, location in found:
                with sdk_errors(WebserviceException):
                    file = open(open_regular(location, "file"), "rb")  # noqa: SIM115 - closed below
                with file, sdk_errors():
                    files[path] = workspace._service.files.put(file)
            stored = draft(model_name, None, files, tags, properties, description)
            return _add(workspace, stored, model_framework, model_framework_version)

    @classmethod
    def _of_run(
        cls,
        run: RunBackend,
        model_path: str,
        model_name: str,
        *,
        tags: Optional[Mapping[str, object]],
        properties: Optional[Mapping[str, object]],
        description: Optional[str],
        framework: Optional[str],
        framework_version: Optional[str],
    ) -> Model:
        """Register files of a run; see `Run.register_model`."""
        check_name(model_name)
        start = os.path.normpath(model_path).replace(os.sep, "/").strip("/")
        with sdk_errors():
            service = run.catalogue(f"register_model({model_name!r})")
        with kept_files(service):
            with sdk_errors():
                stored_files = service.files.list(run.id)
            cut = len(start) - len(start.rpartition("/")[2])
            chosen = [
                file
                for file in stored_files
                if start == "." or file.path == start or file.path.startswith(f"{start}/")
            ]
            if not chosen:
                names = ", ".join(repr(file.path) for file in stored_files[:10]) or "none"
                raise ModelPathNotFoundException(
                    f"Run {run.id} has no file or folder {model_path!r}. It has: {names}."
                )
            files = {}
            with sdk_errors():
                for file in chosen:
                    key = file.key
                    if not key:  # a plain file, as those that grow while a job runs
                        with service.files.open_listed(run.id, file) as source:
                            key = service.files.put(source)
                    files[file.path if start == "." else file.path[cut:]] = key
            stored = draft(model_name, run.id, files, tags, properties, description)
            return _add(run.home.experiment.workspace, stored, framework, framework_version)

    @staticmethod
    def list(
        workspace: Workspace,
        name: Optional[str] = None,
        tags: Optional[object] = None,
        properties: Optional[object] = None,
        run_id: Optional[str] = None,
        latest: bool = False,
        dataset_id: Optional[str] = None,
        expand: bool = True,
        page_count: int = 255,
        model_framework: Optional[str] = None,
        **kwargs: Any,
    ) -> List[Model]:
        """Registered models, the newest version of each name first.

        Args:
            workspace: Where.
            name: Only of this name.
            tags: Values by key; or a list of keys and of `[key, value]`.
            properties: The same of properties.
            run_id: Only of this run.
            latest: Only the latest version of each name that matches.
            dataset_id: Only of this dataset, of which there is none.
            expand: Accepted, as is `page_count`.
            page_count: Accepted.
            model_framework: Only of this framework.
            kwargs: Accepted.
        """
        with sdk_errors():
            found = workspace._service.models.list(name)
        chosen = [
            Model._of(workspace, one)
            for one in found
            if (run_id is None or one.run == run_id)
            and dataset_id is None
            and (model_framework is None or one.framework == model_framework)
            and holds(one.tags, tags)
            and holds(one.properties, properties)
        ]
        if latest:
            by_name: Dict[str, Model] = {}
            for model in chosen:
                best = by_name.setdefault(model.name, model)
                by_name[model.name] = model if model.version > best.version else best
            chosen = [*by_name.values()]
        return chosen

    # -- its files --------------------------------------------------------------------------------

    def download(
        self, target_dir: str = ".", exist_ok: bool = False, exists_ok: Optional[bool] = None
    ) -> str:
        """Copy the model's files to this machine.

        Args:
            target_dir: The folder to put it in; made when it is missing.
            exist_ok: Replace what is there.
            exists_ok: The same, by its old name.

        Returns:
            Where the file or folder is.

        Raises:
            WebserviceException: It is there already, or cannot be written.
        """
        replace = exist_ok if exists_ok is None else exists_ok
        with sdk_errors(WebserviceException):
            placed = [
                (place_inside(Path(target_dir), path), key)
                for path, key in self._stored.files.items()
            ]
        tops = {path.partition("/")[0] for path in self._stored.files}
        target = os.path.join(target_dir, *tops) if len(tops) == 1 else target_dir
        there = [top for top in tops if os.path.exists(os.path.join(target_dir, top))]
        if there and not replace:
            raise WebserviceException(
                f"{os.path.join(target_dir, there[0])!r} exists already. Pass exist_ok=True to replace it."
            )
        try:
            os.makedirs(target_dir, exist_ok=True)
            for location, key in placed:
                self._copy(key, os.fspath(location))
        except OSError as error:
            raise WebserviceException(
                f"the model {self.id} cannot be written to {target_dir!r}: {error.strerror or error}",
                inner_exception=error,
            ) from error
        return target

    def _copy(self, key: str, target: str) -> None:
        folder = os.path.dirname(target) or os.curdir
        os.makedirs(folder, exist_ok=True)
        files = self.workspace._service.files
        with sdk_errors(), files.open_content(key) as source, replacing(target, mode=0o644) as copy:
            shutil.copyfileobj(source, copy, 1 << 20)

    @staticmethod
    def get_model_path(
        model_name: str, version: Optional[int] = None, _workspace: Optional[Workspace] = None
    ) -> str:
        """Where a model's file or folder is on this machine.

        In a job, or with a workspace, it is copied to `azureml-models/<name>/<version>/` first. Otherwise
        it is what is there already, or a file or folder called like the model.

        Args:
            model_name: The model's name.
            version: None: the latest.
            _workspace: Where it is registered.

        Raises:
            UserErrorException: The version is not an int.
            ModelNotFoundException: It is not here.
        """
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise UserErrorException(f"get_model_path: version={version!r} is not an int.")
        if _workspace is None and os.environ.get("TRACKBOARD_RUN_ID"):
            _workspace = workspace_of_job()
        if _workspace is not None:
            model = Model(_workspace, model_name, version=version)
            home = os.path.join(CACHE, model.name, str(model.version))
            return os.path.abspath(model.download(home, exist_ok=True))
        found = cached(model_name, version)
        if found is None and version is None and os.path.exists(model_name):
            found = model_name
        if found is None:
            raise ModelNotFoundException(
                f"There is no model {model_name!r} on this machine. Outside of a job, say where it is"
                f" registered: Model.get_model_path({model_name!r}, _workspace=workspace)."
            )
        return os.path.abspath(found)

    # -- what there is not -------------------------------------------------------------------------

    deploy = RefusedCall(_NOT_DEPLOYED, error=WebserviceException)
    package = RefusedCall(_NOT_DEPLOYED, error=WebserviceException)
    profile = RefusedCall(_NOT_DEPLOYED, error=WebserviceException)
    print_configuration = RefusedCall(_NOT_DEPLOYED, error=WebserviceException)
    get_sas_urls = RefusedCall("There are no URLs: model.download() gives you its files.")
    add_dataset_references = RefusedCall(
        "There are no datasets here. model.add_tags(...) can name them."
    )
    deserialize = RefusedCall("Model(workspace, id='name:version') finds a registered model.")
    sample_input_dataset = sample_output_dataset = resource_configuration = parent_id = None

    @property
    def datasets(self) -> Dict[str, Any]:
        """Empty: there are no datasets."""
        return {}

    @property
    def derived_model_ids(self) -> List[str]:
        """Empty: nothing is derived from models."""
        return []

    @property
    def unpack(self) -> bool:
        """Whether its files are packed: never."""
        return False

    @property
    def created_by(self) -> Dict[str, str]:
        """Empty: nobody signs in."""
        return {}


def _add(
    workspace: Workspace, made: StoredModel, framework: Optional[str], version: Optional[str]
) -> Model:
    whole = replaced(made, framework=framework or "", framework_version=version or "")
    with sdk_errors():
        return Model._of(workspace, workspace._service.models.add(whole))
