"""A workspace as people type it in Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self, Unpack

from trackboard.api.chosen_runs import AnyRun, choose_one, choose_runs
from trackboard.api.edits import WorkspaceEdits
from trackboard.api.run_list import RunList
from trackboard.api.transfers import Transfers
from trackboard.errors import NotFound, UsageError
from trackboard.history.conditions import (
    Filters,
    build_query,
    check_page,
    check_query,
    parse_orders,
)
from trackboard.model import ArtifactKind, Run, RunId, Series, Value
from trackboard.ports import NEWEST_FIRST, Artifact, Order, RunFile, RunQuery
from trackboard.record import LiveRun, Recorder, start_run
from trackboard.service import Service, open_service

if TYPE_CHECKING:
    from trackboard.config import Location
    from trackboard.history import History
    from trackboard.launch.request import Request
    from trackboard.service import Comparison, FileChange


class Workspace(WorkspaceEdits, Transfers):
    """One workspace: its history, its files, its jobs. Safe from several threads; `with` closes it.

    Args:
        service: Answers for the workspace; see `open`.
    """

    @classmethod
    def open(
        cls, location: str | os.PathLike[str] | Location | None = None, *, create: bool = True
    ) -> Workspace:
        """Open a workspace, and make it when it does not exist.

        Its owner's opening also gives it to the folder's group, or takes it back, as its settings say.

        Args:
            location: A folder, or None to search from the current folder (see `config.location`).
            create: Make it; False: only one that is there is opened.

        Raises:
            UsageError: The location or its settings are wrong.
            NotFound: There is none, and none shall be made.
            Conflict: A newer trackboard wrote it.
            Unavailable: The folder cannot be read or written.
        """
        return cls(open_service(location, create=create))

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self._service.name

    @property
    def folder(self) -> Path:
        """Where the workspace is."""
        return self._service.folder

    @property
    def service(self) -> Service:
        """What answers for the workspace."""
        return self._service

    def close(self) -> None:
        """Let go of the database. May be repeated; this process's recorder goes on."""
        self._service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Workspace({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        from trackboard.api.notebook import PageContext, workspace_html

        return workspace_html(PageContext.of(self._service))

    # -- recording ----------------------------------------------------------------------------------

    def recorder(self) -> Recorder:
        """This process's recorder."""
        return self._service.recorder()

    def start_run(
        self,
        experiment: str,
        *,
        name: str = "",
        parameters: object = None,
        tags: Mapping[str, str | None] | None = None,
        description: str = "",
        parent: Run | LiveRun | None = None,
        capture: bool = True,
        console: bool = False,
    ) -> AbstractContextManager[LiveRun]:
        """Begin a run that ends with the `with` block.

        Left at its end or by `sys.exit(0)` it is completed, by an exception failed with the cause, by
        KeyboardInterrupt canceled. The exception goes on.

        Args:
            experiment: Its experiment's name; need not exist.
            name: What people call it; "" is shown as `run-<number>`.
            parameters: Settings by name, of any kind; see `LiveRun.set_parameters`.
            tags: Tags by key.
            description: What it is about.
            parent: The run that it is a part of.
            capture: Add what can be known for free: the code's commit and what differs from it, the
                command, host, user, Python.
            console: Keep what is printed, as `user_logs/std_log.txt`.

        Raises:
            UsageError: A name or a value is not one that can be stored; no run was begun.

        Examples:
            >>> with workspace.start_run("digits", name="first", parameters={"lr": 0.1}) as run:
            ...     for step in range(3):
            ...         run.log("loss", 1 / (step + 1), step)
        """
        return start_run(
            self.recorder(),
            experiment,
            name=name,
            parameters=parameters,
            tags=tags,
            description=description,
            parent=None if parent is None else parent.id,
            capture=capture,
            console=console,
        )

    def add_experiment(self, name: str) -> None:
        """Make sure that an experiment exists."""
        self._service.experiments.add(name)

    # -- which run is meant -------------------------------------------------------------------------

    def find_run(self, run: AnyRun) -> Run | None:
        """The run as it is now, or None where none is called so.

        Args:
            run: A run, its id, or what it is called: `experiment/name`, or its own name.

        Raises:
            UsageError: Several runs are called so; they are listed.
        """
        found = self._service.runs.find(RunId(run if isinstance(run, str) else run.id))
        if found is None and isinstance(run, str):
            try:
                return choose_one(self._service, run)
            except NotFound:
                return None
        return found

    def names(self, runs: Iterable[Run]) -> dict[RunId, str]:
        """What TensorBoard calls runs: `experiment/name`, a child `experiment/parent/name`; unique."""
        return dict(self._service.runs.name(runs))

    def runs_of(self, experiment: str) -> list[RunId]:
        """Runs of an experiment that are nobody's children.

        Raises:
            NotFound: There is no such experiment.
        """
        return list(self._service.runs.list_of_experiment(experiment))

    def runs_called(self, text: str) -> list[RunId]:
        """The run that `text` means, or the runs of the experiment of that name.

        Args:
            text: A run's id or its beginning, `experiment/name` as TensorBoard shows it, a run's own
                name, or an experiment's name; `name #3` is the run of that name with the number 3.

        Raises:
            NotFound: Nothing is called so.
            UsageError: Several runs are; they are listed.
        """
        return list(self._service.runs.find_called(text))

    # -- reading ------------------------------------------------------------------------------------

    def runs(
        self,
        query: RunQuery | None = None,
        *,
        order: Order | str | Sequence[Order | str] = NEWEST_FIRST,
        limit: int | None = None,
        offset: int = 0,
        **filters: Unpack[Filters],
    ) -> RunList:
        """Runs that match every given condition, as they are now, newest first.

        Args:
            query: The conditions as one value, instead of `filters`.
            order: A name as in `where`, such as `loss.min`, `params.lr` or `created`: the greatest first,
                `-name` the least; or several, of which the first decides first.
            limit: At most so many, from 1; None: all.
            offset: Leave out so many at the begin.
            **filters: `experiment`, `parent`, `top_level`, `kind`, `state`, `tags`, `properties`,
                `parameters`, `where`; see `history.Filters` and docs/reading.md.

        Raises:
            UsageError: A condition is not one; its place is pointed at.
            NotFound: No run at all has a name that is asked for: an experiment, a tag, a parameter, a
                metric; or none that matches has what to sort by.

        Examples:
            >>> [run.name for run in workspace.runs(experiment="digits", where="loss < 0.5")]
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
        sorted_by = parse_orders(order)
        check_page(limit, offset)
        if wanted.parent is not None and (parent := self.find_run(wanted.parent)) is not None:
            wanted = replace(wanted, parent=parent.id)
        found = self._service.runs.query(wanted, sorted_by, limit=limit, offset=offset, strict=True)
        return RunList.of(found, self._service)

    def lost_runs(self) -> frozenset[RunId]:
        """Runs that have not ended, whose process may be dead where nobody can tell: it is silent.

        That is derived now and stored nowhere; a run that speaks again is not lost. See `ingest.silence`.
        """
        return self._service.runs.list_lost()

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

        Examples:
            >>> workspace.history("digits/first", "loss").values.round(2).tolist()
            [1.0, 0.5, 0.33]
        """
        check_page(limit)
        now = self._service.now()
        chosen = choose_runs(now, runs)
        names = [metrics] if isinstance(metrics, str) else None if metrics is None else [*metrics]
        return now.metrics.read_history(chosen, names, limit=limit)

    def tags(self, run: AnyRun) -> Mapping[str, str | None]:
        """Tags of a run by key.

        Raises:
            NotFound: There is no such run.
        """
        return self._service.runs.get_tags(choose_one(self._service, run).id)

    def properties(self, run: AnyRun) -> Mapping[str, str]:
        """Properties of a run by key: what is known of its code, its command and its machine.

        Raises:
            NotFound: There is no such run.
        """
        return self._service.runs.get_properties(choose_one(self._service, run).id)

    def parameters(self, run: AnyRun) -> Mapping[str, Value]:
        """Parameters of a run by name.

        Raises:
            NotFound: There is no such run.
        """
        found = choose_one(self._service, run).id
        return self._service.runs.list_parameters([found]).get(found, {})

    def metrics(self, run: AnyRun) -> dict[str, Series]:
        """What is known of each metric of a run: how many points, the last value, the least, the greatest.

        Raises:
            NotFound: There is no such run.
        """
        return {
            each.name: each
            for each in self._service.metrics.list(runs=[choose_one(self._service, run).id])
        }

    def summary(self, run: AnyRun) -> dict[str, Value]:
        """What a run came to: the last value of each metric, and what `run.summary[...]` was set to.

        Raises:
            NotFound: There is no such run.
        """
        return {name: series.last_value for name, series in self.metrics(run).items()}

    def compare(self, *runs: AnyRun) -> Comparison:
        """Put parameters, metrics, tags, code and packages of runs side by side.

        Raises:
            NotFound: There is no such run.

        Examples:
            >>> [fact.name for fact in workspace.compare("digits/first", "digits/first").facts][:2]
            ['lr', 'loss']
        """
        return self._service.runs.compare([choose_one(self._service, run).id for run in runs])

    def diff(self, old: AnyRun, new: AnyRun) -> tuple[FileChange, ...]:
        """How the code and the packages of a run differ from another's, by path.

        Raises:
            NotFound: There is no such run, or its snapshot is gone.
        """
        return self._service.runs.diff(
            choose_one(self._service, old).id, choose_one(self._service, new).id
        )

    def images(self, run: AnyRun) -> tuple[Artifact, ...]:
        """Images that a run logged, in the order they were stored; `open_file` opens their `path`.

        Raises:
            NotFound: There is no such run.
        """
        now = self._service.now()
        ids = [one.id for one in choose_runs(now, run)]
        return now.metrics.list_artifacts(runs=ids, kinds=[ArtifactKind.IMAGE])

    def files(self, run: AnyRun) -> tuple[RunFile, ...]:
        """Files of a run by path, sizes in bytes.

        Raises:
            NotFound: There is no such run.
        """
        return self._service.files.list(choose_one(self._service, run).id)

    def open_file(self, run: AnyRun, path: str) -> BinaryIO:
        """Open a file of a run for reading bytes; close it, or use `with`.

        Args:
            run: The run.
            path: As in `files`.

        Raises:
            NotFound: There is no such run or file.
        """
        return self._service.files.open(choose_one(self._service, run).id, path)

    def run_folder(self, run: RunId) -> Path:
        """Where the plain files of a run are, to be looked at by anybody."""
        return self._service.files.get_folder(run)

    # -- jobs ---------------------------------------------------------------------------------------

    def submit(self, request: Request) -> RunId:
        """Queue a job, and start it if there is room; see `launch.submit`."""
        return self._service.jobs.submit(request)

    def rerun(
        self,
        run: AnyRun,
        *,
        arguments: Sequence[object] | str | None = None,
        settings: Mapping[str, object] | None = None,
        compute: str | None = None,
        name: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> RunId:
        """Run a job again as a new run, from the code and the plan that were kept of it.

        Args:
            run: The earlier one; it may still run.
            arguments: Instead of its script's arguments; [] for none.
            settings: Other values of its script's named arguments, which keeps the others: `{"lr": 0.01}`;
                one that was not given is added.
            compute: Where it runs, instead of where it ran.
            name: What people call the new run.
            tags: Tags of the new run.

        Returns:
            The new run; `wait` waits for its end.

        Raises:
            NotFound: There is no such run or compute target, or no plan or snapshot of it: it was not
                submitted, or that is gone.
            UsageError: Arguments are given to a command, or one is neither text nor a number.
            Unavailable: It is queued, but could not be started now.
        """
        return self._service.jobs.rerun(
            choose_one(self._service, run).id,
            arguments=arguments,
            settings=settings,
            compute=compute,
            name=name,
            tags=tags,
        )

    def wait(self, runs: AnyRun | Iterable[AnyRun], *, timeout_s: float | None = None) -> RunList:
        """Wait until runs have ended, however they did, and make the queue go on meanwhile.

        Args:
            runs: One or many: jobs, or what another process records.
            timeout_s: Not longer than so many seconds; 0: look once; None: until the last has ended.

        Returns:
            The runs as they ended, each once, in the order given; `state` and `cause` say how.

        Raises:
            NotFound: There is no such run, or one was deleted while it was waited for.
            Unavailable: Some had not ended by then; they go on.

        Examples:
            >>> [run.state.value for run in workspace.wait("digits/first")]
            ['completed']
        """
        wanted = self._ids(runs)
        ended = dict(self._service.jobs.iter_ended(wanted, timeout_s=timeout_s))
        deleted = [each for each, run in ended.items() if run is None]
        if deleted:
            raise NotFound(
                f"deleted while they were waited for: {', '.join(deleted)}",
                hint="trackboard trash lists what was deleted; workspace.restore takes it back.",
            )
        return RunList.of(
            (run for each in dict.fromkeys(wanted) if (run := ended[each])), self._service
        )

    def cancel(self, run: AnyRun) -> None:
        """Ask a job to end; see `launch.queue`.

        Raises:
            NotFound: There is no such run.
        """
        self._service.jobs.cancel(choose_one(self._service, run).id)

    def advance_queue(self) -> None:
        """Start queued jobs that have room; every status call does it, as there is no daemon."""
        self._service.jobs.advance_queue()
