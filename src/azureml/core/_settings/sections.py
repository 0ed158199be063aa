"""Groups of named settings: plain attributes, a fixed set of them, written as JSON and YAML."""

from __future__ import annotations

import dataclasses
import difflib
import json
from typing import Any, Callable, ClassVar, Dict, List, Mapping

from azureml.exceptions import UserErrorException

_SPELLED = {  # what the SDK's files call them, where that is not the attribute in camelCase
    "amlcompute": "amlCompute",
    "kubernetescompute": "kubernetesCompute",
    "paralleltask": "parallelTask",
    "pytorch": "pyTorch",
    "source_directory_data_store": "sourceDirectoryDataStore",
}


Checks = Mapping[str, Callable[[Any], Any]]  # by attribute: what is kept of a value


class Section:
    """Settings of a job. Subclasses are dataclasses: their fields are all the attributes there are."""

    checks: ClassVar[
        Mapping[str, Callable[[Any], Any]]
    ] = {}  # by attribute: what is kept of a value
    accepted: ClassVar[Mapping[str, Any]] = {}  # what may be set and is not written, with defaults

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.accepted:
            object.__setattr__(self, name, value)
            return
        if name not in names_of(type(self)):
            raise AttributeError(_no_attribute(self, name))
        check = self.checks.get(name)
        object.__setattr__(self, name, value if check is None else check(value))

    def __getattr__(self, name: str) -> Any:
        if name in type(self).accepted:
            return type(self).accepted[name]
        raise AttributeError(_no_attribute(self, name))

    def __repr__(self) -> str:
        return json.dumps(as_plain(self), indent=4, default=str)


def names_of(kind: type) -> List[str]:
    """The attributes of a kind of section."""
    return [field.name for field in dataclasses.fields(kind)]


def key_of(name: str) -> str:
    """What files call an attribute."""
    first, *rest = name.split("_")
    return _SPELLED.get(name) or first + "".join(word.capitalize() for word in rest)


def as_plain(value: Any) -> Any:
    """Settings as JSON and YAML know them: texts, numbers, lists, dicts with the SDK's keys."""
    if isinstance(value, Section):
        return {key_of(name): as_plain(getattr(value, name)) for name in names_of(type(value))}
    if isinstance(value, Mapping):
        return {str(key): as_plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(one) for one in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()  # a number of numpy
    try:
        return json.loads(repr(value))  # an Environment
    except ValueError:
        return str(value)


def fill(section: Section, given: Mapping[str, Any], *, but: List[str]) -> Dict[str, Any]:
    """Set what a file says.

    Args:
        section: What is set, subsections within it too.
        given: By the keys of files; those of `but` are left to the caller.
        but: Attributes.

    Returns:
        What has no attribute here, as dotted keys.

    Raises:
        UserErrorException: A subsection is none.
    """
    unknown: Dict[str, Any] = {}
    names = {key_of(name).lower(): name for name in names_of(type(section))}
    for key, value in given.items():
        name = names.get(str(key).lower())
        if name is None:
            unknown[str(key)] = value
        elif name in but or value is None:
            continue
        elif isinstance(part := getattr(section, name), Section):
            if not isinstance(value, Mapping):
                raise UserErrorException(f"{key}: {value!r} are no settings; write key: value.")
            unknown.update(
                {f"{key}.{inner}": one for inner, one in fill(part, value, but=[]).items()}
            )
        else:
            setattr(section, name, value)
    return unknown


def _no_attribute(section: Section, name: str) -> str:
    names = names_of(type(section))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"there is: {', '.join(sorted(names))}"
    return f"{type(section).__name__} has no attribute {name!r}; {hint}"
