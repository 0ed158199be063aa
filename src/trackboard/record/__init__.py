"""The live run: what a training process calls. Standard library only.

`record.capture` is imported from where it is: it loads what most processes never need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.lazy_names import lazy_names

if TYPE_CHECKING:
    from trackboard.record.console import capture_console
    from trackboard.record.identity import Identity, identify
    from trackboard.record.live_run import LiveRun
    from trackboard.record.recorder import Recorder, get_recorder
    from trackboard.record.session import closing_run, start_run
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "console": ("capture_console",),
            "identity": ("Identity", "identify"),
            "live_run": ("LiveRun",),
            "recorder": ("Recorder", "get_recorder"),
            "session": ("closing_run", "start_run"),
        },
    )

__all__ = [
    "Identity",
    "LiveRun",
    "Recorder",
    "capture_console",
    "closing_run",
    "get_recorder",
    "identify",
    "start_run",
]
