"""The parts of an environment: its Python, and what is kept of Docker, Spark and R.

A docstring says what has an effect here; *Accepted* is what is kept, shown, and changes nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, List, Mapping, Optional, Type

from azureml._notice import warn
from azureml.core._settings.sections import Section, fill
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.container_registry import ContainerRegistry
from azureml.exceptions import UserErrorException
from trackboard.errors import TrackboardError
from trackboard.layout.reading import read_text

DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"

_SDK_IMAGES = "mcr.microsoft.com/azureml/"
_SDK_IMAGES_WITH_PACKAGES = f"{_SDK_IMAGES}curated/"
_DOCKERFILE_BYTES = 1 << 20
_SOURCES = ("base_image", "base_dockerfile", "build_context")  # of an image: one at a time


def part(kind: Type[Section], value: Any) -> Any:
    """A section, or what a file says of one."""
    if value is None or isinstance(value, kind):
        return value
    if isinstance(value, Mapping):
        made = kind()
        fill(made, value, but=[])
        return made
    raise UserErrorException(f"{value!r} is {type(value).__name__}; it must be a {kind.__name__}.")


def _parts(kind: Type[Section]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value is not None and not isinstance(value, (list, tuple)):
            raise UserErrorException(f"{value!r} is {type(value).__name__}; it must be a list.")
        return None if value is None else [part(kind, one) for one in value]

    return check


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UserErrorException(
            f"user_managed_dependencies={value!r} is not allowed; use True or False."
        )
    return value


def _path(value: Any) -> str:
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise UserErrorException(
            f"interpreter_path={value!r} is not allowed; use the path of a Python, or 'python' for"
            " the one that submits."
        )
    return str(os.fspath(value))


def _conda(value: Any) -> Optional[CondaDependencies]:
    if value is None or isinstance(value, CondaDependencies):
        return value
    if isinstance(value, Mapping):
        return CondaDependencies(_underlying_structure=value)
    raise UserErrorException(
        f"conda_dependencies={value!r} is {type(value).__name__}. Pass"
        " CondaDependencies.create(pip_packages=[...]), or CondaDependencies('conda.yml')."
    )


@dataclass(init=False, repr=False)
class PythonSection(Section):
    """Which Python, with what installed.

    Attributes:
        user_managed_dependencies: Use `interpreter_path` as it is, and install nothing.
        interpreter_path: Its path; `python` is the one that submits.
        conda_dependencies: What is installed otherwise. While it asks for nothing but the SDK's own
            packages, it means the Python that submits, as it is.
        base_conda_environment: Accepted.
    """

    user_managed_dependencies: bool
    interpreter_path: str
    conda_dependencies: Optional[CondaDependencies]
    base_conda_environment: Optional[str]

    accepted: ClassVar[Mapping[str, Any]] = {"conda_dependencies_file": None}
    checks: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        "user_managed_dependencies": _flag,
        "interpreter_path": _path,
        "conda_dependencies": _conda,
    }

    def __init__(self, **kwargs: Any) -> None:
        self.user_managed_dependencies = False
        self.interpreter_path = "python"
        self.conda_dependencies = CondaDependencies()
        self.base_conda_environment = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "conda_dependencies_file":
            name, value = "conda_dependencies", CondaDependencies(value)
        super().__setattr__(name, value)


@dataclass(repr=False)
class DockerImagePlatform(Section):
    """*Accepted*.

    Args:
        os: Kept and shown.
        architecture: Kept and shown.
    """

    os: str = "Linux"
    architecture: str = "amd64"


@dataclass(repr=False)
class DockerBuildContext(Section):
    """The folder that an image is built from. *Accepted*: no images are built.

    Args:
        location_type: Kept and shown.
        location: Kept and shown.
        dockerfile_path: Kept and shown.
    """

    location_type: Optional[str] = None
    location: Optional[str] = None
    dockerfile_path: str = "Dockerfile"

    @staticmethod
    def from_local_directory(
        workspace: Any, path: str, dockerfile_path: str = "Dockerfile"
    ) -> DockerBuildContext:
        """A folder of this machine; nothing of it is copied.

        Raises:
            UserErrorException: It is not there, or has no such file.
        """
        folder = os.path.abspath(path)
        if not os.path.isfile(os.path.join(folder, dockerfile_path)):
            raise UserErrorException(f"There is no {dockerfile_path!r} in the folder {folder!r}.")
        return DockerBuildContext("localDirectory", folder, dockerfile_path)


def _dockerfile(value: Any) -> Optional[str]:
    """The text of a Dockerfile: as it is, of an open file, or of the file with that path."""
    if value is None:
        return None
    if hasattr(value, "read"):
        text = value.read()
        return str(text.decode("utf-8") if isinstance(text, bytes) else text)
    if not isinstance(value, (str, os.PathLike)):
        raise UserErrorException(
            f"base_dockerfile={value!r} is {type(value).__name__}; pass its text or its path."
        )
    if isinstance(value, str) and len(value.split()) > 1 and not os.path.isfile(value):
        return value  # instructions have several words
    try:
        return read_text(value, "Dockerfile", _DOCKERFILE_BYTES)
    except TrackboardError as error:
        raise UserErrorException(
            f"base_dockerfile={os.fspath(value)[:300]!r} is no text of a Dockerfile, and no file that"
            f" can be read: {error}",
            inner_exception=error,
        ) from error


@dataclass(init=False, repr=False)
class DockerSection(Section):
    """An image. Jobs run without one, so that all of this is *Accepted*.

    With an image other than the SDK's own and no packages of Python, nobody knows what the job needs:
    such an environment is refused when it is submitted.
    """

    enabled: bool
    base_image: Optional[str]
    base_dockerfile: Optional[str]
    build_context: Optional[DockerBuildContext]
    base_image_registry: ContainerRegistry
    platform: DockerImagePlatform
    shared_volumes: bool
    arguments: List[str]
    shm_size: Optional[str]

    checks: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        "base_dockerfile": _dockerfile,
        "build_context": lambda value: part(DockerBuildContext, value),
        "base_image_registry": lambda value: part(ContainerRegistry, value),
        "platform": lambda value: part(DockerImagePlatform, value),
    }

    def __init__(self, **kwargs: Any) -> None:
        self.__dict__["base_dockerfile"] = self.__dict__["build_context"] = None
        self.__dict__["base_image"] = DEFAULT_CPU_IMAGE
        self.enabled = False
        self.base_image_registry = ContainerRegistry()
        self.platform = DockerImagePlatform()
        self.shared_volumes = True
        self.arguments = []
        self.shm_size = "2g"

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "gpu_support":
            return
        super().__setattr__(name, value)
        if name not in _SOURCES or value is None:
            return
        for other in _SOURCES:
            if other != name and self.__dict__[other] is not None:
                if self.__dict__[other] != DEFAULT_CPU_IMAGE:
                    warn(
                        f"docker.{name} is set, so docker.{other} is None now: there is one image."
                    )
                self.__dict__[other] = None

    @property
    def gpu_support(self) -> bool:
        """Whether jobs see the GPUs: what there is of them, always."""
        return True

    @property
    def _is_of_the_sdk(self) -> bool:
        """Whether Python comes from the packages, not from the image."""
        if self.base_dockerfile is not None or self.build_context is not None:
            return False
        image = self.base_image or _SDK_IMAGES
        return image.startswith(_SDK_IMAGES) and not image.startswith(_SDK_IMAGES_WITH_PACKAGES)

    @property
    def _source(self) -> str:
        """Where its image comes from, in words."""
        if self.build_context is not None:
            return f"the build context {self.build_context.location!r}"
        return "a Dockerfile" if self.base_dockerfile is not None else f"image {self.base_image!r}"


@dataclass(repr=False)
class SparkPackage(Section):
    """*Accepted*: Spark is a package of Python here, `pyspark`.

    Args:
        group: Kept and shown.
        artifact: Kept and shown.
        version: Kept and shown.
    """

    group: Optional[str] = None
    artifact: Optional[str] = None
    version: Optional[str] = None


@dataclass(init=False, repr=False)
class SparkSection(Section):
    """*Accepted*: kept and shown."""

    repositories: List[str]
    packages: List[SparkPackage]
    precache_packages: bool

    checks: ClassVar[Mapping[str, Callable[[Any], Any]]] = {"packages": _parts(SparkPackage)}

    def __init__(self, **kwargs: Any) -> None:
        self.repositories = []
        self.packages = []
        self.precache_packages = True


@dataclass(repr=False)
class RCranPackage(Section):
    """*Accepted*: jobs run Python.

    Args:
        name: Kept and shown.
        version: Kept and shown.
        repository: Kept and shown.
    """

    name: Optional[str] = None
    version: Optional[str] = None
    repository: Optional[str] = None


@dataclass(repr=False)
class RGitHubPackage(Section):
    """*Accepted*, like `RCranPackage`.

    Args:
        repository: Kept and shown.
        auth_token: Kept and shown.
    """

    repository: Optional[str] = None
    auth_token: Optional[str] = None


@dataclass(init=False, repr=False)
class RSection(Section):
    """*Accepted*: kept and shown; jobs run Python."""

    r_version: Optional[str]
    user_managed: bool
    rscript_path: Optional[str]
    snapshot_date: Optional[str]
    cran_packages: Optional[List[RCranPackage]]
    github_packages: Optional[List[RGitHubPackage]]
    custom_url_packages: Optional[List[str]]
    bioconductor_packages: Optional[List[str]]

    checks: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        "cran_packages": _parts(RCranPackage),
        "github_packages": _parts(RGitHubPackage),
    }

    def __init__(self) -> None:
        self.r_version = None
        self.user_managed = False
        self.rscript_path = None
        self.snapshot_date = None
        self.cran_packages = None
        self.github_packages = None
        self.custom_url_packages = None
        self.bioconductor_packages = None
