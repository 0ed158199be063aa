"""`workspace.environments`: those that are listed, and every other name that `Environment.get` knows."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Tuple, TypeVar

from azureml.exceptions._tree import MissingException

_Environment = TypeVar("_Environment")


class EnvironmentsByName(Dict[str, _Environment]):
    """Environments by name, which are found as `Environment.get` finds them.

    There are more names than are listed: curated ones in any case, and any version of a known family.

    Args:
        listed: What is seen when they are walked.
        find: The environment of any other name; MissingException: there is none.
    """

    def __init__(
        self, listed: Mapping[str, _Environment], find: Callable[[str], _Environment]
    ) -> None:
        super().__init__(listed)
        self._find = find

    def __reduce__(self) -> Tuple[Any, ...]:
        """A copy elsewhere knows those that are listed: there need not be a workspace."""
        return dict, (dict(self),)

    def __missing__(self, name: str) -> _Environment:
        try:
            return self._find(name)
        except (MissingException, TypeError) as error:
            raise KeyError(str(error)) from error

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self.get(name) is not None

    def get(self, name: Any, default: Any = None) -> Any:
        """The environment of a name, or something else where there is none."""
        try:
            return self[name]
        except KeyError:
            return default
