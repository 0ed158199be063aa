"""What a service answers about runs, and what it changes about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from trackboard.model import Run, RunId, Value
from trackboard.ports import NEWEST_FIRST, Field, Order, Orders, RunQuery
from trackboard.service.answers import (
    Comparison,
    FileChange,
    MatchingChange,
    RunDetails,
    RunFacts,
    RunStatus,
)

if TYPE_CHECKING:
    from trackboard.history.groups import GroupPage
    from trackboard.history.name_search import NameFound, NameKind


class Runs(Protocol):
    """The runs of a workspace."""

    # -- which run is meant ------------------------------------------------------------------------

    def find(self, run: RunId) -> Run | None:
        """Return the run with this id as it is now, or None; what runs are called does not matter.

        None also of one in the trash.
        """
        ...

    def get(self, run: RunId) -> Run:
        """Return the run with this id as it is now.

        Raises:
            NotFound: There is none.
        """
        ...

    def find_called(self, text: str) -> tuple[RunId, ...]:
        """Return the run that a text means, or the runs of the experiment of that name.

        Args:
            text: A run's id or its beginning (four characters at least; of a job also that of its last
                eight digits), `experiment/name` as TensorBoard shows it, a run's own name, or an
                experiment's name; `name #3` is the run of that name with the number 3.

        Raises:
            NotFound: Nothing is called so.
            UsageError: Several runs are; they are listed.
        """
        ...

    def list_of_experiment(self, name: str) -> tuple[RunId, ...]:
        """List the runs of an experiment that are below no other.

        Raises:
            NotFound: There is no such experiment.
        """
        ...

    def name(self, runs: Iterable[Run]) -> Mapping[RunId, str]:
        """Return what TensorBoard calls runs: `experiment/name`, a child `experiment/parent/name`; unique."""
        ...

    def shorten(self, runs: Collection[RunId]) -> Mapping[RunId, str]:
        """Return as many characters of ids as `find_called` needs to know each from all others."""
        ...

    # -- how runs are ------------------------------------------------------------------------------

    def list(
        self,
        *,
        ids: Collection[RunId] | None = None,
        parent: RunId | None = None,
        experiment: str | None = None,
    ) -> tuple[Run, ...]:
        """List the runs that match every given condition, in the order they were stored."""
        ...

    def list_below(self, runs: Collection[RunId]) -> tuple[Run, ...]:
        """List runs and everything below them, each once, parents before children."""
        ...

    def query(
        self,
        query: RunQuery,
        orders: Orders = NEWEST_FIRST,
        *,
        limit: int | None = None,
        offset: int = 0,
        after: RunId | None = None,
        strict: bool = False,
    ) -> tuple[Run, ...]:
        """List the runs that match, sorted, a page at a time.

        Args:
            query: The conditions.
            orders: By what they are sorted; what comes first decides first.
            limit: How many at most; None: all.
            offset: How many are left out at the begin.
            after: The run after which the page goes on, wherever that stands by now; not with an offset.
            strict: Raise where no run has a name that is asked for.

        Raises:
            NotFound: The run to go on after is gone; with `strict`: no run has a name that is asked for.
            UsageError: With `strict`: text is compared as a number, or the other way round.
        """
        ...

    def count(self, query: RunQuery) -> int:
        """Return how many runs match."""
        ...

    def read_columns(
        self, query: RunQuery, fields: Sequence[Field]
    ) -> tuple[Sequence[Value | None], ...]:
        """Read what all runs that match have of some fields, a column for each, the newest run first.

        As many questions as fields, whatever the number of runs; see `RunStore.read_columns`.
        """
        ...

    def find_names(
        self, match: str, *, kinds: Collection[NameKind] = (), limit: int
    ) -> tuple[NameFound, ...]:
        """Find names that hold a text, whatever the case; those that hold it earlier come first.

        Args:
            match: The text; behind a prefix such as `params.` only parameters are meant.
            kinds: Of what; none: of everything.
            limit: How many at most.
        """
        ...

    def read_groups(
        self,
        query: RunQuery,
        by: Sequence[Field],
        fields: Sequence[Field],
        order: Order | None = None,
        *,
        limit: int,
        after: str = "",
    ) -> GroupPage:
        """Read a page of groups of runs, with statistics over all runs of each.

        Args:
            query: Which runs.
            by: What the runs of a group have the same of.
            fields: Of what there are statistics.
            order: By the mean of which of `fields`; None: by what they are grouped by.
            limit: How many groups at most.
            after: `next` of the page before; empty: the first page.

        Raises:
            NotFound: No run has a name that is asked for.
            UsageError: Runs cannot be grouped so, or `after` is no `next`.
        """
        ...

    def get_status(self, run: RunId) -> RunStatus:
        """Return a run with what is not in its state; the queue of a job that waits is advanced first.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def list_lost(self) -> frozenset[RunId]:
        """List the runs that have not ended, and whose process may be dead where nobody can tell."""
        ...

    def list_deleted(self, runs: Collection[RunId]) -> frozenset[RunId]:
        """List those of some ids whose runs were deleted, also if only into the trash: they are taken."""
        ...

    def get_tags(self, run: RunId) -> Mapping[str, str | None]:
        """Return the tags of a run by key.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def list_tags(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str | None]]:
        """Return the tags of several runs; unknown runs are left out."""
        ...

    def get_properties(self, run: RunId) -> Mapping[str, str]:
        """Return the properties of a run by key: what is known of its code, its command, its machine.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def list_properties(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str]]:
        """Return the properties of several runs; unknown runs are left out."""
        ...

    def list_parameters(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, Value]]:
        """Return the parameters of several runs; runs without any are left out."""
        ...

    def describe(self, runs: Sequence[Run], *, values: bool = True) -> tuple[RunFacts, ...]:
        """Return what is told of runs to the outside, in few questions, whatever their number.

        Args:
            runs: The runs.
            values: Also tags, parameters and metrics; False: they are not read, and empty.
        """
        ...

    def get_details(self, run: RunId) -> RunDetails:
        """Return all that is told of a run to the outside.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def compare(self, runs: Sequence[RunId]) -> Comparison:
        """Put parameters, metrics, tags, code and packages of runs side by side.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def diff(self, old: RunId, new: RunId) -> tuple[FileChange, ...]:
        """Return how the code and the packages of a run differ from another's, by path.

        Raises:
            NotFound: There is no such run, or its snapshot is gone.
        """
        ...

    # -- what anybody may say of a run -------------------------------------------------------------

    def set_tags(self, run: RunId, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags of a run.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def remove_tags(self, run: RunId, keys: Collection[str]) -> None:
        """Take tags of a run away; those that are not there are passed over.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def add_properties(self, run: RunId, properties: Mapping[str, str]) -> None:
        """Add properties of a run, all or none; the same value again is fine.

        Raises:
            Conflict: One exists with another value.
            NotFound: There is no such run.
        """
        ...

    def set_name(self, run: RunId, name: str) -> None:
        """Rename a run.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def set_description(self, run: RunId, description: str) -> None:
        """Describe a run in words, as Markdown.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def archive(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Archive runs and everything below them: lists leave them out unless asked, names still find them.

        Returns:
            The runs that are archived now and were not.

        Raises:
            NotFound: There is no such run; nothing was changed.
        """
        ...

    def tag_matching(
        self, query: RunQuery, tags: Mapping[str, str | None], *, expected: int | None = None
    ) -> MatchingChange:
        """Add or replace tags of all runs that match, all or none.

        Args:
            query: Which runs.
            tags: The tags.
            expected: How many match, as far as who asks knows; None: however many.

        Raises:
            Conflict: As many do not match any more; nothing was changed.
            NotFound: No run has a name that is asked for.
            UsageError: A tag is none, or text is compared as a number, or the other way round.
        """
        ...

    def archive_matching(self, query: RunQuery, *, expected: int | None = None) -> MatchingChange:
        """Archive all runs that match and everything below them; raises as `tag_matching` does."""
        ...

    def unarchive(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take archived runs back, with those below them that were archived with them.

        Returns:
            The runs that were taken back.

        Raises:
            NotFound: There is no such run; nothing was changed.
        """
        ...
