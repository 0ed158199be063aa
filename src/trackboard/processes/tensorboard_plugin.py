"""The plugin that every TensorBoard of this environment loads: over a folder with a history it shows that.

So it costs next to nothing, and never fails, where there is none: a test counts what it loads.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from tensorboard.plugins import base_plugin

from trackboard.layout.root import may_hold_workspace


class HistoryLoader(base_plugin.TBLoader):  # type: ignore[misc]  # TensorBoard is not typed
    """Leads a TensorBoard that is about to start to our data provider. It brings no dashboard."""

    def fix_flags(self, flags: Any) -> None:
        """Let TensorBoard ask the history in its log directory, if there is one and nothing else was wanted.

        Args:
            flags: TensorBoard's flags.
        """
        logdir = getattr(flags, "logdir", "")
        try:
            if not logdir or not may_hold_workspace(os.path.expanduser(logdir)):
                return
            if _is_stock(flags):
                return
            from trackboard.processes.plugin_data import show_history

            show_history(flags)
        except Exception as error:  # noqa: BLE001 - somebody's TensorBoard starts whatever we do
            told = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
            line = " ".join(told.split())
            sys.stderr.write(f"trackboard: the history in {logdir} is not shown: {line}\n")

    def load(self, context: Any) -> None:
        """Load nothing.

        Args:
            context: What a dashboard would stand on.
        """


def _is_stock(flags: Any) -> bool:
    """Whether the flags name another source of data, a way to read event files, or start no TensorBoard."""
    return bool(
        flags.inspect
        or flags.version_tb
        or flags.db
        or flags.grpc_data_provider
        or flags.load_fast != "auto"
    )
