"""Modules and names of the SDK that no file of ours has: some are elsewhere, others can only be named.

What `azureml._names` says is found after everything that is installed, so that other distributions below
`azureml` keep their modules. Standard library only and fit for Python 3.9.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Sequence

if TYPE_CHECKING:
    from azureml._names import Absence

_HOME = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MORE = (
    "({cause}) This job can record to its run. For more, its environment needs Python 3.11 or newer, with"
    " numpy, pyyaml, sqlalchemy and zstandard among its packages; or do it outside of the job."
)
READS_WITH = ("numpy", "sqlalchemy", "zstandard")  # what reading a history imports beside us
_WHERE = "docs/compatibility.md lists the SDK's names that are answered."


class NameFinder:
    """Finds modules that the SDK had, and says of others below `azureml` that it did not have them."""

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]],
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        """Return how a module is made, or None."""
        if not fullname.startswith("azureml."):
            return None
        from azureml._names import (
            find_absence,
        )  # only who asks for such a module pays for the table

        absence = find_absence(fullname)
        if absence is not None and not fullname.endswith("__"):
            maker: Any = _Maker()  # no subclass of Loader, whose module costs more than all of this
            return ModuleSpec(fullname, maker, origin="trackboard", is_package=True)
        if _is_import(sys._getframe(1)):
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: the SDK has none, or none that is known. {_WHERE}",
                name=fullname,
            )
        return None


class _Maker:
    """Makes a module that has whatever name is asked of it."""

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return None

    def exec_module(self, module: ModuleType) -> None:
        from azureml._names import find_absence

        absence = find_absence(module.__name__)
        assert absence is not None  # or it had not been found
        _fill(module, absence, _name_in_another_module)


def _fill(module: ModuleType, absence: Absence, find_real: Callable[[str], Any]) -> None:
    """Let a module have every name, each for something real or for something absent."""
    from azureml._refusal import stand_in

    def find(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        found = find_real(name)
        return stand_in(absence, module.__name__, name) if found is None else found

    names = [*absence.names]
    module.__doc__ = f"There are no {absence.what} here. {absence.instead}"
    module.__dict__.update(__all__=names, __getattr__=find, __dir__=lambda: names)


class JobFinder:
    """Lets a job import modules of ours that need more than its environment has: they refuse to be used.

    A job's environment holds what its script needs; recording needs no more than Python.
    """

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]],
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        """Return how a public module of ours is loaded, or None."""
        if not fullname.startswith("azureml.") or "._" in fullname:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not str(spec.origin).startswith(_HOME):
            return None
        spec.loader = _Lenient(spec.loader)  # type: ignore[assignment]
        return spec


class _Lenient:
    """Loads a module, or leaves names in its place that say what it lacks."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        """Files and sources are the real loader's."""
        return getattr(self._real, name)

    def exec_module(self, module: ModuleType) -> None:
        try:
            self._real.exec_module(module)
        except Exception as error:  # noqa: BLE001  # an old Python fails in many ways; it is told at the use
            from azureml._names import Absence

            cause = f"{type(error).__name__}: {error}"
            absence = Absence("packages that this needs", _MORE.format(cause=cause), (), ())
            _fill(module, absence, lambda name: None)


def can_read() -> bool:
    """Return whether this process can read a history: a job's own environment need not be able to."""
    return sys.version_info >= (3, 11) and not any(_list_missing())


def check_packages() -> None:
    """See that what is imported at its first use can be, so that what is missing is told now.

    Raises:
        ModuleNotFoundError: A package that reading a history needs is not installed.
    """
    for name in _list_missing():
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _list_missing() -> Iterator[str]:
    return (name for name in READS_WITH if importlib.util.find_spec(name) is None)


def other_names(module: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module of ours, for the SDK's names that it does not have itself.

    Args:
        module: Its name.
    """

    def find(name: str) -> Any:
        words = f"module {module!r} has no attribute {name!r}"
        if name.startswith("__"):  # an import asks every module for its `__path__`
            raise AttributeError(words)
        from azureml._names import ABSENT
        from azureml._refusal import stand_in

        found = _name_in_another_module(name)
        if found is not None:
            return found
        for absence in ABSENT:
            if f"{module}.{name}" in absence.modules:
                return importlib.import_module(f"{module}.{name}")
            if name in absence.names:
                return stand_in(absence, module, name)
        if not name.startswith("_") and _is_import_of_name(sys._getframe(1)):
            raise ImportError(
                f"cannot import name {name!r} from {module!r}: {_near(module, name)}{_WHERE}",
                name=module,
            )
        raise AttributeError(words)

    return find


def install() -> None:
    """Put the finders where Python asks them, once in a process."""
    if any(isinstance(finder, NameFinder) for finder in sys.meta_path):
        return
    sys.meta_path.append(NameFinder())
    if os.environ.get("TRACKBOARD_RUN_ID"):
        sys.meta_path.insert(0, JobFinder())


def _name_in_another_module(name: str) -> Any:
    """What has that name in another module of ours, or None."""
    from azureml._names import HERE

    if name not in HERE:
        return None
    module, name_there = HERE[name]
    return getattr(importlib.import_module(module), name_there)


def _near(module: str, name: str) -> str:
    import difflib

    from azureml._names import HERE

    names = {*HERE, *dir(sys.modules[module])}
    near = difflib.get_close_matches(name, [one for one in names if one[:1] != "_"], n=1)
    return f"did you mean {near[0]!r}? " if near else "the SDK has none, or none that is known. "


def _is_import(frame: Optional[FrameType]) -> bool:
    """Whether a finder is asked by an import, and not by `importlib.util.find_spec`, which only looks."""
    above = None if frame is None else frame.f_back
    return above is not None and above.f_code.co_name == "_find_and_load_unlocked"


def _is_import_of_name(frame: Optional[FrameType]) -> bool:
    """Whether a module is asked by `from module import name`, and not by `hasattr` and the like."""
    if frame is not None and frame.f_code.co_name == "__getattr__":  # of a module with more to say
        frame = frame.f_back
    if frame is None or frame.f_lasti < 0:
        return False
    from opcode import opname

    return opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"
