"""From the SDK's environment to what `trackboard` is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Tuple

from azureml.core._environment.sections import DEFAULT_CPU_IMAGE
from azureml.core.conda_dependencies import CondaDependencies
from azureml.exceptions import UserErrorException
from trackboard.model import EnvironmentRequest

if TYPE_CHECKING:
    from azureml.core.environment import Environment


def request_of(environment: Environment) -> EnvironmentRequest:
    """What an environment asks for.

    Raises:
        UserErrorException: Only its image knows.
    """
    python = environment.python
    conda = None if python.user_managed_dependencies else python.conda_dependencies
    if not environment.docker._is_of_the_sdk and (conda is None or not _asks_for_packages(conda)):
        raise UserErrorException(_only_docker(environment))
    version = environment.version or ""
    if python.user_managed_dependencies:
        return EnvironmentRequest(environment.name, version, interpreter=python.interpreter_path)
    if conda is None:
        return EnvironmentRequest(environment.name, version)
    return EnvironmentRequest(
        name=environment.name,
        version=version,
        python=conda._written_python,
        pip_packages=conda._written_pip,
        conda_packages=conda._written_conda,
        pip_options=tuple(conda.pip_options),
        curated=conda._curated,
    )


def notes_of(environment: Environment) -> Tuple[str, ...]:
    """What a job's log says of what has no effect."""
    docker = environment.docker
    if not docker._is_of_the_sdk:
        what = f"{docker._source} of environment {environment.name!r} is not used"
    elif docker.base_image not in (None, DEFAULT_CPU_IMAGE):
        what = f"image {docker.base_image!r} is not used"
    elif docker.enabled:
        what = "Docker is not used"
    else:
        return ()
    return (f"{what}: the job runs on this machine's system, with the environment's packages",)


def _asks_for_packages(conda: CondaDependencies) -> bool:
    names: List[str] = [*conda._written_conda, *conda._written_pip]
    return any(not name.lower().startswith("azureml-") for name in names)


def _only_docker(environment: Environment) -> str:
    docker = environment.docker
    return (
        f"Environment {environment.name!r} is {docker._source}, and jobs run without Docker here, so"
        " nobody knows which packages the job needs. Say so:"
        " environment.python.conda_dependencies = CondaDependencies.create(pip_packages=[...]) and"
        " environment.python.user_managed_dependencies = False; or use the Python of this machine:"
        f" {_without_image(environment)}."
    )


def _without_image(environment: Environment) -> str:
    docker = environment.docker
    sources = ("base_image", "base_dockerfile", "build_context")
    named = next(one for one in sources if getattr(docker, one) is not None)
    return f"environment.docker.{named} = None"
