"""The filters of `Run.list`, `get_runs` and `get_children`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, Mapping, Optional, Set, Tuple, Union

from azureml.core._states import STATES
from azureml.exceptions._tree import UserErrorException
from trackboard.model import Run, RunId, RunKind
from trackboard.ports import RunQuery

if TYPE_CHECKING:
    from trackboard.service.contract.runs import Runs

Filter = Union[str, Mapping[str, Any], None]
SCRIPT_RUN = "azureml.scriptrun"
SOURCE_PROPERTY = "azureml.runsource"  # what a run without a type of its own says it is
_PAGE = 500


class RunFilter:
    """Conditions that all must hold.

    Args:
        type: The run's type, or its property `azureml.runsource`.
        tags: A key that exists, or values by key; a value None is a tag without a value.
        properties: The same of properties.
        status: The SDK's word for a state.

    Raises:
        ValueError: Tags or properties are neither text nor a dict.
        UserErrorException: There is no such status.
    """

    def __init__(
        self,
        type: Optional[str] = None,
        tags: Filter = None,
        properties: Filter = None,
        status: Optional[str] = None,
    ) -> None:
        self._type = type
        self._tags = _pairs("tags", tags)
        self._properties = _pairs("properties", properties)
        is_key = isinstance(tags, str)  # then any value will do
        self._empty_tags = [k for k, v in self._tags.items() if v is None and not is_key]
        if status is not None and status not in STATES:
            raise UserErrorException(f"There is no status {status!r}; use {', '.join(STATES)}.")
        self._status = status

    def find(
        self,
        runs: Runs,
        *,
        experiment: Optional[str] = None,
        parent: Optional[RunId] = None,
        top_level: bool = False,
    ) -> Iterator[Run]:
        """Runs that match, newest first, a page at a time."""
        query = RunQuery(
            experiment=experiment,
            parent=parent,
            top_level=top_level,
            states=None if self._status is None else (STATES[self._status],),
            tags=self._tags,
            properties=self._properties,
        )
        seen: Set[RunId] = set()  # a run that begins meanwhile moves the others to later pages
        offset = 0
        while page := runs.query(query, limit=_PAGE, offset=offset):
            yield from self._of_page(runs, tuple(run for run in page if run.id not in seen))
            seen |= {run.id for run in page}
            offset += len(page)

    def find_below(self, runs: Runs, run: RunId) -> Iterator[Run]:
        """Runs of the whole subtree that match, newest first, without the run itself."""
        family = [one for one in runs.list_below([run]) if one.id != run]
        matching = [one for one in family if self._matches_alone(runs, one)]
        tags = runs.list_tags([one.id for one in matching]) if self._tags else {}
        chosen = [
            one for one in matching if not self._tags or _holds(self._tags, tags.get(one.id, {}))
        ]
        chosen.sort(key=lambda one: one.created_s)
        yield from self._of_page(runs, tuple(reversed(chosen)))

    def _matches_alone(self, runs: Runs, run: Run) -> bool:
        if self._status is not None and run.state is not STATES[self._status]:
            return False
        if not self._properties:
            return True
        return _holds(self._properties, runs.get_properties(run.id))

    def _of_page(self, runs: Runs, page: Tuple[Run, ...]) -> Iterator[Run]:
        tags = runs.list_tags([run.id for run in page]) if self._empty_tags else {}
        for run in page:
            if any(tags[run.id].get(key) is not None for key in self._empty_tags):
                continue
            if self._type is None or is_of_type(runs, run, self._type):
                yield run


class TagFilter:
    """Tags that something must have.

    Args:
        tags: A key that exists, or values by key; a value None is a tag without a value.

    Raises:
        ValueError: They are neither text nor a dict.
    """

    def __init__(self, tags: Filter) -> None:
        self._key = tags if isinstance(tags, str) else None
        self._tags = {} if isinstance(tags, str) else _pairs("tags", tags)

    def holds(self, found: Mapping[str, Optional[str]]) -> bool:
        """Whether it has them."""
        if self._key is not None:
            return self._key in found
        return all(key in found and found[key] == value for key, value in self._tags.items())


def type_of(run: Run, properties: Mapping[str, str]) -> Optional[str]:
    """The SDK's word for what kind of run it is; None for one that nobody submitted."""
    return SCRIPT_RUN if run.kind is RunKind.JOB else properties.get(SOURCE_PROPERTY)


def is_of_type(runs: Runs, run: Run, type: str) -> bool:
    """Whether a run is of that type, by itself or by its property."""
    if run.kind is RunKind.JOB and type == SCRIPT_RUN:
        return True
    return runs.get_properties(run.id).get(SOURCE_PROPERTY) == type


def _pairs(what: str, given: Filter) -> Dict[str, Optional[str]]:
    if given is None:
        return {}
    if isinstance(given, str):
        return {given: None}
    if isinstance(given, Mapping):
        return {str(k): None if v is None else str(v) for k, v in given.items()}
    raise ValueError(f"{what}={given!r}: pass a key, or a dict of values by key.")


def _holds(wanted: Mapping[str, Optional[str]], found: Mapping[str, Optional[str]]) -> bool:
    return all(
        key in found and (value is None or found[key] == value) for key, value in wanted.items()
    )
