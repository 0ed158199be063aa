"""`azureml.core.environment`: what a job's interpreter has installed.

Every environment means the interpreter that submits, for now, whatever its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Optional

from azureml import _guard as _guard
from azureml.exceptions import UserErrorException
from trackboard.config import say_once

if TYPE_CHECKING:
    from azureml.core.workspace import Workspace


class Environment:
    """A named environment.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"Environment(name): {name!r} is {type(name).__name__}, not text")
        self.name = name
        self.version: Optional[str] = None
        self.environment_variables: Dict[str, str] = {}

    @staticmethod
    def get(
        workspace: Workspace,
        name: str,
        version: Optional[str] = None,
        label: Optional[str] = None,
    ) -> Environment:
        """The environment of that name; curated ones mean the interpreter that submits.

        Raises:
            UserErrorException: Both version and label were given, or the name is not a curated one.

        Source: article, "Configure and submit your run".
        """
        if version is not None and label is not None:
            raise UserErrorException("Environment.get takes version= or label=, not both.")
        if not name.lower().startswith("azureml-"):
            raise UserErrorException(
                f"There is no environment {name!r}. Environment({name!r}) makes one."
            )
        say_once(f"environment {name} stands for this Python, with the packages it has")
        return Environment(name)

    def __repr__(self) -> str:
        return f"Environment(Name: {self.name},\nVersion: {self.version})"
