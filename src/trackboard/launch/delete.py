"""Deleting experiments for good: what the store knows, and the folders of their runs."""

from __future__ import annotations

from trackboard.errors import Unavailable
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.working_copy import remove_work
from trackboard.model import RunId


def delete_experiment(context: LaunchContext, name: str) -> tuple[RunId, ...]:
    """Forget an experiment with its runs, and remove their folders.

    Complete files stay in the blobs: runs, snapshots and models share them.

    Returns:
        The runs that were forgotten.

    Raises:
        Conflict: Some of its runs have not ended; nothing was deleted.
        NotFound: There is no such experiment.
        Unavailable: It is forgotten, and a folder could not be removed.
    """
    context.drain()  # what was said before counts: an end that is not stored yet, or a new run
    runs = context.store.delete_experiment(name)
    context.drain()  # nobody writes files of these runs from here on: the store names them as deleted
    left = [
        line
        for run in runs
        for folder in (context.paths.run(run), context.paths.job(run).folder)
        if folder.exists()
        for line in remove_work(folder)
    ]
    if left:
        raise Unavailable(
            f"the experiment {name!r} was deleted, but not all of its files: {left[0]}",
            hint=f"Remove what is left below {context.paths.folder} by hand.",
        )
    return runs
