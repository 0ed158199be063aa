"""What anybody may ask of a workspace, and how it is answered, in one place for all that stands above it.

The facade of the SDK, the command line, notebooks and servers ask a `Service` and nothing below it. Its
answers are frozen values; everything that was said before a question is stored before it is answered.
`contract/` says what each part promises, `local/` answers from a workspace on this machine, `wire` is the
one JSON shape of what is told to the outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.lazy_names import lazy_names

if TYPE_CHECKING:
    from trackboard.service.answers import (
        ComparedFact,
        Comparison,
        ExperimentFacts,
        FileChange,
        FilePiece,
        JobFacts,
        MatchingChange,
        QueuePosition,
        RunDetails,
        RunFacts,
        RunStatus,
    )
    from trackboard.service.contract.service import Service
    from trackboard.service.local.moving.restore import restore_backup
    from trackboard.service.local.service import LocalService, open_service, open_unmade
    from trackboard.service.principal import Principal
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "answers": (
                "ComparedFact",
                "Comparison",
                "ExperimentFacts",
                "FileChange",
                "FilePiece",
                "JobFacts",
                "MatchingChange",
                "QueuePosition",
                "RunDetails",
                "RunFacts",
                "RunStatus",
            ),
            "contract.service": ("Service",),
            "local.service": ("LocalService", "open_service", "open_unmade"),  # loads the database
            "local.moving.restore": ("restore_backup",),
            "principal": ("Principal",),
        },
    )

__all__ = [
    "ComparedFact",
    "Comparison",
    "ExperimentFacts",
    "FileChange",
    "FilePiece",
    "JobFacts",
    "LocalService",
    "MatchingChange",
    "Principal",
    "QueuePosition",
    "RunDetails",
    "RunFacts",
    "RunStatus",
    "Service",
    "open_service",
    "open_unmade",
    "restore_backup",
]
