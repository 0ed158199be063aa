"""Metrics: lists, rows and tables in, and everything back out by name."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional

from azureml.core._handle import RunHandle
from azureml.exceptions._tree import UserErrorException, sdk_errors
from trackboard.model import RunId
from trackboard.record.value import plain_value


class MetricCalls(RunHandle):
    """The part of `Run` that records several values at once, and gives them back."""

    def log_list(self, name: str, value: Iterable[object], description: str = "") -> None:
        """Record several values of a metric, as if they were logged one by one.

        Args:
            name: The metric.
            value: Any iterable of numbers, bools and text, also an array or a generator. An empty one
                records nothing.
            description: Accepted for the SDK's signature.

        Raises:
            UserErrorException: One of them cannot be recorded; then none is.
        """
        if isinstance(value, (str, bytes)) or not _is_sequence(value):
            raise UserErrorException(
                f"log_list({name!r}): {type(value).__name__} is no list of values."
                f" Write log_list({name!r}, [0.1, 0.2])."
            )
        with sdk_errors():
            for one in [plain_value(name, item) for item in value]:
                self._log(name, one)

    def log_row(self, name: str, description: Optional[str] = None, **kwargs: object) -> None:
        """Record one row of a table.

        Args:
            name: The table.
            description: Accepted for the SDK's signature.
            kwargs: Values by column.

        Raises:
            UserErrorException: A value cannot be recorded, or there is none; then nothing is.
        """
        with sdk_errors():
            self._live.log_row(name, kwargs)

    def log_table(self, name: str, value: Mapping[str, object], description: str = "") -> None:
        """Record rows of a table.

        Args:
            name: The table.
            value: Columns by name, all of one length: lists, arrays, other iterables. A number, a bool
                or text is a column with one value. Without a column, or a row, nothing is recorded.
            description: Accepted for the SDK's signature.

        Raises:
            UserErrorException: It is no dict, the columns differ in length, or a value cannot be
                recorded; then nothing is.
        """
        if not isinstance(value, Mapping):
            raise UserErrorException(
                f"log_table({name!r}): {type(value).__name__} is no dict of columns."
                f" Write log_table({name!r}, {{'x': [1, 2], 'y': [0.1, 0.2]}})."
            )
        with sdk_errors():
            columns = {column: _column(name, column, cells) for column, cells in value.items()}
            lengths = {column: len(cells) for column, cells in columns.items()}
            if len(set(lengths.values())) > 1:
                said = ", ".join(f"{column}: {length}" for column, length in lengths.items())
                raise UserErrorException(
                    f"log_table({name!r}): the columns differ in length ({said})."
                )
            for number in range(max(lengths.values(), default=0)):
                row = {column: cells[number] for column, cells in columns.items()}
                self._live.log_row(name, row)

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
        if not self._is_recorded:
            return {}
        from azureml.core._readback import read_metrics

        workspace = self._drained()
        with sdk_errors():
            if not recursive:
                run = RunId(self.id)
                found = read_metrics(workspace, [run], name, populate=populate)
                return dict(found.get(run, {}))
            family = workspace.store.list_descendants([RunId(self.id)])
            runs = [one.id for one in family]
            if run_type is not None:
                from azureml.core._filters import is_of_type

                runs = [one.id for one in family if is_of_type(workspace.store, one, run_type)]
            every = read_metrics(workspace, runs, name, populate=populate)
            return {str(run): metrics for run, metrics in every.items()}


def _column(table: str, column: object, cells: object) -> List[object]:
    """The values of a column, each as it is stored."""
    name = f"{table}/{column}"
    if not isinstance(column, str) or not column:
        raise UserErrorException(
            f"log_table({table!r}): the column name {column!r} must be text of some length."
        )
    if isinstance(cells, (str, bytes)) or not _is_sequence(cells):
        return [plain_value(name, cells)]
    return [plain_value(name, cell) for cell in cells]  # type: ignore[attr-defined]


def _is_sequence(cells: object) -> bool:
    """Whether it holds several cells: arrays and tensors without a dimension do not."""
    if getattr(cells, "shape", None) == ():
        return False
    return hasattr(type(cells), "__iter__") and not isinstance(cells, Mapping)
