"""Events as JSON payloads and back.

A field or a kind that this version does not know is left out and not an error: an older reader must
be able to read on past what a newer writer says. So is an event with a value of another type than its
field's: one odd event must not keep a store from everything behind it.
"""

from __future__ import annotations

import dataclasses
import enum
import json
from typing import Any, Mapping, Optional, Tuple

from trackboard.model import (
    ArtifactKind,
    ArtifactLogged,
    Created,
    Ended,
    Event,
    FileAdded,
    Heartbeat,
    Lost,
    ParameterSet,
    PropertyAdded,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
)

_CLASSES: Mapping[str, Any] = {
    "created": Created,
    "state": StateChanged,
    "tag": Tagged,
    "property": PropertyAdded,
    "parameter": ParameterSet,
    "file_added": FileAdded,
    "text": TextLogged,
    "artifact": ArtifactLogged,
    "lost": Lost,
    "heartbeat": Heartbeat,
    "ended": Ended,
}
_KINDS = {cls: kind for kind, cls in _CLASSES.items()}
_NONE = type(None)
_TYPES: Mapping[str, Tuple[type, ...]] = {  # what JSON makes of what a field says that it holds
    "str": (str,),
    "RunId": (str,),
    "RunKind": (str,),
    "RunState": (str,),
    "ArtifactKind": (str,),
    "Optional[str]": (str, _NONE),
    "Optional[RunId]": (str, _NONE),
    "int": (int,),
    "Optional[int]": (int, _NONE),
    "float": (float, int),
    "Optional[float]": (float, int, _NONE),
    "bool": (bool,),
    "Value": (str, float, int),
}
_ENUMS: Mapping[str, Mapping[str, type[enum.Enum]]] = {
    "artifact": {"kind": ArtifactKind},
    "created": {"kind": RunKind},
    "state": {"state": RunState},
}
_FIELDS: Mapping[str, Mapping[str, Tuple[type, ...]]] = {
    kind: {field.name: _TYPES[str(field.type)] for field in dataclasses.fields(cls)}
    for kind, cls in _CLASSES.items()
}


def encode_event(event: Event) -> bytes:
    """The payload of an event other than `FileBytes`, which has a binary form of its own."""
    record: dict[str, Any] = {"k": _KINDS[type(event)]}
    record.update(
        (name, value.value if isinstance(value, enum.Enum) else value)
        for name, value in vars(event).items()
    )
    return encode_json(record)


def encode_json(record: Mapping[str, Any]) -> bytes:
    """A payload from a record of the format's own."""
    return json.dumps(record, separators=(",", ":")).encode()


def decode_event(record: Mapping[str, Any]) -> Optional[Event]:
    """The event in a JSON payload, or None for one that this version does not know."""
    kind = record.get("k", "")
    cls = _CLASSES.get(kind)
    if cls is None:
        return None
    types = _FIELDS[kind]
    known = {name: value for name, value in record.items() if name in types}
    if not all(isinstance(value, types[name]) for name, value in known.items()):
        return None
    try:
        for name, as_enum in _ENUMS.get(kind, {}).items():
            known[name] = as_enum(known[name])
        event: Event = cls(**known)
    except (KeyError, TypeError, ValueError):  # a required field is missing, or a value is new
        return None
    return event
