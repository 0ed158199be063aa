"""What anybody may ask of a workspace, and how it is answered, in one place for all that stands above it.

The facade of the SDK, the command line, notebooks and servers ask a `Service` and nothing below it. Its
answers are frozen values; everything that was said before a question is stored before it is answered.
`contract/` says what each part promises, `local/` answers from a workspace on this machine, `wire` is the
one JSON shape of what is told to the outside.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trackboard.service.answers import (
        FilePiece,
        JobFacts,
        QueuePosition,
        RunDetails,
        RunFacts,
        RunStatus,
    )
    from trackboard.service.contract.service import Service
    from trackboard.service.local.service import LocalService, open_service, open_unmade
    from trackboard.service.principal import Principal

__all__ = [
    "FilePiece",
    "JobFacts",
    "LocalService",
    "Principal",
    "QueuePosition",
    "RunDetails",
    "RunFacts",
    "RunStatus",
    "Service",
    "open_service",
    "open_unmade",
]

_MODULES = {  # the local service loads the database
    "FilePiece": "answers",
    "JobFacts": "answers",
    "LocalService": "local.service",
    "Principal": "principal",
    "QueuePosition": "answers",
    "RunDetails": "answers",
    "RunFacts": "answers",
    "RunStatus": "answers",
    "Service": "contract.service",
    "open_service": "local.service",
    "open_unmade": "local.service",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
