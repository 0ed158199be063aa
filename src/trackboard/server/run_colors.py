"""The colour of a run, the same on every page and, as far as a server can know, in TensorBoard.

TensorBoard gives colours in the browser: the n-th run that a view has, by when it began, gets the n-th of
seven colours. A run's number counts the runs of its experiment in the order they were created. So both agree
in the view of one experiment of which no run is missing; elsewhere TensorBoard counts other runs as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackboard.model import Run

COLORS = 7  # of TensorBoard's default palette, which style.css has


def color_class(run: Run) -> str:
    """The class of what is drawn for a run: `run-color-0` and so on."""
    return f"run-color-{(run.number - 1) % COLORS}"
