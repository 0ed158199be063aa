"""Between runs and what people call them: `experiment/name`, as everywhere, and back again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from trackboard.board.view.few_names import name_few
from trackboard.board.view.run_names import name_runs
from trackboard.errors import NotFound, UsageError
from trackboard.history import nearest
from trackboard.model import Run, RunId
from trackboard.ports import RunQuery, Store
from trackboard.service.local.short_ids import find_ids

_MOST_LISTED = 20
_MOST_REMEMBERED = 20  # experiments
_FEW = 1_000  # runs, a page of the API with children that are shown


class RunNames:
    """Names runs as TensorBoard does; remembers the names of few experiments while nothing changes.

    A name may depend on any run of its experiment, of which there may be 100,000; for few runs only those
    are read that matter. Safe from several threads.

    Args:
        few: How many runs these are at most.
    """

    def __init__(self, few: int = _FEW) -> None:
        self._few = few
        self._known: dict[
            str, tuple[int, Mapping[RunId, str]]
        ] = {}  # by experiment, with its version

    def show(self, store: Store, runs: Iterable[Run]) -> dict[RunId, str]:
        """Name runs, each name once: ` #<number>` tells namesakes apart."""
        given = list(runs)
        shown = [*{run.id: run for run in given if run.deleted_s is None}.values()]
        names: dict[RunId, str] = {}
        if len(given) <= self._few:
            names = name_few(store, shown)
            return {run.id: names.get(run.id, f"{run.experiment}/{run.name}") for run in given}
        for experiment in dict.fromkeys(run.experiment for run in given):
            theirs = [run for run in shown if run.experiment == experiment]
            of_all = self._of_experiment(store, experiment, theirs)
            names.update((run.id, of_all[run.id]) for run in theirs if run.id in of_all)
        return {run.id: names.get(run.id, f"{run.experiment}/{run.name}") for run in given}

    def _of_experiment(
        self, store: Store, experiment: str, given: Sequence[Run]
    ) -> Mapping[RunId, str]:
        version = store.version()  # before: names that are newer than it are made again
        known = self._known.get(experiment)
        if known is not None and known[0] == version:
            return known[1]
        if len(given) == store.count_runs(RunQuery(experiment, archived=True)):
            return name_runs(given)  # all there are; not kept: they may be older than `version`
        names = name_runs(store.list_runs(experiment=experiment))
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[experiment] = version, names
        return names


def runs_of_experiment(store: Store, folder: Path, experiment: str) -> list[RunId]:
    """Runs of an experiment that are nobody's children.

    Raises:
        NotFound: There is no such experiment.
    """
    known = store.list_experiments()
    if experiment not in known:
        raise NotFound(
            f"there is no experiment {experiment!r} in {folder}",
            hint=nearest(experiment, known),
        )
    return [run.id for run in store.list_runs(experiment=experiment) if run.parent is None]


def runs_called(store: Store, folder: Path, text: str) -> list[RunId]:
    """The run that `text` means, or the runs of the experiment of that name.

    What is called so comes before what has an id that begins so.
    `name #3` is the run of that name with the number 3, also where its name alone is enough.

    Args:
        store: Where the runs are.
        folder: The workspace's, for errors.
        text: A run's id or its beginning (of a job also that of its last eight digits),
            `experiment/name` as TensorBoard shows it, a run's own name, or an experiment's name.

    Raises:
        NotFound: Nothing is called so.
        UsageError: Several runs are, or a run and an experiment; they are listed.
    """
    known = store.find_run(RunId(text))
    if known is not None and known.deleted_s is not None:
        raise in_trash(known)
    if known is not None:
        return [RunId(text)]
    runs = store.list_runs()
    called = _Called(runs)
    found = called.find(text)
    of_experiment = (
        runs_of_experiment(store, folder, text) if text in store.list_experiments() else None
    )
    if not found and of_experiment is None:
        found = find_ids(text, called.shown)
    if not found and of_experiment is None:
        raise NotFound(
            f"no run is called {text!r} in {folder}",
            hint=nearest(text, [*called.shown.values(), *(run.name for run in runs)]),
        )
    if of_experiment is not None and not found:
        return of_experiment
    others = "" if of_experiment in (None, found) else f"\n    the experiment {text}"
    if len(found) > 1 or others:
        what = f"{len(found)} runs are" if len(found) > 1 else "a run and an experiment are"
        raise UsageError(
            f"{what} called {text!r}:{called.list_for_choice(found)}{others}",
            hint="Pass one of these names, or an id.",
        )
    return found


def run_called_in_trash(store: Store, folder: Path, text: str) -> RunId:
    """The run in the trash that `text` means: its id, `experiment/name`, or its name.

    Raises:
        NotFound: Nothing in the trash is called so.
        UsageError: Several runs are; they are listed.
    """
    runs = store.list_runs(deleted=True)
    if RunId(text) in {run.id for run in runs}:
        return RunId(text)
    called = _Called(runs)
    found = called.find(text)
    if not found:
        names = [*called.shown.values(), *(run.name for run in runs)]
        raise NotFound(
            f"no run in the trash of {folder} is called {text!r}",
            hint=nearest(text, names, "trackboard trash lists them."),
        )
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} runs in the trash are called {text!r}:{called.list_for_choice(found)}",
            hint="Pass one of these names, or an id.",
        )
    return found[0]


def in_trash(run: Run) -> NotFound:
    """The error for a run that is in the trash."""
    return NotFound(
        f"the run {run.experiment}/{run.name} ({run.id}) is in the trash",
        hint=f"trackboard restore {run.id} brings it back.",
    )


class _Called:
    """What some runs are called: all of their experiments.

    Attributes:
        shown: Their names in TensorBoard.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        self._runs = {run.id: run for run in runs}
        self.shown = name_runs(self._runs.values())
        self._whole = {run: self._unnumbered(run) for run in self._runs}
        self._own = {run.id: run.name for run in self._runs.values()}

    def find(self, text: str) -> list[RunId]:
        """All that may be meant: by the whole name, else by its own; else with its number."""
        return (
            [run for run, name in self._whole.items() if text in (name, self.shown[run])]
            or [run for run, name in self._own.items() if name == text]
            or [run for run, name in self._whole.items() if self._numbered(run, name) == text]
            or [run for run, name in self._own.items() if self._numbered(run, name) == text]
        )

    def list_for_choice(self, runs: Iterable[RunId]) -> str:
        """Lines, each with a name that means one run only, and its id."""
        given = list(runs)
        lines = []
        for run in given[:_MOST_LISTED]:
            numbered = self._numbered(run, self._whole[run])
            name = self.shown[run] if self.find(self.shown[run]) == [run] else numbered
            lines.append(f"\n    {name}  {run}")
        more = len(given) - _MOST_LISTED
        return "".join(lines) + (f"\n    and {more} more" if more > 0 else "")

    def _unnumbered(self, run: RunId) -> str:
        """The name that it would have without namesakes."""
        known = self._runs[run]
        parent = self._runs.get(known.parent) if known.parent else None
        is_below = parent is not None and parent.experiment == known.experiment
        above = self.shown[parent.id] if parent is not None and is_below else known.experiment
        return f"{above}/{known.name}"

    def _numbered(self, run: RunId, name: str) -> str:
        return f"{name} #{self._runs[run].number}"
