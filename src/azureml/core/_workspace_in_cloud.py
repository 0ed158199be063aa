"""What a workspace in Azure had around it: accepted where nothing depends on it, else refused in words."""

from __future__ import annotations

from typing import Any, Dict, Mapping, NoReturn, Optional

from azureml._notice import warn
from azureml.core._refused import RefusedCall, RefusedProperty
from azureml.exceptions import UserErrorException

_NO_NETWORK = (
    "Nothing is in a network: a workspace is a folder, and its files' modes say who may read it."
)
_NO_CONNECTIONS = (
    "There are no connections here. Read secrets from environment variables; jobs get yours."
)


class CloudCalls:
    """The part of `Workspace` that was about the cloud."""

    service_context = RefusedProperty(
        "There is no service: everything is in the workspace's folder."
    )
    list_keys = RefusedCall("There are no keys: nothing is behind a login.")
    diagnose_workspace = RefusedCall(
        "There is nothing to diagnose; `trackboard where` tells of the folder."
    )
    add_private_endpoint = RefusedCall(_NO_NETWORK)
    delete_private_endpoint_connection = RefusedCall(_NO_NETWORK)
    get_connection = RefusedCall(_NO_CONNECTIONS)
    set_connection = RefusedCall(_NO_CONNECTIONS)
    delete_connection = RefusedCall(_NO_CONNECTIONS)

    def delete(self, delete_dependent_resources: bool = False, no_wait: bool = False) -> NoReturn:
        """Refused: deleting a history is left to the one whose folder it is.

        Raises:
            UserErrorException: Always; it names the folder.
        """
        folder = self._service.folder  # type: ignore[attr-defined]
        raise UserErrorException(
            f"Workspace.delete(): a workspace is its folder, and is deleted with it: rm -r {folder}"
        )

    def update(
        self,
        friendly_name: Optional[str] = None,
        description: Optional[str] = None,
        tags: Optional[Mapping[str, str]] = None,
        image_build_compute: Optional[str] = None,
        service_managed_resources_settings: Optional[object] = None,
        primary_user_assigned_identity: Optional[str] = None,
        allow_public_access_when_behind_vnet: Optional[bool] = None,
        v1_legacy_mode: Optional[bool] = None,
    ) -> Any:
        """*Accepted*: a workspace has no words of its own, and a warning says so.

        Returns:
            The workspace.
        """
        if friendly_name or description or tags:
            warn(
                "Workspace.update: a workspace has no name, description or tags but its folder's name."
            )
        return self

    def update_dependencies(
        self, container_registry: Optional[str] = None, force: bool = False, **kwargs: Any
    ) -> Any:
        """*Accepted*: a workspace depends on nothing."""
        return self

    def sync_keys(self, no_wait: bool = False) -> None:
        """*Accepted*: there are no keys."""

    def setup(self) -> None:
        """*Accepted*: a workspace is complete from the start."""

    def list_connections(
        self, category: Optional[str] = None, target: Optional[str] = None
    ) -> Dict[str, Any]:
        """Return none: there are no connections."""
        return {}

    @property
    def private_endpoints(self) -> Dict[str, Any]:
        """Empty: nothing is in a network."""
        return {}

    @property
    def images(self) -> Dict[str, Any]:
        """Empty: no images are built."""
        return {}

    @property
    def webservices(self) -> Dict[str, Any]:
        """Empty: nothing is deployed from here."""
        return {}

    @property
    def linked_services(self) -> Dict[str, Any]:
        """Empty: nothing is linked."""
        return {}
