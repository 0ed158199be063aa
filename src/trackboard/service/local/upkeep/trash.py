"""The trash of a workspace on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from trackboard.errors import Conflict
from trackboard.model import Run, RunId
from trackboard.ports import Attribute, Experiment, RunQuery, Store, attribute
from trackboard.service.answers import MatchingChange
from trackboard.service.local.door import Door
from trackboard.service.local.run_names import run_called_in_trash
from trackboard.service.local.upkeep import matching

if TYPE_CHECKING:
    from trackboard.gc.answers import GcReport
    from trackboard.service.contract.trash import Trash

_MOST_NAMED = 5


class LocalTrash:
    """`Trash` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> tuple[Run, ...]:
        """List the runs in the trash."""
        return self._door.drained().list_runs(deleted=True)

    def list_experiments(self) -> tuple[Experiment, ...]:
        """List the experiments in the trash."""
        return self._door.drained().read_experiments(deleted=True)

    def find_called(self, text: str) -> RunId:
        """Return the run in the trash that a text means."""
        return run_called_in_trash(self._door.drained(), self._door.workspace.folder, text)

    def delete(self, runs: Collection[RunId], *, force: bool = False) -> tuple[RunId, ...]:
        """Put runs and everything below them into the trash."""
        store = self._drained_to_write()
        if not force:
            _check_ended(store.list_descendants(runs))
        return store.delete_runs(runs, time.time())

    def restore(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take runs out of the trash."""
        return self._drained_to_write().restore_runs(runs)

    def delete_matching(self, query: RunQuery, *, expected: int | None = None) -> MatchingChange:
        """Put all runs that match and everything below them into the trash, but those that go on."""
        store = self._drained_to_write()
        stored = self._door.resolve_lost(store, query)
        selected = matching.select(store, stored, expected)
        going_on = matching.find_going_on(store)
        runs, time_s = [each for each in selected if each not in going_on], time.time()
        return matching.describe_change(
            runs,
            store.delete_runs(runs, time_s),
            going_on=len(selected) - len(runs),
            time_s=time_s,
        )

    def restore_deleted(self, time_s: float) -> tuple[RunId, ...]:
        """Take the runs out of the trash that came there at this very time."""
        store = self._drained_to_write()
        came_then = RunQuery(deleted=True, deleted_s=time_s)
        (ids,) = store.read_columns(came_then, [attribute(Attribute.ID)])
        return store.restore_runs([RunId(str(each)) for each in ids])

    def delete_experiment(self, name: str, *, force: bool = False) -> tuple[RunId, ...]:
        """Put an experiment and its runs into the trash."""
        store = self._drained_to_write()
        if not force:
            ids = [run.id for run in store.list_runs(experiment=name)]
            _check_ended(store.list_descendants(ids), of=f"experiment {name!r}")
        return store.delete_experiment(name, time.time())

    def collect(
        self,
        *,
        older_than_s: float,
        dry_run: bool = False,
        progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
    ) -> GcReport:
        """Forget what has been in the trash for a while, and free what nothing names any more."""
        from trackboard.gc.collect import collect

        workspace = self._door.workspace
        workspace.parts.prepare_to_write(needs_to=not dry_run)
        return collect(
            workspace.gc_context, older_than_s=older_than_s, dry_run=dry_run, progress=progress
        )

    def restore_experiment(self, name: str) -> tuple[RunId, ...]:
        """Take an experiment out of the trash."""
        return self._drained_to_write().restore_experiment(name)

    def _drained_to_write(self) -> Store:
        """Store what was recorded; where nothing can be written, that is said before all else."""
        self._door.workspace.parts.prepare_to_write()
        return self._door.drained()


def _check_ended(runs: Iterable[Run], of: str = "") -> None:
    """Refuse runs that have not ended; `of` says whose they are."""
    going_on = [run for run in runs if not run.state.is_terminal]
    if not going_on:
        return
    named = ", ".join(run.id for run in going_on[:_MOST_NAMED])
    more = f" and {len(going_on) - _MOST_NAMED} more" if len(going_on) > _MOST_NAMED else ""
    one = going_on[0]
    raise Conflict(
        f"{of} has runs that have not ended: {named}{more}"
        if of
        else f"the run {one.experiment}/{one.name} ({one.id}) has not ended: it is {one.state.value}",
        hint="End it first. Or delete it as it is, and it goes on recording in the trash:"
        " trackboard rm --force, in Python force=True.",
    )


if TYPE_CHECKING:

    def _fits(part: LocalTrash) -> Trash:
        return part
