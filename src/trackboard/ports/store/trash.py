"""The trash's part of a store: runs put away, taken back, and forgotten for good."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from trackboard.model import RunId


class TrashStore(Protocol):
    """Runs that are not shown. Each write is a transaction of its own.

    Archived runs are known as others are; only who lists what people want to see leaves them out. Runs in
    the trash are found by their ids (`find_run`, and whatever takes the id of one run), go on accepting
    records, and are in no list that does not ask for them. What is put away takes everything below it
    along, also runs that begin later; what is taken back brings those along that were put away with it, and
    what it is below of.
    """

    def archive_runs(self, runs: Collection[RunId], archived_s: float) -> tuple[RunId, ...]:
        """Archive runs and all below them; those that are archived stay so since when they were.

        Returns:
            The runs that are archived now and were not, in the order they were stored.

        Raises:
            NotFound: One is unknown; nothing was changed.
        """
        ...

    def unarchive_runs(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take runs back that are archived, with those below them that were archived with them.

        Returns:
            The runs that were taken back, in the order they were stored.

        Raises:
            NotFound: One is unknown; nothing was changed.
        """
        ...

    def delete_runs(self, runs: Collection[RunId], deleted_s: float) -> tuple[RunId, ...]:
        """Put runs and all below them into the trash; those in there stay so since when they were.

        Returns:
            The runs that are in the trash now and were not, in the order they were stored.

        Raises:
            NotFound: One is unknown; nothing was changed.
        """
        ...

    def restore_runs(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take runs out of the trash, with those below them that were deleted with them.

        Their experiments are taken out of the trash as well.

        Returns:
            The runs that were taken back, in the order they were stored.

        Raises:
            NotFound: One is unknown; nothing was changed.
        """
        ...

    def delete_experiment(self, name: str, deleted_s: float) -> tuple[RunId, ...]:
        """Put an experiment and all of its runs into the trash, with the runs below them.

        A run that begins in it later, below none that is in the trash, takes the experiment out again, and
        so does `add_experiment`; neither takes its runs out.

        Returns:
            The runs that are in the trash now and were not, in the order they were stored.

        Raises:
            NotFound: There is no such experiment, or it is in the trash.
        """
        ...

    def restore_experiment(self, name: str) -> tuple[RunId, ...]:
        """Take an experiment out of the trash, with the runs that were deleted with it.

        Returns:
            The runs that were taken back, in the order they were stored.

        Raises:
            NotFound: There is no such experiment in the trash.
        """
        ...

    def remove_runs(self, runs: Collection[RunId], *, deleted_before_s: float) -> tuple[RunId, ...]:
        """Forget runs for good, and remember only that they were deleted: what is still said is dropped.

        Runs that are not in the trash, came in later, or have not ended are passed over, and so are unknown
        ones; runs of which no more than the id is known have ended. Their files are not touched. Runs
        below them that are not among them are below none.

        Returns:
            The runs that were forgotten, in the order they were stored.
        """
        ...

    def remove_experiments(self, *, deleted_before_s: float) -> tuple[str, ...]:
        """Forget the experiments that came into the trash before and have no run left; their names."""
        ...

    def list_keys(
        self, *, among: Collection[str] | None = None, without: Collection[RunId] = ()
    ) -> frozenset[str]:
        """Keys of the blobs that files and artifacts of runs, and models, name; also runs in the trash.

        Args:
            among: Only those of these keys; None: all.
            without: As if these runs were forgotten.
        """
        ...

    def shrink(self, *, always: bool = False) -> int:
        """Give the disk back what forgotten runs took in the database, where it pays.

        Args:
            always: Also where it is not known to pay: rows that are gone leave pages half full, too.

        Returns:
            How many bytes smaller the database is.

        Raises:
            Unavailable: It is in use, or there is no room to do it; nothing was changed.
        """
        ...
