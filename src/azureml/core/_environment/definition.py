"""Environments as JSON, under the SDK's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping

from azureml.core._environment.attributes import CHECKS
from azureml.core._settings.sections import as_plain, fill, key_of
from azureml.exceptions import UserErrorException

if TYPE_CHECKING:
    from azureml.core.environment import Environment

_WHOLE = ("version", "asset_id", "environment_variables", "r", "inferencing_stack_version")


def definition_of(environment: Environment) -> Dict[str, Any]:
    """The definition of an environment; passwords and tokens are left out."""
    plain = {key_of(name): as_plain(getattr(environment, name)) for name in CHECKS}
    plain["docker"]["baseImageRegistry"]["password"] = None
    for package in (plain["r"] or {}).get("githubPackages") or ():
        package["authToken"] = None
    return plain


def define(environment: Environment, definition: Mapping[str, Any]) -> None:
    """Set a new environment to what a definition says.

    Raises:
        UserErrorException: A part of it is none.
    """
    _define_python(environment, _settings(definition, "python"))
    _define_docker(environment, _settings(definition, "docker"))
    fill(environment.spark, _settings(definition, "spark"), but=[])
    fill(environment.databricks, _settings(definition, "databricks"), but=[])
    for name in _WHOLE:
        if definition.get(key_of(name)) is not None:
            setattr(environment, name, definition[key_of(name)])


def _define_python(environment: Environment, given: Mapping[str, Any]) -> None:
    fill(environment.python, given, but=["conda_dependencies"])
    if "condaDependencies" in given:
        environment.python.conda_dependencies = given["condaDependencies"]


def _define_docker(environment: Environment, given: Mapping[str, Any]) -> None:
    if "baseImage" in given:
        environment.docker.base_image = given["baseImage"]
    fill(environment.docker, given, but=["base_image"])


def _settings(definition: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    given = definition.get(key) or {}
    if not isinstance(given, Mapping):
        raise UserErrorException(f"{key}: {given!r} are no settings of an environment.")
    return given
