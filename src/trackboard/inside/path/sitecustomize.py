"""Run by Python at its start, before the script; then the next `sitecustomize` has its turn."""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec


def _prepare() -> None:
    if os.environ.get("TRACKBOARD_TENSORFLOW_V1") == "1":
        from trackboard.inside.tensorflow_v1 import install

        install()


def _run_the_next() -> None:
    """Run the one that this one hides: a system's, a tool's."""
    ours = os.path.realpath(os.path.dirname(__file__))
    others = [folder for folder in sys.path if os.path.realpath(folder) != ours]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


try:
    _prepare()
finally:
    _run_the_next()
