"""Environments as JSON, under the SDK's keys."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from azureml.core._environment.attributes import CHECKS
from azureml.core._environment.sections import DockerSection, PythonSection, SparkSection
from azureml.core._environment.spec import EnvironmentSpec
from azureml.core._settings.sections import as_plain, fill, key_of
from azureml.core.databricks import DatabricksSection
from azureml.exceptions import UserErrorException

_WHOLE = ("version", "asset_id", "environment_variables", "r", "inferencing_stack_version")


def definition_of(spec: EnvironmentSpec) -> Dict[str, Any]:
    """Return the definition of an environment; passwords and tokens are left out."""
    plain = {key_of(name): as_plain(getattr(spec, name)) for name in CHECKS}
    plain["docker"]["baseImageRegistry"]["password"] = None
    for package in (plain["r"] or {}).get("githubPackages") or ():
        package["authToken"] = None
    return plain


def read_definition(definition: Mapping[str, Any]) -> EnvironmentSpec:
    """Read an environment from its definition; what has no name here is left out.

    Raises:
        UserErrorException: A part of it is none.
    """
    return EnvironmentSpec(
        name=str(definition.get("name") or ""),
        python=_read_python(_settings(definition, "python")),
        docker=_read_docker(_settings(definition, "docker")),
        spark=_filled(SparkSection(), _settings(definition, "spark")),
        databricks=_filled(DatabricksSection(), _settings(definition, "databricks")),
        **{
            name: CHECKS[name](definition[key_of(name)])
            for name in _WHOLE
            if definition.get(key_of(name)) is not None
        },
    )


def _read_python(given: Mapping[str, Any]) -> PythonSection:
    python = PythonSection()
    fill(python, given, but=["conda_dependencies"])
    if "condaDependencies" in given:
        python.conda_dependencies = given["condaDependencies"]
    return python


def _read_docker(given: Mapping[str, Any]) -> DockerSection:
    docker = DockerSection()
    if "baseImage" in given:
        docker.base_image = given["baseImage"]
    fill(docker, given, but=["base_image"])
    return docker


def _filled(section: Any, given: Mapping[str, Any]) -> Any:
    fill(section, given, but=[])
    return section


def _settings(definition: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    given = definition.get(key) or {}
    if not isinstance(given, Mapping):
        raise UserErrorException(f"{key}: {given!r} are no settings of an environment.")
    return given
