"""Which of a job's logs is printed while somebody waits for it, and under which heading.

Standard library only and fit for Python 3.9.
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from azureml._console import print_line
from azureml._log_stream import LogStream, Tail
from trackboard.model import BUILD_LOG, CONSOLE

_BEFORE_IT_RUNS = ("NotStarted", "Queued", "Preparing", "Starting")


class LogWatch:
    """Prints the log of whatever a run is busy with: first how its environment is built, then the script's.

    Args:
        tail: Reads on in a log of the run, by its path, an offset and a limit; None: there is none.
        folder: Where people find the logs.
        has_ended: The run was over before anybody watched: how it was built does not matter any more.
    """

    def __init__(self, tail: Tail, folder: Path, *, has_ended: bool) -> None:
        self._tail = tail
        self._folder = folder
        self._skips_build = has_ended
        self._stream: Optional[LogStream] = None

    def poll(self, status: str, *, is_over: bool) -> bool:
        """Print what has come since.

        Args:
            status: The run's, in the SDK's words.
            is_over: It has ended, and nothing more will come.

        Returns:
            Whether anything had come.
        """
        if status in _BEFORE_IT_RUNS:
            return not self._skips_build and self._show(BUILD_LOG, to_the_end=False)
        if self._stream is not None and self._stream.path == BUILD_LOG:
            self._stream.show(to_the_end=True)
        return self._show(CONSOLE, to_the_end=is_over)

    def _show(self, name: str, *, to_the_end: bool) -> bool:
        if self._stream is None or self._stream.path != name:
            if self._tail(name, 0, 0) is None:
                return False
            title = f"Streaming {name}"
            print_line(f"\n{title}\n{'=' * len(title)}\n")
            self._stream = LogStream(self._tail, name, self._folder / name)
        return self._stream.show(to_the_end=to_the_end)
