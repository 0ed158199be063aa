"""Runs below a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, TypeVar

from azureml.core._links import run_of, run_with, run_with_id
from azureml.core._run.recording.files import FileCalls
from azureml.core._run.recording.tags import TagCalls, plain_tags
from azureml.exceptions._tree import UserErrorException, sdk_errors
from trackboard.model import check_run_id

if TYPE_CHECKING:
    from azureml.core._run.reading.filters import Filter

_Run = TypeVar("_Run", bound="ChildCalls")  # a run below a run is as one, whatever its class
BATCH_TAG = "azureml.batch_child_number"


class ChildCalls(FileCalls, TagCalls):
    """The part of `Run` that begins and finds the runs below it."""

    @property
    def parent(self: _Run) -> Optional[_Run]:
        """The run that this one is a child of, or None."""
        parent = self._stored().parent
        return None if parent is None else run_with_id(self._backend.home.experiment, parent)

    def child_run(
        self: _Run,
        name: Optional[str] = None,
        run_id: Optional[str] = None,
        outputs: Optional[object] = None,
    ) -> _Run:
        """Begin a run below this one; it is running at once.

        Args:
            name: What to call it; it is shown below its parent's name.
            run_id: An id of your own.
            outputs: A folder whose new files are kept when the run ends. None: none is.

        Raises:
            UserErrorException: The id is not allowed, or the folder cannot be made.

        Source: article, "Run experiment and log metrics".
        """
        folder = None
        if isinstance(outputs, str):
            from azureml.core._run.recording.outputs import OutputFolder

            folder = OutputFolder(outputs)
        with sdk_errors():
            own_id = None if run_id is None else check_run_id(run_id)
            called = "" if name is None else str(name)  # a number, where a loop makes them
            child: _Run = run_with(self._backend.child(called, own_id))
        child._outputs = folder
        return child

    def create_children(
        self: _Run,
        count: Optional[int] = None,
        tag_key: Optional[str] = None,
        tag_values: Optional[Sequence[object]] = None,
    ) -> List[_Run]:
        """Begin several runs below this one; each is running, and to be completed by the caller.

        Args:
            count: How many; each is tagged `azureml.batch_child_number` with 0, 1, ...
            tag_key: In place of `count`: the tag that tells the children apart.
            tag_values: With `tag_key`: the value of the tag, one for each child.

        Raises:
            UserErrorException: Pass either `count`, or both of the others; no run was begun.
        """
        if (count is None) != (tag_key is not None and tag_values is not None) or (
            count is not None and (tag_key is not None or tag_values is not None)
        ):
            raise UserErrorException(
                "create_children: pass either count=3, or both tag_key='fold' and tag_values=[1, 2]."
            )
        if count is not None and (type(count) is not int or count < 0):
            raise UserErrorException(f"create_children: count={count!r} is no number of runs.")
        key = BATCH_TAG if tag_key is None else tag_key
        values: Any = range(count) if count is not None else tag_values
        if not hasattr(type(values), "__iter__"):
            raise UserErrorException(
                f"create_children: tag_values={values!r} is no list; pass for example [1, 2]."
            )
        marks = [plain_tags({key: value}) for value in values]
        children = []
        for mark in marks:
            child = self.child_run()
            child.set_tags(mark)
            children.append(child)
        return children

    def submit_child(
        self: _Run, config: object, tags: Optional[Dict[str, Any]] = None, **kwargs: Any
    ) -> _Run:
        """Queue a job whose run is below this one; otherwise like `Experiment.submit`."""
        with sdk_errors():
            self._backend.catalogue("submit_child")  # the run is there by then
        experiment = self._backend.home.experiment
        run: _Run = experiment._submit(config, tags, parent=self._backend.id, **kwargs)
        return run

    def get_children(
        self: _Run,
        recursive: bool = False,
        tags: Filter = None,
        properties: Filter = None,
        type: Optional[str] = None,
        status: Optional[str] = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[_Run]:
        """The runs below this one, newest first.

        Args:
            recursive: The whole subtree, without this run.
            tags: A tag's key, or values by key; None as a value: a tag without one.
            properties: The same of properties.
            type: The type of run.
            status: Runs in this state.

        Raises:
            ValueError: A filter is neither text nor a dict.
        """
        from azureml.core._lists import RunIterator
        from azureml.core._run.reading.filters import RunFilter

        chosen = RunFilter(type, tags, properties, status)
        with sdk_errors():
            found = self._history.children(chosen, recursive=recursive)
        return RunIterator(run_of(one, self._backend.home.experiment) for one in found)
