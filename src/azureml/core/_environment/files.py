"""Environments as files: a definition, and beside it what people like to edit by itself."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Mapping

from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.config.yaml_file import read_yaml
from trackboard.errors import TrackboardError
from trackboard.layout.reading import read_json, read_text
from trackboard.layout.safe_paths import given_path

_DEFINITION = "azureml_environment.json"
_CONDA = "conda_dependencies.yml"
_DOCKERFILE = "BaseDockerfile"


def write(definition: Mapping[str, Any], conda: str, folder: str, *, overwrite: bool) -> None:
    """Write an environment.

    Args:
        definition: All of it.
        conda: Its conda file; empty: there is none.
        folder: Where to.
        overwrite: Whether there may be one already.

    Raises:
        UserErrorException: There is one, or it cannot be written.
    """
    with sdk_errors():
        location = given_path(folder)
    if (location / _DEFINITION).exists() and not overwrite:
        raise UserErrorException(
            f"There is an environment in {str(location.absolute())!r} already. Pass overwrite=True, or"
            " another folder."
        )
    files = {_DEFINITION: json.dumps(definition, indent=4) + "\n", _CONDA: conda}
    files[_DOCKERFILE] = definition["docker"]["baseDockerfile"] or ""
    try:
        location.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            if text:
                (location / name).write_text(text, "utf-8")
            else:
                (location / name).unlink(missing_ok=True)
    except OSError as error:
        raise UserErrorException(
            f"The environment cannot be written to {str(location.absolute())!r}:"
            f" {error.strerror or error}",
            inner_exception=error,
        ) from error


def read(folder: str) -> Dict[str, Any]:
    """The definition of an environment; the files beside it say what has been edited since.

    Raises:
        UserErrorException: There is none, or it cannot be read.
    """
    with sdk_errors():
        location = given_path(folder)
    try:
        definition = dict(read_json(location / _DEFINITION, "definition of an environment"))
        if (location / _DOCKERFILE).exists():
            dockerfile = read_text(location / _DOCKERFILE, "Dockerfile")
            definition["docker"] = {**definition["docker"], "baseDockerfile": dockerfile}
        if (location / _CONDA).exists():
            conda = read_yaml(location / _CONDA, "conda file")
            if not isinstance(conda, dict):
                raise ValueError(f"{_CONDA} has no keys such as 'dependencies:'")
            definition["python"] = {**definition["python"], "condaDependencies": conda}
    except (TrackboardError, OSError, ValueError, KeyError, TypeError) as error:
        reason = error.message if isinstance(error, TrackboardError) else str(error)
        raise UserErrorException(
            f"There is no environment to be read in {os.path.abspath(folder)!r}: {reason}."
            " environment.save_to_directory(path) writes one.",
            inner_exception=error,
        ) from error
    return definition
