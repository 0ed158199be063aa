"""What the SDK's calls warn of: through Python's `logging`, as the SDK did.

Standard library only and fit for Python 3.9. Programs turn it off by
`logging.getLogger("azureml").setLevel(logging.ERROR)`.
"""

from __future__ import annotations

import functools


def warn(text: str) -> None:
    """Warn the user of something about this very call."""
    _send(text)


@functools.lru_cache(maxsize=None)
def warn_once(text: str) -> None:
    """Warn the user of something, once per process."""
    _send(text)


def _send(text: str) -> None:
    import logging  # a process that records has it already; one that only imports us need not

    logging.getLogger("azureml").warning(text)
