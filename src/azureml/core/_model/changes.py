"""Changing what is said about a registered model, and forgetting it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, Mapping, Optional

from azureml.core._model.files import texts
from azureml.exceptions import WebserviceException
from azureml.exceptions._tree import translated
from trackboard.errors import Conflict, NotFound, TrackboardError

if TYPE_CHECKING:
    from trackboard.ports import Model as StoredModel
    from trackboard.service.contract.models import Models


class ModelChanges:
    """The part of `Model` that changes it; its files never change."""

    _stored: StoredModel

    @property
    def _models(self) -> Models:
        raise NotImplementedError  # `Model` knows its workspace

    def delete(self) -> None:
        """Forget this version; its number is not given again. Its files stay on the disk.

        Raises:
            WebserviceException: It was deleted already.
        """
        with _model_errors():
            self._models.delete(self._stored.name, self._stored.version)

    def update(
        self,
        tags: Optional[Mapping[str, object]] = None,
        description: Optional[str] = None,
        sample_input_dataset: Optional[object] = None,
        sample_output_dataset: Optional[object] = None,
        resource_configuration: Optional[object] = None,
    ) -> None:
        """Replace what is said about this version; what is not given stays.

        Args:
            tags: All its tags from now on.
            description: What it is.
            sample_input_dataset: Accepted, as the next two.
            sample_output_dataset: Accepted.
            resource_configuration: Accepted.

        Raises:
            WebserviceException: It was deleted.
        """
        removed: Optional[List[str]] = [] if tags is None else None
        self._change(description=description, tags=texts(tags), removed_tags=removed)

    def add_tags(self, tags: Mapping[str, object]) -> None:
        """Add or replace tags of this version.

        Raises:
            WebserviceException: It was deleted.
        """
        self._change(tags=texts(tags))

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Take tags away, by their keys; those that are not there are passed over.

        Raises:
            WebserviceException: It was deleted.
        """
        self._change(removed_tags=[tags] if isinstance(tags, str) else [*tags])

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties, which never change.

        Raises:
            WebserviceException: One exists with another value, and none was added; or it was deleted.
        """
        self._change(properties=texts(properties))

    def update_tags_properties(
        self,
        add_tags: Optional[Mapping[str, object]] = None,
        remove_tags: Optional[Iterable[str]] = None,
        add_properties: Optional[Mapping[str, object]] = None,
    ) -> None:
        """Do what `add_tags`, `remove_tags` and `add_properties` do.

        Raises:
            WebserviceException: It was deleted, or a property has another value.
        """
        if add_properties:
            self.add_properties(add_properties)
        if remove_tags:
            self.remove_tags(remove_tags)
        if add_tags:
            self.add_tags(add_tags)

    def _change(self, **words: Any) -> None:
        with _model_errors():
            self._stored = self._models.change(self._stored.name, self._stored.version, **words)


@contextlib.contextmanager
def _model_errors() -> Iterator[None]:
    """Raise what the SDK raises of models."""
    try:
        yield
    except (NotFound, Conflict) as error:
        code = 404 if isinstance(error, NotFound) else 409
        raise WebserviceException(str(error), inner_exception=error, status_code=code) from error
    except TrackboardError as error:
        raise translated(error) from error
