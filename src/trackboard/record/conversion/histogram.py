"""Histograms as documents of counts and edges: how values are spread, in as few bytes as a chart needs.

{"schema_type": "histogram", "schema_version": "1", "data": {"bin_counts": [...], "bin_edges": [...]}}
"""

from __future__ import annotations

import math
import sys
from typing import Any, Iterator, List, Optional, Sequence, Tuple

from trackboard.record.conversion.interruption import pass_on_interruption

BUCKETS = 64
_FAR = 1e300  # from there on, differences are no numbers any more
_BLOCK = 1 << 20  # values of an array that are counted at once

Encoded = Tuple[Optional[bytes], str]  # the document, and what to tell about it
_Counted = Tuple[List[float], List[float], int]  # counts, edges, and how many values were left out


def encode_histogram(values: Any) -> Encoded:
    """Count values in buckets of equal width, from the least to the greatest.

    Args:
        values: Numbers: an array or tensor of any shape, a list of numbers, arrays or lists; or a tuple
            `(counts, edges)` with one edge more than counts, as `numpy.histogram` returns it.

    Returns:
        The document as JSON, or None; and what was left out, or why there is none.
    """
    import json  # whoever records has it

    try:
        given = _given(values)
        counts, edges, left_out = _count(values) if given is None else (*given, 0)
    except Exception as error:  # noqa: BLE001  # whatever the value's own library raises
        pass_on_interruption(error)
        return None, f"a value of type {type(values).__name__} has no histogram: {error}"
    remark = f"{left_out:,} values that are no finite numbers are left out" if left_out else ""
    if not counts:
        return None, remark or "without values there is no histogram"
    data = {"bin_counts": counts, "bin_edges": edges}
    document = {"schema_type": "histogram", "schema_version": "1", "data": data}
    return json.dumps(document, separators=(",", ":")).encode("ascii"), remark


def _given(values: Any) -> Optional[Tuple[List[float], List[float]]]:
    """Counts and edges that were counted already, of at most so many buckets: neighbours are one."""
    if not isinstance(values, tuple) or len(values) != 2 or not all(map(_has_items, values)):
        return None
    counts, edges = [float(each) for each in values[0]], [float(each) for each in values[1]]
    if len(edges) != len(counts) + 1:
        return None
    if (
        not all(map(_is_near, counts + edges))
        or edges != sorted(edges)
        or min(counts, default=0) < 0
    ):
        raise ValueError("edges have to rise, and counts to be numbers from 0 on")
    at_once = -(-len(counts) // BUCKETS) or 1
    starts = range(0, len(counts), at_once)
    merged = [sum(counts[start : start + at_once]) for start in starts]
    return merged, [*(edges[start] for start in starts), edges[-1]]


def _has_items(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or len(getattr(value, "shape", ())) == 1


def _count(values: Any) -> _Counted:
    array = _as_array(values)
    if array is not None:
        return _count_array(sys.modules["numpy"], array)
    numbers = [*_iter_numbers(values)]
    near = [number for number in numbers if _is_near(number)]
    if not near:
        return [], [], len(numbers)
    edges, per_unit = _edges(min(near), max(near))
    counts = [0.0] * (len(edges) - 1)
    for number in near:
        counts[min(int((number - edges[0]) * per_unit), len(counts) - 1)] += 1
    return counts, edges, len(numbers) - len(near)


def _as_array(values: Any) -> Any:
    """The numbers of an array or tensor in one row, by its own library; None of what is none."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if "bfloat16" in str(values.dtype) else values  # numpy has none
    if hasattr(values, "compressed"):  # numpy's masked arrays: what is not masked
        values = values.compressed()
    if not hasattr(values, "astype") and callable(getattr(values, "numpy", None)):
        values = values.numpy()
    numpy = sys.modules.get("numpy")  # whoever made an array has it
    if numpy is None or not hasattr(values, "astype"):
        return None
    array = numpy.asarray(values).reshape(-1)
    if array.dtype.kind in "cmMSU":
        raise TypeError(f"values of type {array.dtype}")
    return array


def _count_array(numpy: Any, array: Any) -> _Counted:
    blocks = [array[at : at + _BLOCK] for at in range(0, len(array), _BLOCK)]
    bounds = [(near.min(), near.max()) for near in _near(numpy, blocks) if len(near)]
    if not bounds:
        return [], [], len(array)
    least, greatest = (
        float(each) for each in (min(b[0] for b in bounds), max(b[1] for b in bounds))
    )
    edges, per_unit = _edges(least, greatest)
    last, counts, seen = len(edges) - 2, numpy.zeros(len(edges) - 1), 0
    for near in _near(numpy, blocks):
        buckets = numpy.minimum(((near - least) * per_unit).astype(numpy.int64), last)
        counts += numpy.bincount(buckets, minlength=last + 1)
        seen += len(near)
    return counts.tolist(), edges, len(array) - seen


def _near(numpy: Any, blocks: Sequence[Any]) -> Iterator[Any]:
    for block in blocks:
        numbers = block.astype(numpy.float64)
        yield numbers[numpy.abs(numbers) < _FAR]


def _edges(least: float, greatest: float) -> Tuple[List[float], float]:
    """Edges of equal buckets, and buckets per unit; of one bucket where they would be none of width."""
    width = (greatest - least) / BUCKETS
    edges = [least, *(least + width * at for at in range(1, BUCKETS)), greatest]
    if edges == sorted(set(edges)):
        per_unit = BUCKETS / (greatest - least)
        if math.isfinite(per_unit):
            return edges, per_unit
    return [least, greatest], 0.0


def _iter_numbers(values: Any) -> Iterator[float]:
    if values is None:
        yield math.nan
    elif isinstance(values, (str, bytes)):
        raise TypeError("text is no number")
    elif hasattr(values, "tolist"):
        yield from _iter_numbers(values.tolist())
    elif hasattr(type(values), "__iter__"):
        for one in values:
            yield from _iter_numbers(one)
    else:
        yield float(values)


def _is_near(number: float) -> bool:
    return abs(number) < _FAR  # NaN is not
