"""The attributes of an environment: what is kept of a value, and which one was meant."""

from __future__ import annotations

import difflib
from typing import Any, Callable, Dict, Mapping, Type

from azureml.core._environment.sections import (
    DockerSection,
    PythonSection,
    RSection,
    SparkSection,
    part,
)
from azureml.core._settings.sections import Section, names_of
from azureml.core.databricks import DatabricksSection
from azureml.exceptions import UserErrorException


def _whole(kind: Type[Section]) -> Callable[[Any], Any]:
    """A section of that kind; None: a new one."""
    return lambda value: part(kind, value) or kind()


def _variables(value: Any) -> Dict[str, str]:
    if not isinstance(value, dict):
        raise UserErrorException(
            f"environment_variables={value!r} is {type(value).__name__}; pass a dict, for example"
            " {'OMP_NUM_THREADS': '2'}."
        )
    return value


def _any(value: Any) -> Any:
    return value


# All there are, in the order of definitions.
CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": _any,
    "version": lambda value: None if value is None else str(value),
    "asset_id": _any,
    "environment_variables": _variables,
    "python": _whole(PythonSection),
    "docker": _whole(DockerSection),
    "spark": _whole(SparkSection),
    "databricks": _whole(DatabricksSection),
    "r": lambda value: part(RSection, value),
    "inferencing_stack_version": _any,
}


def no_attribute(name: str) -> str:
    """Say which attribute was meant, one of a part perhaps."""
    names = {one: one for one in CHECKS}
    for owner, kind in (("docker", DockerSection), ("python", PythonSection)):
        names.update({one: f"{owner}.{one}" for one in names_of(kind)})
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"Environment has no attribute {name!r}; did you mean {names[near[0]]!r}?"
    return f"Environment has no attribute {name!r}; there is: {', '.join(sorted(CHECKS))}"
