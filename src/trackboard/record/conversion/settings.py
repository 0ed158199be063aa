"""Settings of any kind as parameters, which are numbers, bools and texts by name."""

from __future__ import annotations

import enum
import os
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from trackboard.errors import UsageError
from trackboard.model import check_metric_name
from trackboard.record.conversion.any_value import Scalar, cell_of, scalar_of
from trackboard.record.conversion.interruption import pass_on_interruption
from trackboard.record.conversion.json_text import encode_json

_MOST_NESTED = 1_000  # settings below one name; more are kept as one text
_DEEPEST = 32


def plain_settings(settings: object) -> Tuple[Dict[str, Scalar], str]:
    """Turn settings into parameters: nested ones are called `outer/inner`, lists are JSON.

    Args:
        settings: A mapping, or an object with attributes, such as what argparse gives, or a data class.

    Returns:
        Parameters by name, and what to tell about them: which are not kept as they are.

    Raises:
        UsageError: A name cannot be one.
    """
    entries = _entries_of(settings)
    if entries is None:
        return {}, f"a value of type {type(settings).__name__} has no settings; nothing is recorded"
    found: Dict[str, Scalar] = {}
    kinds: Dict[str, str] = {}
    for key, value in entries.items():
        name = check_metric_name(str(key))
        for path, one in _nested(name, value):
            found[path], is_same = plain_setting(path, one)
            if not is_same:
                kinds[path] = type(one).__name__
    remark = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
    return found, f"{remark:.500} kept as it fits best, mostly as text" if remark else ""


def plain_setting(name: str, value: object) -> Tuple[Scalar, bool]:
    """Turn one value into a parameter's.

    Returns:
        The value, and whether it is one that parameters have, a path or a member of an enumeration.
    """
    if isinstance(value, enum.Enum) and not isinstance(value, (int, str)):
        value = value.value if isinstance(value.value, str) else value.name
    if isinstance(value, os.PathLike):
        value = os.fsdecode(value)
    one = None if value is None else scalar_of(name, value)
    if one is not None:
        return one, True
    text: object = "None" if value is None else value
    if isinstance(value, (list, tuple, Mapping)) or hasattr(value, "tolist"):
        try:
            text = encode_json(value)[0].decode("utf-8", "replace")
        except Exception as error:  # noqa: BLE001  # a circle, an array that is gone
            pass_on_interruption(error)
    return cell_of(name, text)[0], False


def _nested(name: str, value: object) -> Iterator[Tuple[str, object]]:
    """The settings below a name; itself where there are none, too many, or names that cannot be."""
    try:
        below = [*_walk(name, value, _DEEPEST)] if isinstance(value, Mapping) else []
        if 0 < len(below) <= _MOST_NESTED:
            for path, _ in below:
                check_metric_name(path)
            return iter(below)
    except UsageError:
        pass
    except Exception as error:  # noqa: BLE001  # whatever the mapping's own code raises
        pass_on_interruption(error)
    return iter([(name, value)])


def _walk(name: str, value: object, depth: int) -> List[Tuple[str, object]]:
    if not isinstance(value, Mapping) or not value or not depth:
        return [(name, value)]
    found: List[Tuple[str, object]] = []
    for key, one in value.items():
        found += _walk(f"{name}/{key}", one, depth - 1)
        if len(found) > _MOST_NESTED:
            break
    return found


def _entries_of(settings: object) -> Optional[Mapping[object, object]]:
    if isinstance(settings, Mapping):
        return settings
    try:
        return {key: value for key, value in vars(settings).items() if not key.startswith("_")}
    except TypeError:  # it has no attributes
        return None
