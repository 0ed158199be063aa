"""trackboard: the history of machine-learning runs, shown live in the real TensorBoard.

>>> import trackboard
>>> workspace = trackboard.Workspace.open()
>>> with workspace.start_run("digits", parameters={"lr": 0.1}) as run:
...     run.log("loss", 0.5)
>>> len(workspace.history(run))
1
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trackboard.api.workspace import Workspace
    from trackboard.errors import TrackboardError
    from trackboard.history import History
    from trackboard.model import Run, RunState
    from trackboard.ports import Order, RunQuery
    from trackboard.record import LiveRun

__version__ = "0.2.0"

__all__ = [
    "History",
    "LiveRun",
    "Order",
    "Run",
    "RunQuery",
    "RunState",
    "TrackboardError",
    "Workspace",
]

_MODULES = {  # loaded when it is first used: training code needs little of it
    "History": "trackboard.history",
    "LiveRun": "trackboard.record",
    "Order": "trackboard.ports",
    "Run": "trackboard.model",
    "RunQuery": "trackboard.ports",
    "RunState": "trackboard.model",
    "TrackboardError": "trackboard.errors",
    "Workspace": "trackboard.api.workspace",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
