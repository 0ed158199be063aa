"""The live run: what a training process calls. Standard library only."""

from trackboard.record.live_run import LiveRun
from trackboard.record.recorder import Recorder, get_recorder

__all__ = ["LiveRun", "Recorder", "get_recorder"]
