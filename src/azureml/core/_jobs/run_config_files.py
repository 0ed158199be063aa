"""Configurations of runs as files: `.azureml/<name>.runconfig` and what belongs to it beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

import yaml

from azureml.core._settings.sections import Section, as_plain, fill
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.environment import Environment
from azureml.exceptions import UserErrorException
from azureml.exceptions._tree import MissingException, sdk_errors
from trackboard.config.yaml_file import read_yaml
from trackboard.layout.safe_paths import given_path

_FOLDERS = (".azureml", "aml_config")  # the second: of older versions of the SDK, read only
_SUFFIXES = (".runconfig", ".yml", ".yaml")
_CONDA = "condaDependencies"
_CONDA_FILE = "condaDependenciesFile"


def save(
    config: Section,
    conda: Optional[CondaDependencies],
    path: Optional[str],
    name: Optional[str],
    *,
    separate: bool,
) -> None:
    """Write a configuration, and its conda file beside it.

    Args:
        config: The configuration.
        conda: What its environment shall have installed.
        path: A folder, or the file itself.
        name: The configuration's name; None: `default`.
        separate: Write its environment into a file of its own, too.
    """
    location = _new_place(path, name)
    content = as_plain(config)
    definition = content["environment"]
    files: Dict[Path, str] = {}
    if conda is not None:
        beside = location.with_name(f"{location.stem}.conda_dependencies.yml")
        del definition["python"][_CONDA]
        definition["python"][_CONDA_FILE] = beside.name
        files[beside] = conda.serialize_to_string()
    if separate:
        beside = location.with_name(f"{location.stem}.environment.yml")
        content["environment"] = beside.name
        files[beside] = _yaml(definition)
    files[location] = _yaml(content)
    try:
        location.parent.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            file.write_text(text, "utf-8")
    except OSError as error:
        raise UserErrorException(
            f"The configuration cannot be written to {location}: {error.strerror or error}",
            inner_exception=error,
        ) from error


def load(config: Section, path: str, name: Optional[str]) -> Optional[Environment]:
    """Set a configuration to what a file says, and return its environment, None where it says none.

    Keys of the SDK that mean nothing here are left out.
    """
    location = _old_place(path, name)
    content = _read(location)
    fill(config, content, but=["environment"])
    definition = content.get("environment")
    return None if definition is None else _environment(definition, location)


def delete(path: str, name: Optional[str]) -> None:
    """Delete the file of a configuration."""
    _old_place(path, name).unlink()


def _environment(definition: Any, location: Path) -> Environment:
    home = location
    if isinstance(definition, str):
        home = location.parent / definition
        definition = _read(home)
    if not isinstance(definition, Mapping):
        raise UserErrorException(f"{location}: environment: {definition!r} are no settings.")
    python = definition.get("python")
    if isinstance(python, Mapping) and python.get(_CONDA_FILE) and not python.get(_CONDA):
        conda = CondaDependencies(str(_beside(home, str(python[_CONDA_FILE]))))
        definition = {**definition, "python": {**python, _CONDA: conda, _CONDA_FILE: None}}
    return Environment._from_definition(definition)


def _yaml(content: Any) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000))


def _beside(home: Path, file: str) -> Path:
    """Where a file is that another one names: beside it, or as the SDK counted, from the folder above."""
    return next(
        (
            location
            for location in (home.parent / file, home.parent.parent / file)
            if location.exists()
        ),
        home.parent / file,
    )


def _read(location: Path) -> Dict[str, Any]:
    with sdk_errors():
        content = read_yaml(location, "run configuration")
    if not isinstance(content, dict):
        raise UserErrorException(f"{location} holds no settings; it must be YAML: key: value.")
    return content


def _new_place(path: Optional[str], name: Optional[str]) -> Path:
    with sdk_errors():
        given = given_path(path or ".")
    if name is None and given.suffix in _SUFFIXES:
        return given
    name = "default" if name is None else _checked(name)
    return given / _FOLDERS[0] / (name if name.endswith(_SUFFIXES) else f"{name}{_SUFFIXES[0]}")


def _old_place(path: str, name: Optional[str]) -> Path:
    with sdk_errors():
        given = given_path(path)
    if given.is_file() and name is None:
        return given
    found = _all_of(given)
    if name is None:
        if len(found) == 1:
            return found[0]
    else:
        wanted = (_checked(name), f"{name}{_SUFFIXES[0]}")
        for location in found:
            if location.name in wanted:
                return location
    names = ", ".join(repr(location.stem) for location in found) or "none"
    asked = "which one is not said: pass name=" if name is None and found else f"no {name!r}"
    raise MissingException(
        f"There are these configurations in {given / _FOLDERS[0]}: {names}; {asked}."
        " RunConfiguration().save(path, name) writes one."
    )


def _all_of(folder: Path) -> List[Path]:
    return [
        location
        for inner in _FOLDERS
        for location in sorted((folder / inner).glob("*"))
        if location.suffix == _SUFFIXES[0]
        or (
            location.suffix in _SUFFIXES
            and not location.stem.endswith(("dependencies", "environment"))
        )
    ]


def _checked(name: str) -> str:
    if not isinstance(name, str) or name in ("", "..") or Path(name).name != name:
        raise UserErrorException(
            f"name={name!r} is not allowed: it is the name of a file, for example 'train'."
        )
    with sdk_errors():
        given_path(name)
    return name
