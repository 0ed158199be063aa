"""`azureml.core.environment`: what a job's interpreter has installed."""

from __future__ import annotations

import copy
import json
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    List,
    Mapping,
    Optional,
    Tuple,
    Union,
)

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml._notice import warn
from azureml.core._environment import build, files
from azureml.core._environment.attributes import CHECKS, no_attribute
from azureml.core._environment.build import DockerImageDetails, ImageBuildDetails
from azureml.core._environment.by_name import EnvironmentsByName
from azureml.core._environment.conda_command import export_conda
from azureml.core._environment.definition import definition_of, read_definition
from azureml.core._environment.names import RegisteredEnvironments, check_name, spec_of
from azureml.core._environment.private_wheels import keep_wheel
from azureml.core._environment.request import job_variables, notes_of, request_of
from azureml.core._environment.sections import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    DockerBuildContext,
    DockerImagePlatform,
    DockerSection,
    PythonSection,
    RCranPackage,
    RGitHubPackage,
    RSection,
    SparkPackage,
    SparkSection,
)
from azureml.core._environment.spec import EnvironmentSpec
from azureml.core._settings.requirements import pip_lines
from azureml.core.conda_dependencies import PYTHON_DEFAULT_VERSION, CondaDependencies
from azureml.core.container_registry import ContainerRegistry
from azureml.core.databricks import DatabricksSection
from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.environments import Curated, plan_environment

if TYPE_CHECKING:
    from azureml.core.workspace import Workspace
    from trackboard.model import EnvironmentRequest

__getattr__ = other_names(__name__)

PythonEnvironment = PythonSection  # older names
DockerEnvironment = DockerSection
SparkEnvironment = SparkSection

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "CondaDependencies",
    "ContainerRegistry",
    "DatabricksSection",
    "DockerBuildContext",
    "DockerEnvironment",
    "DockerImageDetails",
    "DockerImagePlatform",
    "DockerSection",
    "Environment",
    "EnvironmentReference",
    "ImageBuildDetails",
    "PythonEnvironment",
    "PythonSection",
    "RCranPackage",
    "RGitHubPackage",
    "RSection",
    "SparkEnvironment",
    "SparkPackage",
    "SparkSection",
]


class Environment:
    """What a job's interpreter has installed.

    Args:
        name: The name of the environment.

    Attributes:
        name: The name of the environment.
        version: Of a registered or curated environment, else None.
        python: Which Python, with which packages.
        docker: An image; jobs run without one.
        environment_variables: Variables of the job; those of its configuration win over them.
        spark: Kept and shown.
        databricks: Kept and shown.
        r: Kept and shown.
        inferencing_stack_version: Kept and shown.
        asset_id: Kept and shown.

    Raises:
        TypeError: The name is no text.
    """

    name: str
    version: Optional[str]
    asset_id: Optional[str]
    environment_variables: Dict[str, str]
    python: PythonSection
    docker: DockerSection
    spark: SparkSection
    databricks: DatabricksSection
    r: Optional[RSection]
    inferencing_stack_version: Optional[str]

    def __init__(self, name: str, **kwargs: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"Environment(name): {name!r} is {type(name).__name__}, not text")
        self.name = name
        self.version = None
        self.asset_id = None
        self.environment_variables = {}
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = SparkSection()
        self.databricks = DatabricksSection()
        self.r = None
        self.inferencing_stack_version = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in CHECKS:
            raise AttributeError(no_attribute(name))
        object.__setattr__(self, name, CHECKS[name](value))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(no_attribute(name))

    def __str__(self) -> str:
        return f"Environment(Name: {self.name},\nVersion: {self.version})"

    def __repr__(self) -> str:
        return json.dumps(self._definition(), indent=4, default=str)

    # -- by name ----------------------------------------------------------------------------------

    @staticmethod
    def get(
        workspace: Workspace,
        name: str,
        version: Optional[str] = None,
        label: Optional[str] = None,
    ) -> Environment:
        """The environment of that name: a registered one, or a curated one in any case of its letters.

        Args:
            workspace: Where it is registered.
            name: Its name.
            version: None: the newest. Curated ones have the same packages in all versions.
            label: Instead of the version: one that was set, or `latest`.

        Raises:
            UserErrorException: Both version and label were given, or there is none; the error for that
                is a ServiceException as well, with `status_code` 404.

        Source: article, "Configure and submit your run".
        """
        if not isinstance(name, str):
            raise TypeError(f"Environment.get: name={name!r} is {type(name).__name__}, not text")
        if version is not None and label is not None:
            raise UserErrorException("Environment.get takes version= or label=, not both.")
        found = _registered(workspace).find(name, version, label)
        return Environment._of(spec_of(found, version))

    @staticmethod
    def list(workspace: Workspace) -> Dict[str, Environment]:
        """The newest version of each environment by name, the best known curated ones among them.

        Every other name that `Environment.get` knows is found in it, too.
        """
        found = _registered(workspace).latest()
        listed = {name: Environment._of(spec_of(one)) for name, one in found.items()}
        return EnvironmentsByName(listed, lambda name: Environment.get(workspace, name))

    def register(self, workspace: Workspace) -> Environment:
        """Keep it under its name; the same definition again is the same version.

        Returns:
            What was registered, with its version.

        Raises:
            UserErrorException: The name is reserved or not allowed.
        """
        check_name(self.name)
        stored = _registered(workspace).add(
            self.name, {**json.loads(repr(self)), "version": None}, self.version or ""
        )
        if self.version and stored.version != self.version:
            warn(
                f"Version {self.version} of environment {self.name!r} is another one, and versions do"
                f" not change: this one is version {stored.version}."
            )
        return Environment._of(spec_of(stored))

    @staticmethod
    def label(workspace: Workspace, name: str, version: str, labels: Union[str, List[str]]) -> None:
        """Let labels mean a version of a registered environment.

        Args:
            workspace: Where it is registered.
            name: Its name.
            version: The version that they mean from now on.
            labels: One label, or a list of them.

        Raises:
            UserErrorException: There is no such version, or a label is not allowed.
        """
        registered = _registered(workspace)
        if not isinstance(registered.find(name, version, None), Curated):
            for label in [labels] if isinstance(labels, str) else labels:
                registered.set_label(name, str(version), label)
            return
        raise UserErrorException(f"{name!r} is a curated environment: it has no labels.")

    def clone(self, new_name: str) -> Environment:
        """A copy under another name, without a version."""
        if not isinstance(new_name, str):
            raise TypeError(f"clone(new_name): {new_name!r} is {type(new_name).__name__}, not text")
        made = copy.deepcopy(self)
        made.name = new_name
        made.version = made.asset_id = None
        return made

    # -- from elsewhere ---------------------------------------------------------------------------

    @staticmethod
    def from_conda_specification(name: str, file_path: str) -> Environment:
        """An environment with what a conda file lists.

        Raises:
            UserErrorException: The file cannot be read or is no conda file.
        """
        conda = CondaDependencies(file_path)
        if conda.get_python_version() is None:
            conda.set_python_version(PYTHON_DEFAULT_VERSION)
        made = Environment(name)
        made.python.conda_dependencies = conda
        return made

    @staticmethod
    def from_pip_requirements(
        name: str, file_path: str, pip_version: Optional[str] = None
    ) -> Environment:
        """An environment with what a requirements file of pip lists, and the files that it names.

        Args:
            name: Its name.
            file_path: The file.
            pip_version: Accepted: uv installs.

        Raises:
            UserErrorException: A file cannot be read, or a line means nothing.
        """
        conda = CondaDependencies.create(pip_packages=[])
        conda.set_pip_requirements(pip_lines(file_path))
        made = Environment(name)
        made.python.conda_dependencies = conda
        return made

    @staticmethod
    def from_existing_conda_environment(
        name: str, conda_environment_name: str
    ) -> Optional[Environment]:
        """An environment with what a conda environment of this machine holds.

        Returns:
            None, with the reason printed, where there is no conda or no such environment.
        """
        conda = export_conda(conda_environment_name)
        if conda is None:
            return None
        made = Environment(name)
        made.python.conda_dependencies = conda
        return made

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: Optional[ContainerRegistry] = None,
        conda_specification: Optional[str] = None,
        pip_requirements: Optional[str] = None,
    ) -> Environment:
        """An environment of an image. Without packages it cannot be submitted: jobs run without Docker.

        Args:
            name: Its name.
            image: Kept and shown.
            container_registry: Kept and shown.
            conda_specification: A conda file that lists what the job needs.
            pip_requirements: Instead: a requirements file of pip.

        Raises:
            UserErrorException: Both files were given, or one cannot be read.
        """
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker.base_image = image
        if container_registry is not None:
            made.docker.base_image_registry = container_registry
        return made

    @staticmethod
    def from_dockerfile(
        name: str,
        dockerfile: Any,
        conda_specification: Optional[str] = None,
        pip_requirements: Optional[str] = None,
    ) -> Environment:
        """The same with a Dockerfile: its text, its path, or an open file."""
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker.base_dockerfile = dockerfile
        return made

    @staticmethod
    def from_docker_build_context(
        name: str, docker_build_context: DockerBuildContext
    ) -> Environment:
        """The same with the folder that an image is built from."""
        made = _with_packages(name, None, None)
        made.docker.build_context = docker_build_context
        return made

    @staticmethod
    def add_private_pip_wheel(workspace: Workspace, file_path: str, exist_ok: bool = False) -> str:
        """Keep a wheel in the workspace.

        Returns:
            Its address, for `CondaDependencies.add_pip_package`.

        Raises:
            UserErrorException: It is no wheel, or there is one of that name and not `exist_ok`.
        """
        return keep_wheel(
            workspace._service.environments.get_wheels_folder(), file_path, replace=exist_ok
        )

    # -- as files ---------------------------------------------------------------------------------

    def save_to_directory(self, path: str, overwrite: bool = False) -> None:
        """Write it into a folder.

        Raises:
            UserErrorException: There is one in it and not `overwrite`, or it cannot be written.
        """
        conda = self.python.conda_dependencies
        text = "" if conda is None else conda.serialize_to_string()
        files.write(self._definition(), text, path, overwrite=overwrite)

    @staticmethod
    def load_from_directory(path: str) -> Environment:
        """Read what `save_to_directory` wrote; its conda file may have been edited since.

        Raises:
            UserErrorException: There is none.
        """
        return Environment._from_definition(files.read(path))

    # -- built ------------------------------------------------------------------------------------

    def build(
        self, workspace: Workspace, image_build_compute: Optional[object] = None
    ) -> ImageBuildDetails:
        """Build it now, so that the first job need not; what happens is printed.

        Args:
            workspace: Accepted: what is built serves all workspaces of this user.
            image_build_compute: Accepted: it is built here.

        Returns:
            How it went; `wait_for_completion()` raises when it failed.
        """
        return build.build(self._request(), self._job_variables())

    def build_local(
        self, workspace: Workspace, platform: Optional[object] = None, **kwargs: Any
    ) -> ImageBuildDetails:
        """The same, but a failure is raised.

        Args:
            workspace: Accepted.
            platform: Accepted.
            kwargs: Accepted, but for `useDocker=True`.

        Raises:
            UserErrorException: Docker was asked for.
            ActivityFailedException: It cannot be built.
        """
        if kwargs.get("useDocker"):
            raise UserErrorException(
                "build_local(useDocker=True): there is no Docker here; leave useDocker out."
            )
        details = self.build(workspace)
        details.wait_for_completion()
        return details

    def get_image_details(self, workspace: Workspace) -> DockerImageDetails:
        """Which interpreter it is, under the SDK's keys: there is no image."""
        with sdk_errors():
            return build.describe_image(plan_environment(self._request()))

    # -- for the facade's other parts -------------------------------------------------------------

    def _request(self) -> EnvironmentRequest:
        """What a job asks `trackboard` for."""
        return request_of(self._spec())

    def _notes(self) -> Tuple[str, ...]:
        """What a job's log says of what has no effect."""
        return notes_of(self._spec())

    def _job_variables(self) -> Dict[str, str]:
        """Variables of a job, those of the conda file among them."""
        return job_variables(self._spec())

    def _definition(self) -> Dict[str, Any]:
        """All of it as JSON, under the SDK's keys; passwords and tokens are left out."""
        return definition_of(self._spec())

    @classmethod
    def _from_definition(cls, definition: Mapping[str, Any]) -> Environment:
        """The environment of a definition; what has no name here is left out.

        Raises:
            UserErrorException: A part of it is none.
        """
        return cls._of(read_definition(definition))

    def _spec(self) -> EnvironmentSpec:
        """What it says at this moment."""
        return EnvironmentSpec(**{name: getattr(self, name) for name in CHECKS})

    @classmethod
    def _of(cls, spec: EnvironmentSpec) -> Environment:
        """The environment that says what a spec says."""
        made = cls(spec.name)
        for name in CHECKS:
            setattr(made, name, getattr(spec, name))
        return made


class EnvironmentReference:
    """The name and version of an environment.

    Args:
        name: Its name.
        version: None: the newest.
    """

    def __init__(self, name: str, version: Optional[str] = None) -> None:
        self.name = name
        self.version = version

    def get_environment(self, workspace: Workspace) -> Environment:
        """The environment itself."""
        return Environment.get(workspace, self.name, self.version)

    def __repr__(self) -> str:
        return f"EnvironmentReference(Name: {self.name},\nVersion: {self.version})"


def _registered(workspace: Workspace) -> RegisteredEnvironments:
    return RegisteredEnvironments(workspace._service.environments, workspace.name)


def _with_packages(name: str, conda: Optional[str], pip: Optional[str]) -> Environment:
    """An environment with what a file lists; without one, it is the image that holds the packages."""
    if conda is not None and pip is not None:
        raise UserErrorException(
            "Pass conda_specification= or pip_requirements=, not both: a conda file has a part for pip."
        )
    if conda is not None:
        return Environment.from_conda_specification(name, conda)
    if pip is not None:
        return Environment.from_pip_requirements(name, pip)
    made = Environment(name)
    made.python.user_managed_dependencies = True
    return made
