"""Members of the SDK's classes that mean nothing here: they are there, and their use refuses in words."""

from __future__ import annotations

from typing import Any, Callable, NoReturn, Optional, Type

from azureml.exceptions import AzureMLException, UserErrorException
from azureml.exceptions._tree import AbsentException


class RefusedCall:
    """A method, of objects and of the class, that takes whatever it is given and raises.

    Args:
        instead: What there is not, and what to do; whole sentences.
        error: What is raised.
    """

    def __init__(self, instead: str, *, error: Type[AzureMLException] = UserErrorException) -> None:
        self._instead = instead
        self._error = error
        self.__doc__ = f"Refused. {instead}"

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Optional[object], owner: type) -> Callable[..., NoReturn]:
        def refuse(*args: Any, **kwargs: Any) -> NoReturn:
            raise self._error(f"{owner.__name__}.{self._name}(...): {self._instead}")

        refuse.__name__, refuse.__doc__ = self._name, self.__doc__
        return refuse


class RefusedProperty(RefusedCall):
    """A property that raises when it is read; `hasattr` says that it is not there."""

    def __get__(self, instance: Optional[object], owner: type) -> Any:
        if instance is None:
            return self
        raise AbsentException(f"{owner.__name__}.{self._name}: {self._instead}")
