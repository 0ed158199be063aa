"""What people change about runs, also ended ones: the same words as on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from trackboard.api.chosen_runs import AnyRun, choose_one
from trackboard.api.run_list import RunList
from trackboard.model import Run, RunId
from trackboard.record import LiveRun
from trackboard.service import Service

if TYPE_CHECKING:
    from trackboard.gc.answers import GcReport


class WorkspaceEdits:
    """The part of `Workspace` that changes what is said of runs, puts them away and takes them back.

    A run is given as a `Run`, a `LiveRun`, an id, or what it is called: `experiment/name`, or its own name.
    Each method raises NotFound where there is no such run, UsageError where several are called so or a
    value is none that can be stored; nothing is changed then.
    """

    _service: Service

    def rename(self, run: AnyRun, name: str) -> None:
        """Give a run another name; "" is shown as `run-<number>`.

        Examples:
            >>> workspace.rename("digits/first", "baseline")
        """
        self._service.runs.set_name(choose_one(self._service, run).id, name)

    def tag(self, run: AnyRun, tags: Mapping[str, str | None] | str | Iterable[str]) -> None:
        """Add or replace tags of a run.

        Args:
            run: The run.
            tags: By key, None for one without a value; or text, as `trackboard tag` takes it.

        Examples:
            >>> workspace.tag("digits/baseline", {"team": "vision"})
            >>> workspace.tag("digits/baseline", "draft")
        """
        from trackboard.history.conditions import parse_pairs

        if isinstance(tags, str):
            tags = [tags]
        given = dict(tags) if isinstance(tags, Mapping) else parse_pairs(tags)
        self._service.runs.set_tags(choose_one(self._service, run).id, given)

    def untag(self, run: AnyRun, keys: str | Iterable[str]) -> None:
        """Take tags of a run away; those that are not there are passed over.

        Examples:
            >>> workspace.untag("digits/baseline", "draft")
        """
        given = [keys] if isinstance(keys, str) else list(keys)
        self._service.runs.remove_tags(choose_one(self._service, run).id, given)

    def note(self, run: AnyRun, text: str) -> None:
        """Describe a run in words, as Markdown, instead of what was said before; "" says nothing.

        Examples:
            >>> workspace.note("digits/baseline", "Learns *too fast*.")
        """
        self._service.runs.set_description(choose_one(self._service, run).id, text)

    def archive(self, runs: AnyRun | Iterable[AnyRun]) -> tuple[RunId, ...]:
        """Archive runs and all below them: lists and TensorBoard leave them out, their names still find them.

        Returns:
            The runs that are archived now and were not.

        Examples:
            >>> len(workspace.archive("digits/baseline"))
            1
        """
        return self._service.runs.archive(self._ids(runs))

    def unarchive(self, runs: AnyRun | Iterable[AnyRun]) -> tuple[RunId, ...]:
        """Take archived runs back, with those below them that were archived with them.

        Returns:
            The runs that were taken back.

        Examples:
            >>> len(workspace.unarchive("digits/baseline"))
            1
        """
        return self._service.runs.unarchive(self._ids(runs))

    def delete(self, runs: AnyRun | Iterable[AnyRun], *, force: bool = False) -> tuple[RunId, ...]:
        """Put runs and all below them into the trash: nothing shows them any more.

        Args:
            runs: One or many.
            force: Also runs that have not ended: they go on recording, in the trash.

        Returns:
            The runs that are in the trash now and were not.

        Raises:
            Conflict: One has not ended; nothing was changed.

        Examples:
            >>> len(workspace.delete("digits/baseline"))
            1
        """
        return self._service.trash.delete(self._ids(runs), force=force)

    def restore(self, runs: AnyRun | Iterable[AnyRun]) -> tuple[RunId, ...]:
        """Take runs out of the trash, with those below them that were deleted with them.

        Returns:
            The runs that were taken back.

        Examples:
            >>> len(workspace.restore("digits/baseline"))
            1
        """
        trash = self._service.trash
        texts = [each if isinstance(each, str) else each.id for each in _each(runs)]
        return trash.restore([trash.find_called(text) for text in texts])

    def trash(self) -> RunList:
        """Runs in the trash, in the order they were stored; `deleted_s` is since when."""
        return RunList.of(self._service.trash.list(), self._service)

    def gc(self, *, older_than_s: float = 30 * 86_400.0, dry_run: bool = False) -> GcReport:
        """Free what was deleted, and what nothing names any more; nothing of it comes back.

        Args:
            older_than_s: For how many seconds runs have been in the trash that are forgotten; 0: all.
            dry_run: Free nothing, and say what would be freed.

        Raises:
            Unavailable: The database cannot be written, or another process holds a lock for 30 s.

        Examples:
            >>> workspace.gc(dry_run=True).runs.count
            0
        """
        return self._service.trash.collect(older_than_s=older_than_s, dry_run=dry_run)

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
        return self._service.trash.delete_experiment(name, force=force)

    def restore_experiment(self, name: str) -> tuple[RunId, ...]:
        """Take an experiment out of the trash, with the runs that were deleted with it.

        Returns:
            The runs that were taken back.

        Raises:
            NotFound: There is no such experiment in the trash.
        """
        return self._service.trash.restore_experiment(name)

    def _ids(self, runs: AnyRun | Iterable[AnyRun]) -> list[RunId]:
        now = self._service.now()
        texts = [str(each) if isinstance(each, str) else each.id for each in _each(runs)]
        known = {run.id for run in now.runs.list(ids=[RunId(text) for text in texts])}
        return [RunId(text) if RunId(text) in known else choose_one(now, text).id for text in texts]


def _each(runs: AnyRun | Iterable[AnyRun]) -> list[AnyRun]:
    return [runs] if isinstance(runs, (Run, LiveRun, str)) else list(runs)
