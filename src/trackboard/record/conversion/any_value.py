"""What is recorded of a value that is no number, bool or text: nothing that a script logs ends its training.

Values of other libraries are taken by what they can do, and whatever they raise while they are asked is no
reason to stop.
"""

from __future__ import annotations

import operator
import reprlib
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from trackboard.model import MISSING, check_metric_name
from trackboard.record.conversion.interruption import pass_on_interruption
from trackboard.record.value import plain_step, plain_value

Scalar = Union[bool, int, float, str]
Recorded = Union[Scalar, List[Scalar], Dict[str, Scalar]]

_MOST_ITEMS = 1_000  # of a list that `log` is given; `log_list` takes any number
_MOST_COLUMNS = 100
_MOST_CHARACTERS = 10_000  # of what an object shows of itself
_MOST_CHARACTERS_OF_TEXT = 1_000_000

_short = reprlib.Repr()  # of a container that is too large to be shown before it is cut
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxfrozenset = _MOST_ITEMS
_short.maxdict = _short.maxdeque = _short.maxarray = _MOST_ITEMS
_short.maxstring = _short.maxother = _MOST_CHARACTERS


def recorded(name: str, value: object) -> Tuple[Recorded, str]:
    """Turn any value into what is recorded of it: one value, a list of them, or a row by column.

    Args:
        name: The metric.
        value: Anything.

    Returns:
        It, and what to tell about it; nothing of what is kept as it is.
    """
    one = scalar_of(name, value)
    if one is not None:
        return one, ""
    kind = type(value).__name__
    try:
        items = _items_of(name, value)
        if items is not None:
            return (
                items,
                f"a value of type {kind} is kept as a list, a point for each item, as log_list does",
            )
        cells = _cells_of(name, value)
        if cells is not None:
            return cells, f"a value of type {kind} is kept as a row, as log_row does"
    except Exception as error:  # noqa: BLE001  # whatever it raises: it is kept as text, and that is said
        pass_on_interruption(error)
    return cell_of(name, value)


def cell_of(name: str, value: object) -> Tuple[Scalar, str]:
    """Turn any value into one that can be recorded, and say what became of it; nothing of one that can."""
    one = scalar_of(name, value)
    if one is not None:
        return one, ""
    kind = type(value).__name__
    try:
        return float(operator.index(value)), "an integer beyond 64 bits is kept as a float"  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001  # no integer, or beyond a float as well
        pass_on_interruption(error)
    text = shown(value)
    most = _MOST_CHARACTERS_OF_TEXT if issubclass(type(value), str) else _MOST_CHARACTERS
    if len(text) > most:
        cut = f"{text[:most]}… ({len(text):,} characters)"
        return cut, f"of a value of type {kind} the first {most:,} characters are kept, as text"
    return text, f"a value of type {kind} is kept as text; log a number for a curve"


def scalar_of(name: str, value: object) -> Optional[Scalar]:
    """Return the number, bool or text that a value is, `MISSING` for None; None when it is none of them."""
    if value is None:
        return MISSING
    try:
        return plain_value(name, value)
    except Exception as error:  # noqa: BLE001  # a tensor on a device that is gone, a `__float__` that raises
        pass_on_interruption(error)
        return None


def step_of(name: str, step: object) -> Optional[int]:
    """Return the whole number that a step is; None when it is none.

    A fraction of an epoch is none: rounded, two points would be at one place.
    """
    try:
        if not hasattr(type(step), "__index__"):
            whole = float(step)  # type: ignore[arg-type]  # a tensor, numpy's float32
            step = int(whole) if whole.is_integer() else step
        return plain_step(name, step)
    except Exception as error:  # noqa: BLE001  # text, an array, an object of its own kind
        pass_on_interruption(error)
        return None


def columns_of(value: object) -> Optional[Dict[str, Any]]:
    """Return a table's columns by name: of a dict, or of a data frame; None when it is neither."""
    try:
        names = [*value.keys()]  # type: ignore[attr-defined]
        return {str(column): value[column] for column in names}  # type: ignore[index]
    except Exception as error:  # noqa: BLE001  # it has no columns
        pass_on_interruption(error)
        return None


def rows_of(columns: Mapping[str, object]) -> Tuple[List[Dict[str, object]], str]:
    """Return a table's rows, and what to tell about them: of columns that differ in length, say.

    A number, a bool or text is a column with one value; a shorter column has no value in the last rows.
    """
    values = {}
    for column, cells in columns.items():
        below = cells_below(cells)
        values[column] = [cells] if below is None else below
    lengths = {column: len(cells) for column, cells in values.items()}
    said = ", ".join(f"{column}: {length}" for column, length in lengths.items())
    remark = f"columns differ in length ({said})" if len({*lengths.values()}) > 1 else ""
    rows = [
        {column: cells[number] for column, cells in values.items() if number < len(cells)}
        for number in range(max(lengths.values(), default=0))
    ]
    return rows, remark


def cells_below(cells: object) -> Optional[Sequence[object]]:
    """Return the values of an array, a list or anything else that can be gone through; None for one value.

    What an iterator raises is the caller's own error, and passes.
    """
    kind = type(cells)
    if hasattr(kind, "__next__"):
        return [*cells]  # type: ignore[misc]
    try:
        if issubclass(kind, Mapping):
            return [*cells.values()]  # type: ignore[attr-defined]
        if issubclass(kind, (str, bytes)) or getattr(cells, "shape", None) == ():
            return None
        return [*cells]  # type: ignore[misc]
    except Exception as error:  # noqa: BLE001  # it cannot be gone through
        pass_on_interruption(error)
        return None


def _items_of(name: str, value: Any) -> Optional[List[Scalar]]:
    """The scalars of a short list or array of one dimension, if it holds nothing else."""
    if not isinstance(value, (list, tuple, range)) and len(getattr(value, "shape", ())) != 1:
        return None
    if not 0 < len(value) <= _MOST_ITEMS:
        return None
    given = value.tolist() if hasattr(value, "tolist") else [*value]
    items = [scalar_of(name, item) for item in given]
    return [item for item in items if item is not None] if None not in items else None


def _cells_of(name: str, value: Any) -> Optional[Dict[str, Scalar]]:
    """The cells of a dict, each as it can be recorded, if all of its keys can be columns."""
    if not isinstance(value, Mapping) or not 0 < len(value) <= _MOST_COLUMNS:
        return None
    cells = {}
    for key, cell in value.items():
        column = str(key)
        check_metric_name(f"{name}/{column}")
        cells[column] = cell_of(name, cell)[0]
    return cells if len(cells) == len(value) and "" not in cells else None


def shown(value: object) -> str:
    """What an object shows of itself, in bounded time where it is one of Python's own containers."""
    try:
        if isinstance(value, str):
            return str(value)
        is_container = isinstance(value, (list, tuple, set, frozenset, dict))
        is_large = is_container and len(value) > _MOST_ITEMS  # type: ignore[arg-type]
        return _short.repr(value) if is_large else repr(value)
    except Exception as error:  # noqa: BLE001  # the value is the script's, and so is its __repr__
        pass_on_interruption(error)
        return f"<{type(value).__name__}, whose __repr__ raised {type(error).__name__}>"
