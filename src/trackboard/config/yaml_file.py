"""Files of YAML that others wrote: no tags that do something, no aliases that grow without end."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any

from trackboard.layout.reading import DEPTH, read_parsed

_LIMIT_BYTES = 1 << 19  # the parser takes seconds for that
_MERGED = 10_000  # keys that all of `<<` may bring
_NUMBER = 400  # characters; 1:2:3... is one of base 60 and takes the square of its length
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_MERGE = "tag:yaml.org,2002:merge"
_MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def read_yaml(path: str | os.PathLike[str], what: str) -> Any:
    """Read a file of YAML.

    Args:
        path: The file.
        what: What to call it in a message, such as `conda file`.

    Raises:
        NotFound: There is no such file.
        UsageError: It cannot be read or is no YAML; the message says where.
    """
    return read_parsed(path, what, "YAML", parse_yaml, _LIMIT_BYTES)


def parse_yaml(text: str) -> Any:
    """Make lists and tables of a text.

    Raises:
        ValueError: It is no YAML.
        RecursionError: It is nested too deep.
    """
    import yaml

    try:
        return yaml.load(text, _loader())
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


@functools.cache
def _loader() -> type[Any]:
    """PyYAML's safe loader, in bounded time; made when it is needed, as few are."""
    import yaml
    from yaml.constructor import ConstructorError

    class Loader(yaml.SafeLoader):
        merged = 0

        def fetch_flow_collection_start(self, token: Any) -> None:
            """Each bracket costs as much as there are open ones."""
            if self.flow_level >= DEPTH:
                raise ValueError(f"it is nested more than {DEPTH} deep")
            super().fetch_flow_collection_start(token)

        def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
            """Say where a value is that does not fit its tag, as `!!int ""`."""
            try:
                return super().construct_object(node, deep)
            except _MISFITS as error:
                value = f"{str(node.value)[:80]!r} does not fit {node.tag}: {error}"
                raise ConstructorError(None, None, value, node.start_mark) from error

        def construct_scalar(self, node: Any) -> Any:
            if node.tag in _NUMBERS and len(node.value) > _NUMBER:
                raise ValueError(f"it is a number of {len(node.value):,} characters")
            return super().construct_scalar(node)

        def flatten_mapping(self, node: Any) -> None:
            """Count what is merged into a table before it is: each level could double it."""
            for source in _merged_into(node):
                self.flatten_mapping(source)
                self.merged += len(source.value)
                if self.merged > _MERGED:
                    raise ValueError(f"'<<' brings more than {_MERGED:,} keys")
            super().flatten_mapping(node)

    return Loader


def _merged_into(node: Any) -> Iterator[Any]:
    """The tables that a table takes over, as nodes of PyYAML."""
    for key, value in node.value:
        sources = () if key.tag != _MERGE else value.value if value.id == "sequence" else (value,)
        yield from (source for source in sources if source.id == "mapping")
