"""`import tensorflow` as scripts of TensorFlow 1 mean it, where only TensorFlow 2 is installed.

A finder in front of `sys.meta_path` lets TensorFlow 2 load as it is. What then stands under the name
`tensorflow` is a second module, with the interface of version 1 (`tensorflow.compat.v1`) and the
behaviour of version 2 switched off. TensorFlow's own modules, and Keras, which it loads itself, have
bound the first one by then and keep it; `tensorflow.python...` is found as before.

What version 2 has no longer and scripts still import is answered by `trackboard.inside.mnist`:
`tensorflow.examples.tutorials.mnist.input_data`, and its other name below `tensorflow.contrib`.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Dict, Optional, Sequence

_V1 = "tensorflow.compat.v1"
_V1_FOLDER = "tensorflow._api.v2.compat.v1"  # where its modules have their full names
_MNIST = "trackboard.inside.mnist"
_CONTRIB = "tensorflow.contrib"
_DATASETS = f"{_CONTRIB}.learn.python.learn.datasets"
_SAID = "TRACKBOARD_TENSORFLOW_V1_SAID"  # set for child processes: one is told per job
_LEGACY_KERAS = "TF_USE_LEGACY_KERAS"

# Modules that are gone from TensorFlow 2, and what a name in them stands for; *: all names of a module.
_GONE: Dict[str, Dict[str, str]] = {
    "tensorflow.examples": {},
    "tensorflow.examples.tutorials": {},
    "tensorflow.examples.tutorials.mnist": {},
    "tensorflow.examples.tutorials.mnist.input_data": {"*": _MNIST},
    _CONTRIB: {},
    f"{_CONTRIB}.learn": {"datasets": _DATASETS},
    f"{_CONTRIB}.learn.python": {},
    f"{_CONTRIB}.learn.python.learn": {"datasets": _DATASETS},
    _DATASETS: {"mnist": f"{_DATASETS}.mnist"},
    f"{_DATASETS}.mnist": {"*": _MNIST},
}


def install() -> None:
    """Answer `import tensorflow` in this process and its children; nothing is loaded yet."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds TensorFlow and what is gone from it; leaves everything else to the others."""

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]] = None,
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        top, _, below = fullname.partition(".")
        if top != "tensorflow":
            return None
        if not below:
            return self._find_tensorflow(target)
        if not _is_ours():
            return None
        if "." not in below and f"{_V1_FOLDER}.{below}" in sys.modules and below != "compat":
            return ModuleSpec(fullname, _Same(f"{_V1_FOLDER}.{below}"))
        if fullname in _GONE:
            return ModuleSpec(fullname, _MissingModule(), is_package=True)
        if fullname.startswith(f"{_CONTRIB}."):
            raise ModuleNotFoundError(_describe_missing_contrib(fullname), name=fullname)
        return None

    def _find_tensorflow(self, target: Optional[ModuleType]) -> Optional[ModuleSpec]:
        """What the finders behind this one find, with a loader that goes on where theirs ends."""
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec("tensorflow", None, target)
            if spec is not None:
                if spec.loader is not None and spec.origin is not None:
                    spec.loader = _TensorFlow(spec.loader)
                return spec
        return None


class _TensorFlow(Loader):
    """Loads TensorFlow, then puts the interface of version 1 in its place if it is a version 2."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        """Files, sources and resources are the real loader's."""
        return getattr(self._real, name)

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        created: Optional[ModuleType] = self._real.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        _use_legacy_keras()
        self._real.exec_module(module)
        if not _is_version_2(module):
            return
        v1 = importlib.import_module(_V1)
        _switch_version_2_off(v1)
        _leave_flags_to_scripts()
        sys.modules["tensorflow"] = _make_module(module, v1)
        _print_notice(module)


class _Same(Loader):
    """Gives a module of the interface under its short name as well: `tensorflow.train`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = sys.modules[self._name]


class _MissingModule(Loader):
    """Makes what TensorFlow 2 does not have."""

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return None

    def exec_module(self, module: ModuleType) -> None:
        names = _GONE[module.__name__]
        if "*" in names:
            source = importlib.import_module(names["*"])
            module.__dict__.update({name: getattr(source, name) for name in source.__all__})

        def find(name: str) -> Any:
            fullname = f"{module.__name__}.{name}"
            if name in names:
                return importlib.import_module(names[name])
            if fullname in _GONE:
                return importlib.import_module(fullname)
            if fullname.startswith(f"{_CONTRIB}."):
                raise AttributeError(_describe_missing_contrib(fullname))
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__dict__["__getattr__"] = find


def _is_ours() -> bool:
    return getattr(sys.modules.get("tensorflow"), "__trackboard__", False) is True


def _is_version_2(module: ModuleType) -> bool:
    """Whether it is one to stand in for version 1, not that itself or somebody's own `tensorflow.py`."""
    major = str(getattr(module, "__version__", "")).partition(".")[0]
    return major.isdigit() and int(major) >= 2


def _use_legacy_keras() -> None:
    """`tf.layers` and `tf.keras` of version 1 are in Keras 2 only, which comes as `tf_keras`."""
    if _LEGACY_KERAS not in os.environ and find_spec("tf_keras") is not None:
        os.environ[_LEGACY_KERAS] = "1"


def _switch_version_2_off(v1: Any) -> None:
    """Sessions, graphs and variables of version 1, without a warning that nobody here can act on."""
    logger = logging.getLogger("tensorflow")
    is_silent, logger.disabled = logger.disabled, True
    try:
        v1.disable_v2_behavior()
    finally:
        logger.disabled = is_silent


def _leave_flags_to_scripts() -> None:
    """`tf.app.flags` knew nothing of absl's flags, and scripts define a `log_dir` of their own."""
    absl: Any = sys.modules.get("absl.flags")
    if absl is None:
        return
    for defined in absl.FLAGS.flags_by_module_dict().values():
        for flag in defined:
            flag.allow_override = True


def _make_module(v2: ModuleType, v1: ModuleType) -> ModuleType:
    """A module of TensorFlow's name and place; what only version 2 has can be reached, too."""
    module = ModuleType("tensorflow", v1.__doc__)
    module.__dict__.update(vars(v2))
    for name, value in vars(v1).items():
        if not name.startswith(("__", "_tfmw", "_fastdict")) and name != "compat":
            module.__dict__[name] = value

    def find(name: str) -> Any:
        if f"tensorflow.{name}" in _GONE:
            return importlib.import_module(f"tensorflow.{name}")
        for module_of_version in (v1, v2):
            if hasattr(module_of_version, name):
                return getattr(module_of_version, name)
        raise AttributeError(
            f"module 'tensorflow' has no attribute {name!r}, neither as version 1 had it"
            f" (tf.compat.v1) nor in the TensorFlow {_version(v2)} that is installed"
        )

    module.__dict__["__getattr__"] = find
    module.__dict__["__trackboard__"] = True
    return module


def _describe_missing_contrib(name: str) -> str:
    return (
        f"{name} is not there: TensorFlow 2 has no `tensorflow.contrib`, and of that only the MNIST"
        " reader is provided here. Use its successor (tf.compat.v1, or a package of its own such as"
        " tf_slim), or an interpreter with TensorFlow 1"
    )


def _version(module: ModuleType) -> str:
    return str(getattr(module, "__version__", "2"))


def _print_notice(v2: ModuleType) -> None:
    """Once per job, on the console."""
    if os.environ.get(_SAID) == "1":
        return
    os.environ[_SAID] = "1"
    sys.stderr.write(
        f"[trackboard] TensorFlow {_version(v2)} stands in for TensorFlow 1: `import tensorflow` gives"
        " tf.compat.v1, with version 2's behaviour off. TRACKBOARD_TENSORFLOW_V1=0 in the environment"
        " variables of the job switches this off.\n"
    )
    sys.stderr.flush()
