"""What a service answers about the trash, and how runs get into it and out of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Protocol

from trackboard.model import Run, RunId
from trackboard.ports import Experiment, RunQuery
from trackboard.service.answers import MatchingChange

if TYPE_CHECKING:
    from trackboard.gc.answers import GcReport


class Trash(Protocol):
    """Runs and experiments that were deleted: nothing shows them, and nothing of them is lost yet."""

    def list(self) -> tuple[Run, ...]:
        """List the runs in the trash, in the order they were stored."""
        ...

    def list_experiments(self) -> tuple[Experiment, ...]:
        """List the experiments in the trash, the oldest first."""
        ...

    def find_called(self, text: str) -> RunId:
        """Return the run in the trash that a text means: its id, `experiment/name`, or its own name.

        Raises:
            NotFound: Nothing in the trash is called so.
            UsageError: Several runs are; they are listed.
        """
        ...

    def delete(self, runs: Collection[RunId], *, force: bool = False) -> tuple[RunId, ...]:
        """Put runs and everything below them into the trash.

        Args:
            runs: The runs.
            force: Also runs that have not ended: they go on recording, in the trash.

        Returns:
            The runs that are in the trash now and were not.

        Raises:
            Conflict: One has not ended; nothing was changed.
            NotFound: There is no such run; nothing was changed.
        """
        ...

    def restore(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take runs out of the trash, with those below them that were deleted with them.

        Returns:
            The runs that were taken back, none of those that were not in the trash.

        Raises:
            NotFound: There is no such run; nothing was changed.
        """
        ...

    def delete_matching(self, query: RunQuery, *, expected: int | None = None) -> MatchingChange:
        """Put all runs that match and everything below them into the trash, but those that go on.

        A run that has not ended, or has one below it that has not, is left as it is and counted.

        Args:
            query: Which runs.
            expected: How many match, as far as who asks knows; None: however many.

        Raises:
            Conflict: As many do not match any more; nothing was changed.
            NotFound: No run has a name that is asked for.
            UsageError: Text is compared as a number, or the other way round.
        """
        ...

    def restore_deleted(self, time_s: float) -> tuple[RunId, ...]:
        """Take the runs out of the trash that came there at this very time, as a change said it.

        Returns:
            The runs that were taken back, with what they are below of; none where nothing came then.
        """
        ...

    def delete_experiment(self, name: str, *, force: bool = False) -> tuple[RunId, ...]:
        """Put an experiment and its runs into the trash; a run that begins in it takes it out again.

        Args:
            name: The name of the experiment.
            force: Also where runs have not ended: they go on recording, in the trash.

        Returns:
            The runs that are in the trash now and were not.

        Raises:
            Conflict: Some of its runs have not ended; nothing was changed.
            NotFound: There is no such experiment.
        """
        ...

    def collect(
        self,
        *,
        older_than_s: float,
        dry_run: bool = False,
        progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
    ) -> GcReport:
        """Forget what has been in the trash for a while, and free what nothing names any more.

        Safe beside processes that record and read, and killed at any moment: the next one goes on.

        Args:
            older_than_s: For how many seconds runs have been in the trash that are forgotten.
            dry_run: Free nothing, and say what would be freed.
            progress: Is told what is freed, how many are done, and how many there are.

        Raises:
            Unavailable: The database cannot be written, or another process holds a lock for 30 s.
        """
        ...

    def restore_experiment(self, name: str) -> tuple[RunId, ...]:
        """Take an experiment out of the trash, with the runs that were deleted with it.

        Returns:
            The runs that were taken back.

        Raises:
            NotFound: There is no such experiment in the trash.
        """
        ...
