"""Lists of runs and experiments, which in a notebook are tables.

Standard library only and fit for Python 3.9.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Deque, Iterable, Iterator, List, TypeVar

from azureml.exceptions._tree import sdk_errors

if TYPE_CHECKING:
    from azureml.core._run.handle import RunHandle

_SHOWN_RUNS = 50
_Run = TypeVar("_Run", bound="RunHandle")
_Experiment = TypeVar("_Experiment", bound=Any)


class RunIterator(Iterator[_Run]):
    """Runs, one by one. To show them takes none of them away.

    Args:
        runs: The runs, of one workspace.
    """

    def __init__(self, runs: Iterable[_Run]) -> None:
        self._runs = iter(runs)
        self._seen: Deque[_Run] = deque()  # shown already, and not asked for yet

    def __next__(self) -> _Run:
        return self._seen.popleft() if self._seen else next(self._runs)

    def _repr_html_(self) -> str:
        from azureml.core._html import runs_page

        while len(self._seen) <= _SHOWN_RUNS and (run := next(self._runs, None)) is not None:
            self._seen.append(run)
        shown = [*self._seen][:_SHOWN_RUNS]
        if not shown:
            return "no runs"
        with sdk_errors():
            stored = [run._history.stored() for run in shown]
            service = shown[0]._backend.home.service
            return runs_page(service, stored, more=len(self._seen) > len(shown))


class ExperimentList(List[_Experiment]):
    """Experiments of one workspace."""

    def _repr_html_(self) -> str:
        from azureml.core._html import experiments_page

        if not self:
            return "no experiments"
        with sdk_errors():
            return experiments_page(self[0].workspace._service, [one.name for one in self])
