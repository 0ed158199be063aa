"""Lists of runs and experiments, which in a notebook are tables.

Standard library only and fit for Python 3.9.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Deque, Iterable, Iterator, List

if TYPE_CHECKING:
    from azureml.core.experiment import Experiment
    from azureml.core.run import Run

_SHOWN_RUNS = 50


class RunIterator(Iterator["Run"]):
    """Runs, one by one. To show them takes none of them away.

    Args:
        runs: The runs.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        self._runs = iter(runs)
        self._seen: Deque[Run] = deque()  # shown already, and not asked for yet

    def __next__(self) -> Run:
        return self._seen.popleft() if self._seen else next(self._runs)

    def _repr_html_(self) -> str:
        from azureml.core._html import runs_page

        while len(self._seen) <= _SHOWN_RUNS and (run := next(self._runs, None)) is not None:
            self._seen.append(run)
        shown = [*self._seen][:_SHOWN_RUNS]
        return runs_page(shown, more=len(self._seen) > len(shown))


class ExperimentList(List["Experiment"]):
    """Experiments."""

    def _repr_html_(self) -> str:
        from azureml.core._html import experiments_page

        return experiments_page(self)
