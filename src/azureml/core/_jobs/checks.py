"""Values of a job's configuration, checked where they are given."""

from __future__ import annotations

import os
from typing import Any, List, Mapping, Optional, Union

from azureml.core.environment import Environment
from azureml.exceptions import UserErrorException

Arguments = Union[str, List[Any], None]


def arguments_of(value: Any) -> Arguments:
    """Words for a script: a list (the very one that is given), or a text.

    Raises:
        UserErrorException: It is neither.
    """
    if value is None or isinstance(value, (str, list)):
        return value
    if isinstance(value, (bytes, Mapping, os.PathLike)) or not hasattr(type(value), "__iter__"):
        raise UserErrorException(
            f"arguments={value!r} is {type(value).__name__}; pass a list, for example"
            " ['--rate', 0.1], or one text."
        )
    return [*value]


def command_of(value: Any) -> Arguments:
    """A line for a shell, or its words.

    Raises:
        UserErrorException: It is neither.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return value if isinstance(value, list) else [*value]
    raise UserErrorException(
        f"command={value!r} is {type(value).__name__}; pass a text, for example"
        " 'python train.py --rate 0.1', or a list of its words."
    )


def target_name(value: Any) -> str:
    """The name of a compute target.

    Raises:
        UserErrorException: It is neither a compute target nor a name.
    """
    name = value if isinstance(value, str) else getattr(value, "name", None)
    if not isinstance(name, str) or not name or isinstance(value, (type, Environment)):
        raise UserErrorException(
            f"{value!r} is {type(value).__name__}, which is no compute target. Write its name,"
            " 'local', or ComputeTarget(workspace, name)."
        )
    return name


def environment_of(value: Any) -> Environment:
    """An environment.

    Raises:
        UserErrorException: It is none.
    """
    if not isinstance(value, Environment):
        raise UserErrorException(
            f"environment={value!r} is not an Environment."
            " Write environment=Environment.get(workspace, name) or Environment(name)."
        )
    return value


def variables_of(value: Any) -> dict[str, str]:
    """Environment variables (the very dict that is given).

    Raises:
        UserErrorException: They are no dict.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserErrorException(
            f"environment_variables={value!r} is {type(value).__name__}; pass a dict, for example"
            " {'OMP_NUM_THREADS': '2'}."
        )
    return value


def seconds_of(value: Any) -> Optional[float]:
    """A longest duration; None: no limit.

    Raises:
        UserErrorException: It is not a number above 0.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise UserErrorException(
            f"max_run_duration_seconds={value!r} is not allowed; pass a number above 0, or None for"
            " no limit."
        )
    return value
