"""What a workspace answers about its runs: which there are, what they logged, their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Unpack

from trackboard.errors import NotFound, UsageError
from trackboard.history import (
    Filters,
    build_query,
    check_order,
    check_page,
    check_query,
    explain_nothing,
    open_file,
    parse_order,
)
from trackboard.model import ArtifactKind, Run, RunId, Series, Value
from trackboard.ports import (
    NEWEST_FIRST,
    Artifact,
    Blobs,
    Order,
    RunFile,
    RunFiles,
    RunQuery,
    Store,
)
from trackboard.record import LiveRun
from trackboard.workspace.run_list import RunList
from trackboard.workspace.run_names import runs_called, runs_of_experiment, shown_names

if TYPE_CHECKING:
    from trackboard.history import History
    from trackboard.workspace.notebook import Look

AnyRun = Run | LiveRun | RunId | str


class ReadingCalls:
    """The part of `Workspace` that reads."""

    folder: Path

    @property
    def store(self) -> Store:
        """The history's database."""
        raise NotImplementedError

    @property
    def blobs(self) -> Blobs:
        """Complete files."""
        raise NotImplementedError

    @property
    def run_files(self) -> RunFiles:
        """Plain files, which may still grow."""
        raise NotImplementedError

    def drain(self) -> None:
        """Return when everything said before the call is stored."""
        raise NotImplementedError

    def look(self) -> Look:
        """What notebook pages are made from."""
        raise NotImplementedError

    # -- which run is meant -------------------------------------------------------------------------

    def find_run(self, run: AnyRun) -> Run | None:
        """The run as it is now, or None where none is called so.

        Args:
            run: A run, its id, or what it is called: `experiment/name`, or its own name.

        Raises:
            UsageError: Several runs are called so; they are listed.
        """
        found = self.find_by_id(RunId(run if isinstance(run, str) else run.id))
        if found is None and isinstance(run, str):
            try:
                return self._one(run)
            except NotFound:
                return None
        return found

    def find_by_id(self, run: RunId) -> Run | None:
        """The run with this id as it is now, or None; what runs are called does not matter."""
        self.drain()
        return self.store.find_run(run)

    def names(self, runs: Iterable[Run]) -> dict[RunId, str]:
        """What TensorBoard calls runs: `experiment/name`, a child `experiment/parent/name`; unique."""
        return shown_names(self.store, runs)

    def runs_of(self, experiment: str) -> list[RunId]:
        """Runs of an experiment that are nobody's children.

        Raises:
            NotFound: There is no such experiment.
        """
        self.drain()
        return runs_of_experiment(self.store, self.folder, experiment)

    def runs_called(self, text: str) -> list[RunId]:
        """The run that `text` means, or the runs of the experiment of that name.

        Args:
            text: A run's id, `experiment/name` as TensorBoard shows it, a run's own name, or an
                experiment's name; `name #3` is the run of that name with the number 3.

        Raises:
            NotFound: Nothing is called so.
            UsageError: Several runs are; they are listed.
        """
        self.drain()
        return runs_called(self.store, self.folder, text)

    def runs(
        self,
        query: RunQuery | None = None,
        *,
        order: Order | str = NEWEST_FIRST,
        limit: int | None = None,
        offset: int = 0,
        **filters: Unpack[Filters],
    ) -> RunList:
        """Runs that match every given condition, as they are now, newest first.

        Args:
            query: The conditions as one value, instead of `filters`.
            order: A metric's name sorts by its last value, greatest first; `-name` least first.
            limit: At most so many, from 1; None: all.
            offset: Leave out so many at the begin.
            **filters: `experiment`, `parent`, `top_level`, `kind`, `state`, `tags`, `properties`,
                `parameters`, `metrics`; see `history.Filters`.

        Raises:
            UsageError: A condition is not one.
            NotFound: No run at all has a name that is asked for: an experiment, a tag, a parameter, a
                metric; or none that matches has the metric to sort by.

        >>> [run.name for run in workspace.runs(experiment="digits", metrics="loss < 0.5")]
        ['first']
        """
        if query is not None and filters:
            raise UsageError(
                f"conditions were given twice: as {query} and as {filters}",
                hint="Put them all into the query, or leave it out.",
            )
        if not isinstance(query, RunQuery | None):
            raise UsageError(
                f"{query!r} is no RunQuery", hint='Name the condition: runs(experiment="digits").'
            )
        wanted = build_query(**filters) if query is None else check_query(query)
        sorted_by = parse_order(order)
        check_page(limit, offset)
        self.drain()
        if wanted.parent is not None and (parent := self.find_run(wanted.parent)) is not None:
            wanted = replace(wanted, parent=parent.id)
        found = self.store.query_runs(wanted, sorted_by, limit=limit, offset=offset)
        if found:
            check_order(self.store, wanted, sorted_by, found)
        elif not offset:
            explain_nothing(self.store, wanted)
        return RunList.of(found, self.look)

    def history(
        self,
        runs: AnyRun | Iterable[AnyRun],
        metrics: str | Iterable[str] | None = None,
        *,
        limit: int | None = None,
    ) -> History:
        """What runs logged, as one long table: a row for each point.

        Args:
            runs: One or many: runs, their ids, or what they are called (see `runs_called`).
            metrics: Only these; None: all. A column of a table is called `table/column`.
            limit: At most so many points of each series, from 1: a sample with its first, last, least
                and greatest value. None: all.

        Returns:
            Columns as numpy arrays: steps int64, times in seconds since the epoch, values float64;
            `to_pandas()` and `to_arrow()` need `pip install 'trackboard[frames]'`.

        Raises:
            NotFound: There is no such run, or none of them logged one of the metrics.
            UsageError: Several runs are called so; they are listed.

        >>> workspace.history("digits/first", "loss").values.round(2).tolist()
        [1.0, 0.5, 0.33]
        """
        check_page(limit)
        chosen = self.names(self._chosen(runs))
        names = [metrics] if isinstance(metrics, str) else None if metrics is None else [*metrics]
        from trackboard.history import read_history  # loads numpy

        return read_history(self.store, chosen, names, limit=limit)

    def tags(self, run: AnyRun) -> Mapping[str, str | None]:
        """Tags of a run by key.

        Raises:
            NotFound: There is no such run.
        """
        return self.store.get_tags(self._one(run).id)

    def properties(self, run: AnyRun) -> Mapping[str, str]:
        """Properties of a run by key: what is known of its code, its command and its machine.

        Raises:
            NotFound: There is no such run.
        """
        return self.store.get_properties(self._one(run).id)

    def parameters(self, run: AnyRun) -> Mapping[str, Value]:
        """Parameters of a run by name.

        Raises:
            NotFound: There is no such run.
        """
        found = self._one(run).id
        return self.store.list_parameters([found]).get(found, {})

    def metrics(self, run: AnyRun) -> dict[str, Series]:
        """What is known of each metric of a run: how many points, the last value, the least, the greatest.

        Raises:
            NotFound: There is no such run.
        """
        return {each.name: each for each in self.store.list_series(runs=[self._one(run).id])}

    def images(self, run: AnyRun) -> tuple[Artifact, ...]:
        """Images that a run logged, in the order they were stored; `open_file` opens their `path`.

        Raises:
            NotFound: There is no such run.
        """
        ids = [one.id for one in self._chosen(run)]
        return self.store.list_artifacts(runs=ids, kinds=[ArtifactKind.IMAGE])

    def files(self, run: AnyRun) -> tuple[RunFile, ...]:
        """Files of a run by path, sizes in bytes.

        Raises:
            NotFound: There is no such run.
        """
        return self.store.list_files(self._one(run).id)

    def open_file(self, run: AnyRun, path: str) -> BinaryIO:
        """Open a file of a run for reading bytes; close it, or use `with`.

        Args:
            run: The run.
            path: As in `files`.

        Raises:
            NotFound: There is no such run or file.
        """
        return open_file(self.store, self.blobs, self.run_files, self._one(run).id, path)

    def _one(self, run: AnyRun) -> Run:
        found = self._chosen(run)
        if len(found) != 1:
            raise UsageError(
                f"{run!r} is an experiment of {len(found)} runs", hint="Name one of its runs."
            )
        return found[0]

    def _chosen(self, runs: AnyRun | Iterable[AnyRun]) -> list[Run]:
        """These runs as they are now, each once, in the order given."""
        self.drain()
        each = [runs] if isinstance(runs, (Run, LiveRun, str)) else list(runs)
        texts = [str(run) if isinstance(run, str) else run.id for run in each]
        found = {run.id: run for run in self.store.list_runs(ids=[RunId(text) for text in texts])}
        chosen: dict[RunId, Run] = {}
        for text in texts:
            if text not in found:
                named = self.store.list_runs(ids=self.runs_called(text))
                chosen.update((run.id, run) for run in named)
            else:
                chosen[RunId(text)] = found[RunId(text)]
        return list(chosen.values())
