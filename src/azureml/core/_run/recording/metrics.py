"""Metrics: lists, rows and tables in, and everything back out by name."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping, Optional, Set

from azureml._notice import warn
from azureml.core._run.handle import RunHandle
from azureml.exceptions._tree import sdk_errors
from trackboard.model import check_metric_name
from trackboard.record.conversion.any_value import (
    cell_of,
    cells_below,
    columns_of,
    recorded,
    rows_of,
    shown,
    step_of,
)


class MetricCalls(RunHandle):
    """The part of `Run` that records values of every kind and number, and gives them back.

    None of them raises for a value: it is kept as it fits best, and one warning by name says how.
    """

    _warned: Optional[Set[str]] = None  # names of metrics

    def log_list(self, name: str, value: Iterable[object], description: str = "") -> None:
        """Record several values of a metric, as if they were logged one by one.

        Args:
            name: The metric.
            value: Any iterable, also an array or a generator. An empty one records nothing.
            description: Accepted for the SDK's signature.

        Raises:
            UserErrorException: The name is not allowed.
        """
        with sdk_errors():
            check_metric_name(name)
        items = None if issubclass(type(value), Mapping) else cells_below(value)
        if items is None:
            self._log_anything(name, value, call="log_list")
            return
        cells = [cell_of(name, item) for item in items]
        for cell, remark in cells:
            self._remark("log_list", name, remark)
            self._log(name, cell, None)

    def log_row(self, name: str, description: Optional[str] = None, **kwargs: object) -> None:
        """Record one row of a table; one without columns records nothing.

        Args:
            name: The table.
            description: Accepted for the SDK's signature.
            kwargs: Values by column.

        Raises:
            UserErrorException: A name is not allowed; then nothing is recorded.
        """
        if not kwargs:
            with sdk_errors():
                check_metric_name(name)
            self._remark("log_row", name, "a row without columns records nothing")
            return
        self._log_cells("log_row", name, kwargs)

    def log_table(self, name: str, value: Mapping[str, object], description: str = "") -> None:
        """Record rows of a table.

        Args:
            name: The table.
            value: Columns by name: lists, arrays, other iterables. A number, a bool or text is a column
                with one value; a shorter column has no value in the last rows. Without a column, or a
                row, nothing is recorded.
            description: Accepted for the SDK's signature.

        Raises:
            UserErrorException: A name is not allowed; then nothing is recorded.
        """
        with sdk_errors():
            check_metric_name(name)
            given = columns_of(value)
            for column in given or ():
                check_metric_name(f"{name}/{column}" if column else "")
        if given is None:
            self._log_anything(name, value, call="log_table")
            return
        rows, remark = rows_of(given)
        self._remark("log_table", name, remark)
        for row in rows:
            self._log_cells("log_table", name, row)

    def _log_cells(self, call: str, name: str, cells: Mapping[str, object]) -> None:
        row = {}
        for column, cell in cells.items():
            row[column], remark = cell_of(f"{name}/{column}", cell)
            self._remark(call, f"{name}/{column}", remark)
        with sdk_errors():
            self._backend.log_row(name, row)

    def _log_anything(
        self, name: str, value: object, step: Optional[object] = None, *, call: str = "log"
    ) -> None:
        """Record a value that is none, or whose step is none, as it fits best.

        Raises:
            UserErrorException: The name is not allowed.
        """
        with sdk_errors():
            check_metric_name(name)
        at = None if step is None else step_of(name, step)
        if step is not None and at is None:
            self._remark(call, name, f"step={shown(step):.40} is no whole number, and is not used")
        kept, remark = recorded(name, value)
        self._remark(call, name, remark)
        with sdk_errors():
            if isinstance(kept, dict):
                self._backend.log_row(name, kept, at)
                return
            for one in kept if isinstance(kept, list) else [kept]:
                self._log(name, one, at)

    def _remark(self, call: str, name: str, remark: str) -> None:
        """Warn of what became of a value, once by name."""
        if self._warned is None:
            self._warned = set()
        if remark and name not in self._warned:
            self._warned.add(name)
            warn(f"{call}({name!r}): {remark}.")

    def get_metrics(
        self,
        name: Optional[str] = None,
        recursive: bool = False,
        run_type: Optional[str] = None,
        populate: bool = False,
    ) -> Dict[str, Any]:
        """Everything that was logged, by name.

        A single value is itself, several are a list in the order they were logged; a table of one row
        is a dict of values, one of several rows a dict of lists; an image or document is its URI.

        Args:
            name: This metric only; an unknown one gives an empty dict.
            recursive: Also of all runs below this one: a dict of such dicts by run id, without those
                that have no metrics.
            run_type: With `recursive`, only of runs of this type.
            populate: Give images and documents as objects with their content.

        Raises:
            ServiceException: The history cannot be read.
        """
        with sdk_errors():
            return self._history.metrics(
                name, recursive=recursive, run_type=run_type, populate=populate
            )
