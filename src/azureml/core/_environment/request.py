"""From the SDK's environment to what `trackboard` is asked for."""

from __future__ import annotations

from typing import Dict, List, Tuple

from azureml.core._environment.sections import DEFAULT_CPU_IMAGE
from azureml.core._environment.spec import EnvironmentSpec
from azureml.core.conda_dependencies import CondaDependencies
from azureml.exceptions import UserErrorException
from trackboard.model import EnvironmentRequest


def request_of(spec: EnvironmentSpec) -> EnvironmentRequest:
    """Return what an environment asks `trackboard` for.

    Raises:
        UserErrorException: Only its image knows.
    """
    python = spec.python
    conda = None if python.user_managed_dependencies else python.conda_dependencies
    if not spec.docker._is_of_the_sdk and (conda is None or not _asks_for_packages(conda)):
        raise UserErrorException(_only_docker(spec))
    version = spec.version or ""
    if python.user_managed_dependencies:
        return EnvironmentRequest(spec.name, version, interpreter=python.interpreter_path)
    if conda is None:
        return EnvironmentRequest(spec.name, version)
    return EnvironmentRequest(
        name=spec.name,
        version=version,
        python=conda._written_python,
        pip_packages=conda._written_pip,
        conda_packages=conda._written_conda,
        pip_options=tuple(conda.pip_options),
        curated=conda._curated,
    )


def notes_of(spec: EnvironmentSpec) -> Tuple[str, ...]:
    """Return what a job's log says of what has no effect."""
    docker = spec.docker
    if not docker._is_of_the_sdk:
        what = f"{docker._source} of environment {spec.name!r} is not used"
    elif docker.base_image not in (None, DEFAULT_CPU_IMAGE):
        what = f"image {docker.base_image!r} is not used"
    elif docker.enabled:
        what = "Docker is not used"
    else:
        return ()
    return (f"{what}: the job runs on this machine's system, with the environment's packages",)


def job_variables(spec: EnvironmentSpec) -> Dict[str, str]:
    """Return the variables of a job, those of the conda file among them."""
    conda = spec.python.conda_dependencies
    return {**({} if conda is None else conda._variables), **spec.environment_variables}


def _asks_for_packages(conda: CondaDependencies) -> bool:
    names: List[str] = [*conda._written_conda, *conda._written_pip]
    return any(not name.lower().startswith("azureml-") for name in names)


def _only_docker(spec: EnvironmentSpec) -> str:
    docker = spec.docker
    return (
        f"Environment {spec.name!r} is {docker._source}, and jobs run without Docker here, so"
        " nobody knows which packages the job needs. Say so:"
        " environment.python.conda_dependencies = CondaDependencies.create(pip_packages=[...]) and"
        " environment.python.user_managed_dependencies = False; or use the Python of this machine:"
        f" {_without_image(spec)}."
    )


def _without_image(spec: EnvironmentSpec) -> str:
    docker = spec.docker
    sources = ("base_image", "base_dockerfile", "build_context")
    named = next(one for one in sources if getattr(docker, one) is not None)
    return f"environment.docker.{named} = None"
