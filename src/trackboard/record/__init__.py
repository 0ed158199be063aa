"""The live run: what a training process calls. Standard library only.

`record.capture` is imported from where it is: it loads what most processes never need.
"""

from trackboard.record.console import capture_console
from trackboard.record.identity import Identity, identify
from trackboard.record.live_run import LiveRun
from trackboard.record.recorder import Recorder, get_recorder
from trackboard.record.session import closing_run, start_run

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
