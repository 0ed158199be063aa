"""Stand-ins for names that mean nothing here: they can be imported and named, and refuse to be used.

An import at the top of a file must not decide over code that never needs it. Standard library only and fit
for Python 3.9.
"""

from __future__ import annotations

from typing import Any, Dict, NoReturn, Tuple

from azureml._names import Absence
from azureml.exceptions._tree import AbsentException, AzureMLException


class _Refused(type):
    """Makes classes of which nothing can be made or asked."""

    _absence: Absence

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise AbsentException(_words(cls, "(...)"))

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        raise AbsentException(_words(cls, f".{name}"))


_made: Dict[Tuple[Absence, str], type] = {}


def stand_in(absence: Absence, module: str, name: str) -> type:
    """Return the class that stands for a name: the same one in all modules.

    One that is called an exception is one, so that it can be caught; nobody raises it.

    Args:
        absence: The family of names that is absent.
        module: The module that is asked for the name.
        name: The name of the class.
    """
    if (absence, name) not in _made:
        said = f"There are no {absence.what} here. {absence.instead}"
        members = {"__module__": module, "__doc__": said}
        is_error = name.endswith(("Exception", "Error"))
        made = (
            type(name, (AzureMLException,), members)
            if is_error
            else _Refused(name, (), {**members, "_absence": absence})
        )
        _made.setdefault((absence, name), made)
    return _made[absence, name]


def _words(cls: _Refused, use: str) -> str:
    absence = cls._absence
    return (
        f"{cls.__module__}.{cls.__name__}{use}: there are no {absence.what} here."
        f" {absence.instead} docs/compatibility.md lists what there is."
    )
