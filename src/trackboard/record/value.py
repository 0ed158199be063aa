"""What `log` accepts as a value, and as what it is stored.

Numbers of other libraries (numpy, torch, Decimal) are taken by what they can do, never by importing
the library: one-element arrays and tensors answer to `item()`, integers to `__index__`, the rest to
`__float__`.
"""

from __future__ import annotations

import math
import operator
from typing import Optional, Tuple, Union

from trackboard.errors import UsageError
from trackboard.model import check_length
from trackboard.spool.layout import MAX_PAYLOAD_BYTES

PLAIN = frozenset(
    (bool, int, float, str)
)  # what is kept as it is, if it fits; no code of others is asked
_INT64 = range(-(2**63), 2**63)
_TEXT_BYTES = MAX_PAYLOAD_BYTES - (1 << 20)  # leaves room for everything that goes with a text
_CHARACTER_BYTES = 12  # what one takes at most, as JSON


def plain_text(what: str, text: object) -> str:
    """Accept a text that describes a run.

    Args:
        what: What it is, for the error.
        text: Any text that fits into one record of the stream.

    Raises:
        UsageError: It is not text, or too long.
    """
    if not isinstance(text, str):
        raise UsageError(
            f"{what}: {text!r} is {type(text).__name__}, not text", hint="Pass str(...) of it."
        )
    if len(text) * _CHARACTER_BYTES > _TEXT_BYTES:
        import json  # whoever records has it

        size_bytes = len(json.dumps(text))
        if size_bytes > _TEXT_BYTES:
            raise UsageError(
                f"{what}: a text of {size_bytes:,} bytes is too long to be recorded",
                hint=f"Use at most {_TEXT_BYTES:,} bytes, or put it into a file of the run.",
            )
    return str(text)


def check_tag(key: object, value: object) -> Tuple[str, Optional[str]]:
    """Accept a tag.

    Raises:
        UsageError: The key or the value is not text, or too long.
    """
    name = check_length("tag key", plain_text("a tag's key", key))
    return name, None if value is None else plain_text(f"tag {name!r}", value)


def check_property(key: object, value: object) -> Tuple[str, str]:
    """Accept a property.

    Raises:
        UsageError: The key or the value is not text, or too long.
    """
    name = check_length("property key", plain_text("a property's key", key))
    return name, plain_text(f"property {name!r}", value)


def check_run_name(name: object) -> str:
    """Accept what people call a run.

    Raises:
        UsageError: It is not text, or too long.
    """
    return check_length("run name", plain_text("a run's name", name))


def plain_value(name: str, value: object) -> Union[bool, int, float, str]:
    """Turn a loggable value into one of Python's own four kinds.

    Raises:
        UsageError: It is not a number, a bool or text, or too large for 64 bits or a record.
    """
    if isinstance(value, (bool, float)):
        return value if type(value) in (bool, float) else float(value)
    if isinstance(value, str):
        text = plain_text(f"metric {name!r}", value)
        return text.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int):
        return _as_int64(name, int(value))
    single = _single_item(value)
    if single is not None and type(single) is not type(value):
        return plain_value(name, single)
    try:
        return _as_int64(name, operator.index(value))  # type: ignore[arg-type]
    except TypeError:
        pass  # not an integer; perhaps another kind of number
    if hasattr(type(value), "__float__") and not hasattr(value, "__len__"):
        return _as_float(name, value)
    raise _unsupported(name, value)


def plain_step(name: str, step: object) -> int:
    """Turn a step into an int of 64 bits.

    Raises:
        UsageError: It is not a whole number, or too large.
    """
    try:
        if isinstance(step, float) and step.is_integer():
            return _as_int64(name, int(step))
        return _as_int64(name, operator.index(step))  # type: ignore[arg-type]
    except TypeError:
        raise UsageError(
            f"step {step!r} of metric {name!r} is not a whole number",
            hint=f'Use an int, for example log("{name}", value, step=10).',
        ) from None


def plain_size(path: str, size_bytes: int) -> int:
    """Accept the size of a file.

    Raises:
        UsageError: It is negative, or does not fit in 64 bits.
    """
    if size_bytes < 0 or size_bytes not in _INT64:
        raise UsageError(
            f"file {path!r}: {size_bytes} bytes is no size that can be recorded",
            hint="Use a whole number from 0 to 2**63 - 1.",
        )
    return size_bytes


def _single_item(value: object) -> object:
    """The one element of a one-element array or tensor, as Python's own number; else None."""
    count = getattr(value, "numel", None) or getattr(value, "size", None)  # torch says the first
    if callable(count):
        count = count()
    item = getattr(value, "item", None)
    if count != 1 or not callable(item):
        return None
    mask = getattr(value, "mask", False)  # of numpy's masked arrays; item() would look behind it
    return math.nan if not callable(mask) and bool(mask) else item()


def _as_float(name: str, value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):  # a time that is none, a signaling NaN
        raise _unsupported(name, value) from None
    except OverflowError:
        raise UsageError(
            f"metric {name!r}: a {type(value).__name__} is too large for a float of 64 bits",
            hint=f'Log it as text: log("{name}", str(value)).',
        ) from None


def _as_int64(name: str, value: int) -> int:
    if value not in _INT64:
        raise UsageError(
            f"metric {name!r}: the integer {value} does not fit in 64 bits",
            hint=f'Log it as a float or as text: log("{name}", float(value)).',
        )
    return value


def _unsupported(name: str, value: object) -> UsageError:
    kind = type(value).__name__
    hint = f'log() takes one number, bool or text: log("{name}", 0.5).'
    suggestion: Optional[str] = None
    if value is None:
        suggestion = "Leave the call out where there is no value, or log float('nan')."
    elif isinstance(value, dict):
        suggestion = f'Log each entry under its own name, such as "{name}/key".'
    elif hasattr(value, "__iter__"):
        suggestion = "Log the values one after another, or log_list(...) them."
    return UsageError(
        f"metric {name!r}: a value of type {kind} cannot be logged",
        hint=f"{hint} {suggestion}" if suggestion else hint,
    )
