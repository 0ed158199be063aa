"""The environment of an estimator: its framework, and what else it was asked for."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Sequence, Tuple

from azureml.core.conda_dependencies import CondaDependencies, pip_lines
from azureml.core.environment import Environment
from azureml.exceptions import TrainingException
from azureml.train._parameters import Arguments

_NOT_BESIDE_A_DEFINITION = (
    "use_docker",
    "custom_docker_base_image",
    "custom_docker_image",
    "image_registry_details",
    "user_managed",
    "conda_packages",
    "pip_packages",
    "conda_dependencies_file_path",
    "pip_requirements_file_path",
    "conda_dependencies_file",
    "pip_requirements_file",
    "environment_variables",
    "shm_size",
)
_PACKAGES = (
    "conda_packages",
    "pip_packages",
    "conda_dependencies_file_path",
    "pip_requirements_file_path",
    "conda_dependencies_file",
    "pip_requirements_file",
)
_IMAGES = ("custom_docker_base_image", "custom_docker_image", "image_registry_details")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Framework:
    """What an estimator stands for.

    Attributes:
        name: As people write it.
        versions: Those that the SDK had.
        version: The one that is meant when none is given.
        packages: The requirements for a version, on a machine with or without a GPU.
    """

    name: str
    versions: Tuple[str, ...]
    version: str
    packages: Callable[[str, bool], List[str]]


@dataclass(frozen=True)
class Chosen:
    """An environment, and what was decided for the user on the way."""

    environment: Environment
    notes: Tuple[str, ...]


def check_version(owner: str, framework: Framework, version: Any) -> str:
    """The version that counts.

    Raises:
        TrainingException: The SDK had no such version.
    """
    if version is None:
        return framework.version
    if str(version) not in framework.versions:
        raise TrainingException(
            f"{owner}: framework_version={version!r} is not supported; there is"
            f" {', '.join(framework.versions)}. For another one, name the package itself in an"
            " Environment and submit a ScriptRunConfig."
        )
    return str(version)


def choose_environment(
    owner: str, asked: Arguments, framework: Optional[Framework], version: Optional[str]
) -> Chosen:
    """Make the environment of an estimator, or take the one that was given.

    Args:
        owner: The estimator's name, for messages.
        asked: Its arguments; none of them is changed.
        framework: What it stands for; None: nothing but what the arguments say.
        version: Of the framework.

    Raises:
        TrainingException: Arguments exclude each other, or a file is not there.
    """
    notes = [f"{name}= has no effect: no images here" for name in asked.list_said(*_IMAGES)]
    if asked.environment_definition is not None:
        return Chosen(_defined(owner, asked), tuple(notes))
    environment = Environment(f"{framework.name} {version}" if framework else owner)
    if asked.user_managed:
        environment.python.user_managed_dependencies = True
        notes += [
            f"{name}= has no effect: user_managed=True means this Python as it is"
            for name in asked.list_said(*_PACKAGES)
        ]
        return Chosen(environment, tuple(notes))
    has_gpu = bool(asked.use_gpu) and _has_gpu()
    if asked.use_gpu and not has_gpu:
        notes.append("use_gpu=True: there is no GPU on this machine, so the job uses its CPUs")
    file = _file(owner, asked, "conda_dependencies_file")
    if framework is None or version is None or file is not None:
        own: List[str] = []
    else:
        own = framework.packages(version, has_gpu)
        if not any(version in package for package in own):
            notes.append(
                f"{framework.name} {version} can be installed on no Python of today: the newest version"
                " stands in for it"
            )
    environment.python.conda_dependencies = _dependencies(owner, asked, own, file)
    return Chosen(environment, tuple(notes))


def _dependencies(
    owner: str, asked: Arguments, own: Sequence[str], file: Optional[str]
) -> CondaDependencies:
    pip = _packages(owner, asked, "pip_packages")
    requirements = _file(owner, asked, "pip_requirements_file")
    lines = [] if requirements is None else pip_lines(requirements)
    pip += [line for line in lines if not line.startswith("--")]
    conda = _packages(owner, asked, "conda_packages")
    taken = {_key(package) for package in (*pip, *conda)}
    pip = [*(package for package in own if _key(package) not in taken), *pip]
    found = CondaDependencies(file)
    for package in conda:
        found.add_conda_package(package)
    for package in pip:
        found.add_pip_package(package)
    for line in lines:
        if line.startswith("--"):
            found.set_pip_option(line)
    return found


def _defined(owner: str, asked: Arguments) -> Environment:
    also = asked.list_said(*_NOT_BESIDE_A_DEFINITION)
    if also:
        raise TrainingException(
            f"{owner}: environment_definition= says everything about the environment, so"
            f" {', '.join(f'{name}=' for name in also)} cannot be given as well."
        )
    definition = asked.environment_definition
    if not isinstance(definition, Environment):
        raise TrainingException(
            f"{owner}: environment_definition={definition!r} is {type(definition).__name__}; pass an"
            " Environment, for example Environment.get(workspace, name)."
        )
    return definition


def _packages(owner: str, asked: Arguments, name: str) -> List[str]:
    """A list of packages, as a list of our own."""
    given = getattr(asked, name)
    if isinstance(given, str) or any(not isinstance(one, str) for one in given or ()):
        raise TrainingException(
            f"{owner}: {name}={given!r} is not allowed; pass a list of text, for example"
            f" {name}=['numpy', 'pandas>=2']."
        )
    return [*(given or ())]


def _file(owner: str, asked: Arguments, name: str) -> Optional[str]:
    """The file of one of two arguments; what is relative may be so to the source folder, too."""
    given, within = getattr(asked, name), getattr(asked, f"{name}_path")
    if given is not None and within is not None:
        raise TrainingException(f"{owner} takes {name}= or {name}_path=, not both.")
    if given is None and within is None:
        return None
    path = os.fspath(within if given is None else given)
    below = os.path.join(asked.source_directory or os.curdir, path)
    for location in (path, below) if within is None else (below, path):
        if os.path.isfile(location):
            return str(location)
    raise TrainingException(
        f"{owner}: {name}={path!r} is not there, neither as {os.path.abspath(path)} nor as"
        f" {os.path.abspath(below)}."
    )


def _key(package: str) -> str:
    """What a requirement names, in one spelling."""
    found = _NAME.match(package.rpartition("::")[2])
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else package


def _has_gpu() -> bool:
    return shutil.which("nvidia-smi") is not None
