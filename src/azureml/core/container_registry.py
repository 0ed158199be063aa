"""`azureml.core.container_registry`: where an image comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core._settings.sections import Section

__getattr__ = other_names(__name__)


@dataclass(repr=False)
class RegistryIdentity(Section):
    """*Accepted*: nothing signs in anywhere.

    Args:
        resource_id: Kept and shown.
        client_id: Kept and shown.
    """

    resource_id: Optional[str] = None
    client_id: Optional[str] = None


@dataclass(init=False, repr=False)
class ContainerRegistry(Section):
    """*Accepted*: no images are pulled. A password stays in this object and is never shown or stored."""

    address: Optional[str]
    username: Optional[str]
    password: Optional[str]
    registry_identity: Optional[RegistryIdentity]

    def __init__(self) -> None:
        self.address = None
        self.username = None
        self.password = None
        self.registry_identity = None
