"""What trackboard says by itself: on standard error, in a notebook as ordinary output of the cell.

A notebook shows standard error in a red box, as it shows failures. Standard library only.
"""

from __future__ import annotations

import functools
import logging
import sys
from typing import TextIO

_LOGGERS = ("trackboard", "azureml")


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs us; asks without loading IPython where it is not loaded."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


@functools.cache
def say_once(text: str) -> None:
    """Write one line for the person at the screen, unless this process has said it already."""
    _stream().write(f"trackboard: {text}\n")


def _stream() -> TextIO:
    return sys.stdout if in_notebook() else sys.stderr


class NoticeHandler(logging.Handler):
    """Shows warnings that no other handler shows, where `logging` would by itself use standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the message as it is."""
        if not self._is_alone(logging.getLogger(record.name)):
            return
        try:
            _stream().write(f"{self.format(record)}\n")
        except Exception:  # noqa: BLE001 - as every handler does: what logs must not fail
            self.handleError(record)

    def _is_alone(self, logger: logging.Logger | None) -> bool:
        while logger is not None:
            if any(handler is not self for handler in logger.handlers):
                return False
            logger = logger.parent if logger.propagate else None
        return True


_handler = NoticeHandler(logging.WARNING)
for _name in _LOGGERS:
    logging.getLogger(_name).addHandler(_handler)
