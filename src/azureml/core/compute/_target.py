"""`ComputeTarget`: look up, create, list."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Callable, ClassVar, Dict, Mapping, Optional, Type

from azureml import _guard as _guard
from azureml._console import say
from azureml.exceptions import ComputeTargetException, UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.model import Compute

if TYPE_CHECKING:
    from azureml.core.workspace import Workspace

_RESERVED = ("local", "amlcompute", "containerinstance")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]")


class ComputeTarget:
    """A compute target of a workspace. Returns an object of the class that fits its kind.

    Args:
        workspace: Where it was created.
        name: Its name.

    Raises:
        ComputeTargetException: There is none of that name (the usual way to find that out).
    """

    kinds: ClassVar[
        Dict[str, Type[ComputeTarget]]
    ] = {}  # by the SDK's word; each subclass adds itself
    _compute: Compute
    workspace: Workspace

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:
        with sdk_errors(ComputeTargetException):
            compute = workspace._workspace.store.find_compute(name)
        if compute is None:
            names = ", ".join(ComputeTarget.list_by_name(workspace)) or "none"
            raise ComputeTargetException(
                f"ComputeTargetNotFound: there is no compute target {name!r} in workspace"
                f" {workspace.name!r} (there is: {names})."
                " ComputeTarget.create(workspace, name, configuration) makes one."
            )
        return ComputeTarget._of(workspace, compute)

    @staticmethod
    def _of(workspace: Workspace, compute: Compute) -> ComputeTarget:
        target = object.__new__(ComputeTarget.kinds[compute.kind])
        target.workspace = workspace
        target._compute = compute
        return target

    @staticmethod
    def create(workspace: Workspace, name: str, provisioning_configuration: Any) -> ComputeTarget:
        """Create a compute target; one that exists takes on the new configuration.

        Args:
            workspace: Where.
            name: 3 to 32 letters, digits and -, starting with a letter.
            provisioning_configuration: Such as `AmlCompute.provisioning_configuration(...)`.

        Raises:
            UserErrorException: The name is reserved.
            ComputeTargetException: The name is not allowed, or that is no configuration.

        Source: article, "Create a cluster for your experiment".
        """
        if name.lower() in _RESERVED:
            raise UserErrorException(f"The compute name {name!r} is reserved; choose another.")
        if not _NAME.fullmatch(name):
            raise ComputeTargetException(
                f"The compute name {name!r} is not allowed: use 3 to 32 letters, digits and -,"
                " starting with a letter, for example 'cpu-cluster'."
            )
        make: Optional[Callable[[str, float], Compute]]
        make = getattr(provisioning_configuration, "_compute", None)
        if make is None:
            raise ComputeTargetException(
                f"{type(provisioning_configuration).__name__} is no provisioning configuration;"
                " pass AmlCompute.provisioning_configuration(vm_size='STANDARD_D2_V2', max_nodes=4)."
            )
        compute = make(name, time.time())
        with sdk_errors(ComputeTargetException):
            workspace._workspace.store.set_compute(compute)
        return ComputeTarget._of(workspace, compute)

    @staticmethod
    def list(workspace: Workspace) -> list[ComputeTarget]:
        """All compute targets, oldest first."""
        return [*ComputeTarget.list_by_name(workspace).values()]

    @staticmethod
    def list_by_name(workspace: Workspace) -> Mapping[str, ComputeTarget]:
        """All compute targets by name."""
        with sdk_errors(ComputeTargetException):
            computes = workspace._workspace.store.list_computes()
        return {one.name: ComputeTarget._of(workspace, one) for one in computes}

    @property
    def name(self) -> str:
        """The compute target's name."""
        return self._compute.name

    @property
    def type(self) -> str:
        """The SDK's word for its kind, such as `AmlCompute`."""
        return self._compute.kind

    @property
    def provisioning_state(self) -> str:
        """Always `Succeeded`: there is nothing to wait for."""
        return "Succeeded"

    def wait_for_completion(self, show_output: bool = False, *args: Any, **kwargs: Any) -> None:
        """Return when the target can be used, which is at once."""
        if show_output:
            say("Succeeded")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"
