"""Values of any kind as JSON."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Set, Tuple

from trackboard.record.conversion.any_value import cell_of


def encode_json(value: object, *, indent: Optional[int] = None) -> Tuple[bytes, str]:
    """Write a value as JSON.

    Args:
        value: Anything; arrays become lists, what JSON has no place for becomes text.
        indent: Spaces of each level; None: all in one line.

    Returns:
        The JSON in UTF-8, and what to tell about it.

    Raises:
        Exception: It cannot be written: it is within itself, or what it holds raises when it is asked.
    """
    import json  # whoever records has it

    strange: Set[str] = set()
    text = json.dumps(_in_json(value, strange), indent=indent)
    remark = f"JSON has no place for {', '.join(sorted(strange))}: text there" if strange else ""
    return text.encode("utf-8", "surrogatepass"), remark


def _in_json(value: Any, strange: Set[str]) -> object:
    """What JSON can hold of a value; types that become text are noted in `strange`."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if hasattr(value, "tolist"):
        plain = value.tolist()
        return float(plain) if type(plain) is type(value) else _in_json(plain, strange)
    if isinstance(value, Mapping):
        return {
            key if key is None or isinstance(key, (str, int, float)) else str(key): _in_json(
                one, strange
            )
            for key, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_in_json(one, strange) for one in value]
    one, remark = cell_of("value", value)
    if remark:
        strange.add(type(value).__name__)
    return one
