"""Runs of a workspace on this machine."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from trackboard.errors import NotFound
from trackboard.model import Run, RunId, RunKind, RunState, Series, Value
from trackboard.ports import NEWEST_FIRST, Field, Order, Orders, RunQuery, Store
from trackboard.record.value import check_run_name, check_tag, plain_text
from trackboard.service.answers import (
    Comparison,
    FileChange,
    MatchingChange,
    RunDetails,
    RunFacts,
    RunStatus,
)
from trackboard.service.local.door import Door
from trackboard.service.local.run_names import (
    in_trash,
    runs_called,
    runs_of_experiment,
)

if TYPE_CHECKING:
    from trackboard.history.groups import GroupPage
    from trackboard.history.name_search import NameFound, NameKind
    from trackboard.service.contract.runs import Runs


class LocalRuns:
    """`Runs` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    # -- which run is meant ------------------------------------------------------------------------

    def find(self, run: RunId) -> Run | None:
        """Return the run with this id as it is now, or None."""
        found = self._door.drained().find_run(run)
        return found if found is not None and found.deleted_s is None else None

    def get(self, run: RunId) -> Run:
        """Return the run with this id as it is now."""
        found = self._get(self._door.drained(), run)
        if found.deleted_s is not None:
            raise in_trash(found)
        return found

    def find_called(self, text: str) -> tuple[RunId, ...]:
        """Return the run that a text means, or the runs of the experiment of that name."""
        return tuple(runs_called(self._door.drained(), self._door.workspace.folder, text))

    def list_of_experiment(self, name: str) -> tuple[RunId, ...]:
        """List the runs of an experiment that are below no other."""
        return tuple(runs_of_experiment(self._door.drained(), self._door.workspace.folder, name))

    def name(self, runs: Iterable[Run]) -> Mapping[RunId, str]:
        """Return what TensorBoard calls runs."""
        return self._door.names.show(self._door.catalogue(), runs)

    def shorten(self, runs: Collection[RunId]) -> Mapping[RunId, str]:
        """Return as many characters of ids as are needed to know each from all others."""
        from trackboard.service.local.short_ids import shorten_ids  # only for people's eyes

        return shorten_ids(runs, [run.id for run in self._door.catalogue().list_runs()])

    # -- how runs are ------------------------------------------------------------------------------

    def list(
        self,
        *,
        ids: Collection[RunId] | None = None,
        parent: RunId | None = None,
        experiment: str | None = None,
    ) -> tuple[Run, ...]:
        """List the runs that match every given condition."""
        return self._door.drained().list_runs(ids=ids, parent=parent, experiment=experiment)

    def list_below(self, runs: Collection[RunId]) -> tuple[Run, ...]:
        """List runs and everything below them."""
        return self._door.drained().list_descendants(runs)

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
        """List the runs that match, sorted, a page at a time."""
        store = self._door.drained()
        stored = self._door.resolve_lost(store, query)
        if not strict:
            return store.query_runs(stored, orders, limit=limit, offset=offset, after=after)
        from trackboard.history.known_names import check_names, check_orders, explain_nothing

        check_names(store, query)
        found = store.query_runs(stored, orders, limit=limit, offset=offset, after=after)
        check_orders(store, stored, orders, found)
        if not found and not offset and after is None:
            explain_nothing(store, query)
        return found

    def count(self, query: RunQuery) -> int:
        """Return how many runs match."""
        store = self._door.drained()
        return store.count_runs(self._door.resolve_lost(store, query))

    def read_columns(
        self, query: RunQuery, fields: Sequence[Field]
    ) -> tuple[Sequence[Value | None], ...]:
        """Read what all runs that match have of some fields."""
        from trackboard.history.lost_state import read_columns  # few readers need it

        store = self._door.drained()
        stored = self._door.resolve_lost(store, query)
        return read_columns(store, stored, fields, lambda: self._door.list_lost(store))

    def find_names(
        self, match: str, *, kinds: Collection[NameKind] = (), limit: int
    ) -> tuple[NameFound, ...]:
        """Find names that hold a text."""
        from trackboard.history.name_search import find_names  # few readers need it

        return find_names(self._door.catalogue(), match, kinds=kinds, limit=limit)

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
        """Read a page of groups of runs, with statistics over all runs of each."""
        from trackboard.history.groups import check_grouping, read_groups  # loads numpy
        from trackboard.history.known_names import check_fields, check_names

        check_grouping(by)
        store = self._door.drained()
        check_names(store, query)
        check_fields(store, [*by, *fields])
        return read_groups(
            store,
            self._door.resolve_lost(store, query),
            by,
            fields,
            order,
            limit=limit,
            after=after,
            list_lost=lambda: self._door.list_lost(store),
        )

    def get_status(self, run: RunId) -> RunStatus:
        """Return a run with what is not in its state; one that is completed stays so, whatever is said."""
        known = self._door.catalogue().find_run(run)
        if known is not None and known.state is RunState.COMPLETED:
            return RunStatus(known, is_lost=False, is_cancel_requested=False)
        store = self._door.drained()
        found = self._get(store, run)
        if found.state.is_terminal:
            return RunStatus(found, is_lost=False, is_cancel_requested=False)
        is_job = found.kind is RunKind.JOB
        if is_job and not self._door.workspace.obstacle:
            self._door.workspace.jobs.advance_queue()
            store = self._door.drained()
            found = self._get(store, run)
        is_over = found.state.is_terminal
        return RunStatus(
            found,
            is_lost=not is_over and run in self._door.list_lost(store),
            is_cancel_requested=is_job and not is_over and store.is_cancel_requested(run),
        )

    def list_lost(self) -> frozenset[RunId]:
        """List the runs that have not ended, and whose process may be dead."""
        return self._door.list_lost(self._door.drained())

    def list_deleted(self, runs: Collection[RunId]) -> frozenset[RunId]:
        """List those of some ids whose runs were deleted."""
        store = self._door.drained()
        in_the_trash = store.list_runs(ids=runs, deleted=True)
        return store.list_deleted(runs) | {run.id for run in in_the_trash}

    def get_tags(self, run: RunId) -> Mapping[str, str | None]:
        """Return the tags of a run by key."""
        return self._door.drained().get_tags(run)

    def list_tags(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str | None]]:
        """Return the tags of several runs."""
        return self._door.drained().list_tags(runs)

    def get_properties(self, run: RunId) -> Mapping[str, str]:
        """Return the properties of a run by key."""
        return self._door.drained().get_properties(run)

    def list_properties(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str]]:
        """Return the properties of several runs."""
        return self._door.drained().list_properties(runs)

    def list_parameters(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, Value]]:
        """Return the parameters of several runs."""
        return self._door.drained().list_parameters(runs)

    def describe(self, runs: Sequence[Run], *, values: bool = True) -> tuple[RunFacts, ...]:
        """Return what is told of runs to the outside."""
        return self._describe(self._door.drained(), runs, values=values)

    def get_details(self, run: RunId) -> RunDetails:
        """Return all that is told of a run to the outside."""
        from trackboard.service.local.facts.job_facts import describe_job  # few readers need it

        store = self._door.drained()
        found = self._get(store, run)
        properties = store.get_properties(run)
        return RunDetails(
            facts=self._describe(store, [found])[0],
            properties=properties,
            files=store.list_files(run),
            job=describe_job(self._door.workspace.paths.job(run), store, found, properties),
            folder=self._door.workspace.run_folder(run),
        )

    def compare(self, runs: Sequence[RunId]) -> Comparison:
        """Put facts of runs side by side."""
        from trackboard.service.local.facts.comparing import compare_runs  # few readers need it

        details = [self.get_details(run) for run in runs]
        return compare_runs(self._door.workspace, details)

    def diff(self, old: RunId, new: RunId) -> tuple[FileChange, ...]:
        """Return how the code and the packages of a run differ from another's."""
        from trackboard.service.local.facts.comparing import diff_runs  # few readers need it

        return diff_runs(self._door.workspace, self.get_details(old), self.get_details(new))

    # -- what anybody may say of a run -------------------------------------------------------------

    def set_tags(self, run: RunId, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags of a run."""
        self._door.drained().set_tags(run, dict(check_tag(*each) for each in tags.items()))

    def remove_tags(self, run: RunId, keys: Collection[str]) -> None:
        """Take tags of a run away."""
        self._door.drained().remove_tags(run, keys)

    def add_properties(self, run: RunId, properties: Mapping[str, str]) -> None:
        """Add properties of a run, all or none."""
        self._door.drained().add_properties(run, properties)

    def set_name(self, run: RunId, name: str) -> None:
        """Rename a run."""
        self._door.drained().set_name(run, check_run_name(name))

    def set_description(self, run: RunId, description: str) -> None:
        """Describe a run in words."""
        self._door.drained().set_description(run, plain_text("text", description))

    def archive(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Archive runs and everything below them."""
        return self._door.drained().archive_runs(runs, time.time())

    def tag_matching(
        self, query: RunQuery, tags: Mapping[str, str | None], *, expected: int | None = None
    ) -> MatchingChange:
        """Add or replace tags of all runs that match."""
        from trackboard.service.local.upkeep import matching  # few readers need it

        given = dict(check_tag(*each) for each in tags.items())
        store = self._door.drained()
        runs = matching.select(store, self._door.resolve_lost(store, query), expected)
        store.tag_runs(runs, given)
        return matching.describe_change(runs, runs, time_s=time.time())

    def archive_matching(self, query: RunQuery, *, expected: int | None = None) -> MatchingChange:
        """Archive all runs that match and everything below them."""
        from trackboard.service.local.upkeep import matching  # few readers need it

        store = self._door.drained()
        stored = self._door.resolve_lost(store, query)
        runs, time_s = matching.select(store, stored, expected), time.time()
        return matching.describe_change(runs, store.archive_runs(runs, time_s), time_s=time_s)

    def unarchive(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take archived runs back."""
        return self._door.drained().unarchive_runs(runs)

    # -- inside ------------------------------------------------------------------------------------

    def _get(self, store: Store, run: RunId) -> Run:
        found = store.find_run(run)
        if found is None:
            raise NotFound(
                f"there is no run {run!r} in {self._door.workspace.folder}",
                hint="trackboard runs lists them.",
            )
        return found

    def _describe(
        self, store: Store, runs: Sequence[Run], *, values: bool = True
    ) -> tuple[RunFacts, ...]:
        ids = [run.id for run in runs] if values else []
        lost, names = self._door.list_lost(store), self._door.names.show(store, runs)
        tags, parameters = store.list_tags(ids), store.list_parameters(ids)
        metrics: dict[RunId, dict[str, Series]] = {}
        for series in store.list_series(runs=ids) if ids else ():
            metrics.setdefault(series.run, {})[series.name] = series
        return tuple(
            RunFacts(
                run=run,
                name=names[run.id],
                is_lost=run.id in lost,
                tags=tags.get(run.id, {}),
                parameters=parameters.get(run.id, {}),
                metrics=metrics.get(run.id, {}),
            )
            for run in runs
        )


if TYPE_CHECKING:

    def _fits(part: LocalRuns) -> Runs:
        return part
