"""Tags, which anybody may change, and properties, which nobody changes."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping, Optional, Union

from azureml.core._run.handle import RunHandle
from azureml.exceptions._tree import UserErrorException, sdk_errors
from trackboard.record.value import check_property, check_tag

Tags = Dict[str, Optional[str]]


class TagCalls(RunHandle):
    """The part of `Run` that describes it."""

    _tags: Optional[Tags] = None
    _properties: Optional[Dict[str, str]] = None

    @property
    def tags(self) -> Tags:
        """Tags by key, as they were when this object first saw them; `get_tags()` looks again."""
        return dict(self.get_tags() if self._tags is None else self._tags)

    @property
    def properties(self) -> Dict[str, str]:
        """Properties by key, as they were when this object first saw them."""
        return dict(self.get_properties() if self._properties is None else self._properties)

    def get_tags(self) -> Tags:
        """Tags by key, as they are now."""
        with sdk_errors():
            self._tags = self._history.tags()
        return dict(self._tags)

    def get_properties(self) -> Dict[str, str]:
        """Properties by key, as they are now."""
        with sdk_errors():
            self._properties = self._history.properties()
        return dict(self._properties)

    def tag(self, key: str, value: Optional[object] = None) -> None:
        """Add or replace a tag; a value that is not text becomes text.

        Args:
            key: Which tag.
            value: None: a tag without a value.
        """
        self.set_tags({key: value})

    def set_tags(self, tags: Union[Mapping[str, object], str]) -> None:
        """Add or replace tags.

        Args:
            tags: Values by key, or the key of one tag without a value.

        Raises:
            UserErrorException: It is neither, or one of them is too long; then none was set.
        """
        plain = plain_tags(tags)
        if not plain:
            return
        with sdk_errors():
            self._backend.set_tags(plain)
        if self._tags is not None:
            self._tags.update(plain)

    def remove_tags(self, tags: Union[Iterable[str], str]) -> Tags:
        """Take tags away; those that are not there are passed over.

        Args:
            tags: Their keys, or one.

        Returns:
            The tags that are left.

        Raises:
            UserErrorException: Those are no keys; then none was taken away.
        """
        given = [tags] if isinstance(tags, str) else tags
        if not hasattr(type(given), "__iter__") or isinstance(given, bytes):
            raise UserErrorException(f"remove_tags({tags!r}): pass a list of keys, or one key.")
        with sdk_errors():
            keys = [check_tag(_key(key), None)[0] for key in given]
            self._backend.remove_tags(keys)
        return self.get_tags() if self._backend.home.can_read else {}

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties, which never change; a value that is not text becomes text.

        Raises:
            ServiceException: One exists with another value; none was added.
            UserErrorException: That is no dict, or one of them is too long; then none was added.
        """
        if not isinstance(properties, Mapping):
            raise UserErrorException(
                f"add_properties({properties!r}): pass a dict, for example {{'author': 'me'}}."
            )
        with sdk_errors():
            plain = dict(check_property(_key(key), str(value)) for key, value in properties.items())
            if not plain:
                return
            self._backend.add_properties(plain)
        if self._properties is not None:
            self._properties.update(plain)


def plain_tags(tags: Union[Mapping[str, object], str]) -> Tags:
    """Tags as they are kept: text by key, None for a tag without a value.

    Raises:
        UserErrorException: They are neither a mapping nor a key, or one of them cannot be kept.
    """
    given: Mapping[str, object] = {tags: None} if isinstance(tags, str) else tags
    if not isinstance(given, Mapping):
        raise UserErrorException(
            f"set_tags({tags!r}): pass a dict, for example {{'rank': '1'}}, or one key."
        )
    with sdk_errors():
        return dict(
            check_tag(_key(key), None if value is None else str(value))
            for key, value in given.items()
        )


def _key(key: Any) -> str:
    if not isinstance(key, str) or not key:
        raise UserErrorException(f"The key {key!r} is not allowed: it must be text of some length.")
    return key
