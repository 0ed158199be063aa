"""`ComputeTarget`: look up, create, attach, list, delete."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    ClassVar,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
)

from azureml import _guard as _guard
from azureml._console import print_line
from azureml.core._run.reading.filters import Filter, RunFilter
from azureml.core._states import STATES
from azureml.exceptions import ComputeTargetException, ServiceException, UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.model import Compute, is_compute_name, is_reserved_compute_name

if TYPE_CHECKING:
    from azureml.core.run import Run
    from azureml.core.workspace import Workspace

_COMPUTE = "trackboard.compute"  # the property of a run that names its compute target

Self = TypeVar("Self", bound="ComputeTarget")


class ComputeTarget:
    """A compute target of a workspace. Returns an object of the class that fits its kind.

    Args:
        workspace: Where it was created.
        name: Its name.

    Raises:
        ComputeTargetException: There is none of that name (the usual way to find that out), or it is
            not of the class that was asked for.
    """

    kinds: ClassVar[
        Dict[str, Type[ComputeTarget]]
    ] = {}  # by the SDK's word; subclasses add themselves
    cluster_resource_id: ClassVar[None] = None
    cluster_location: ClassVar[str] = "local"
    is_attached: ClassVar[bool] = False
    _compute: Compute
    workspace: Workspace

    def __reduce__(self) -> Tuple[Any, ...]:
        """As it is: made anew, it would ask for itself by its name."""
        return object.__new__, (type(self),), dict(vars(self))

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:
        with sdk_errors(ComputeTargetException):
            compute = workspace._service.compute.find(name)
        if compute is None:
            names = ", ".join(ComputeTarget.list_by_name(workspace)) or "none"
            raise ComputeTargetException(
                f"ComputeTargetNotFound: there is no compute target {name!r} in workspace"
                f" {workspace.name!r} (there is: {names})."
                " ComputeTarget.create(workspace, name, configuration) makes one."
            )
        target = ComputeTarget._of(workspace, compute)
        if not isinstance(target, cls):
            raise ComputeTargetException(
                f"{name!r} is of type {compute.kind}, which is {type(target).__name__}, not"
                f" {cls.__name__}. ComputeTarget(workspace, {name!r}) gives it."
            )
        return target

    @staticmethod
    def _of(workspace: Workspace, compute: Compute) -> ComputeTarget:
        target = object.__new__(ComputeTarget.kinds.get(compute.kind, ComputeTarget))
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
            ComputeTargetException: The name is not allowed, or that is no configuration, or the name
                belongs to a compute target of another kind.

        Source: article, "Create a cluster for your experiment".
        """
        _check_name(name)
        make: Optional[Callable[[str, float], Compute]]
        make = getattr(provisioning_configuration, "_compute", None)
        if make is None:
            raise ComputeTargetException(
                f"{type(provisioning_configuration).__name__} is no provisioning configuration;"
                " pass AmlCompute.provisioning_configuration(vm_size='STANDARD_D2_V2', max_nodes=4)."
            )
        target = _put(workspace, make(name, time.time()))
        target._advance_queue()
        return target

    @staticmethod
    def attach(workspace: Workspace, name: str, attach_configuration: Any) -> ComputeTarget:
        """Attach a machine; one that is attached already takes on the new configuration.

        Args:
            workspace: Where.
            name: 3 to 32 letters, digits and -, starting with a letter.
            attach_configuration: Such as `RemoteCompute.attach_configuration(...)`.

        Raises:
            UserErrorException: The name is reserved.
            ComputeTargetException: The name is not allowed, or that is no configuration, or the name
                belongs to a compute target of another kind.
        """
        _check_name(name)
        make: Optional[Callable[[str, float], Compute]]
        make = getattr(attach_configuration, "_attached", None)
        if make is None:
            raise ComputeTargetException(
                f"{type(attach_configuration).__name__} is no attach configuration; pass"
                " RemoteCompute.attach_configuration(address='localhost', username='me')."
            )
        return _put(workspace, make(name, time.time()))

    @staticmethod
    def list(workspace: Workspace) -> List[ComputeTarget]:
        """All compute targets, oldest first."""
        return [*ComputeTarget.list_by_name(workspace).values()]

    @staticmethod
    def list_by_name(workspace: Workspace) -> Mapping[str, ComputeTarget]:
        """All compute targets by name."""
        with sdk_errors(ComputeTargetException):
            computes = workspace._service.compute.list()
        return {one.name: ComputeTarget._of(workspace, one) for one in computes}

    def get(self: Self) -> Self:
        """This compute target as it is now, as a new object.

        Raises:
            ComputeTargetException: It was deleted.
        """
        return type(self)(self.workspace, self.name)

    def refresh_state(self) -> None:
        """Make this object say what the compute target is now.

        Raises:
            ComputeTargetException: It was deleted.
        """
        self._compute = self.get()._compute

    def delete(self) -> None:
        """Forget it.

        Raises:
            ComputeTargetException: Jobs run or wait there, or it was deleted already.
        """
        with sdk_errors(ComputeTargetException):
            self.workspace._service.jobs.advance_queue()  # lets go of jobs whose processes are gone
        self._forget()

    def detach(self) -> None:
        """Forget an attached machine; nothing happens to the machine.

        Raises:
            ComputeTargetException: Jobs run or wait there, or it was not attached but created.
        """
        raise ComputeTargetException(
            f"{self.name!r} was created, not attached: delete() deletes it."
        )

    def _forget(self) -> None:
        try:
            with sdk_errors(ComputeTargetException):
                self.workspace._service.compute.delete(self.name)
        except ServiceException as error:
            raise ComputeTargetException(error.message, inner_exception=error) from error

    def get_active_runs(
        self,
        type: Optional[str] = None,
        tags: Filter = None,
        properties: Filter = None,
        status: Optional[str] = None,
    ) -> Iterator[Run]:
        """Its runs that have not ended, by status, newest first.

        Args:
            type: Only runs of this type.
            tags: Only runs with these tags.
            properties: Only runs with these properties.
            status: Only runs of this status.

        Raises:
            UserErrorException: There is no such status.
        """
        here: Dict[str, Any] = {_COMPUTE: self.name}
        wanted = {properties: None} if isinstance(properties, str) else dict(properties or {})
        asked = [name for name, state in STATES.items() if not state.is_terminal]
        filters = [
            RunFilter(type, tags, {**wanted, **here}, each)
            for each in (asked if status is None else [status])
        ]
        return self._find_active(filters)

    def _find_active(self, filters: List[RunFilter]) -> Iterator[Run]:
        with sdk_errors(ComputeTargetException):
            service = self.workspace._service.now()
        for each in filters:
            for run in each.find(service.runs):
                if not run.state.is_terminal:
                    yield self.workspace.get_run(run.id)

    def get_status(self) -> Any:
        """Its provisioning state."""
        return self.provisioning_state

    def wait_for_completion(
        self, show_output: bool = False, is_delete_operation: bool = False
    ) -> None:
        """Return when the target can be used, or is deleted, which is at once."""
        if show_output:
            print_line(f"Succeeded: {self.name} is {'deleted' if is_delete_operation else 'there'}")

    def serialize(self) -> Dict[str, Any]:
        """All that is known of it, as the SDK arranged it."""
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "tags": self.tags,
            "properties": {
                "computeType": self.type,
                "computeLocation": self.location,
                "description": self.description,
                "resourceId": self.cluster_resource_id,
                "isAttachedCompute": self.is_attached,
                "provisioningState": self.provisioning_state,
                "provisioningErrors": self.provisioning_errors,
                "createdOn": self.created_on,
                "modifiedOn": self.modified_on,
                "properties": self._own_properties(),
            },
        }

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> ComputeTarget:
        """The compute target that was serialized, as it is now.

        Args:
            workspace: Where it is.
            object_dict: What `serialize` gave; its name counts.

        Raises:
            ComputeTargetException: There is no name in it, or it was deleted.
        """
        name = object_dict.get("name")
        if not isinstance(name, str):
            raise ComputeTargetException(
                f"{object_dict!r} is not what serialize() of a compute target gave: it has no name."
            )
        return ComputeTarget(workspace, name)

    def _own_properties(self) -> Dict[str, Any]:
        return {}

    @property
    def name(self) -> str:
        """The compute target's name."""
        return self._compute.name

    @property
    def type(self) -> str:
        """The SDK's word for its kind, such as `AmlCompute`."""
        return self._compute.kind

    @property
    def id(self) -> str:
        """Its place below the workspace, as the SDK wrote it."""
        return f"{self.workspace._scope}/computes/{self.name}"

    @property
    def location(self) -> str:
        """Always `local`."""
        return self.workspace.location

    @property
    def tags(self) -> Dict[str, str]:
        """What it was tagged with."""
        return dict(self._compute.tags)

    @property
    def description(self) -> str:
        """What it is for."""
        return self._compute.description

    @property
    def created_on(self) -> str:
        """When it was made."""
        return utc(self._compute.created_s)

    @property
    def modified_on(self) -> str:
        """When it was changed last."""
        return utc(modified_s(self._compute))

    @property
    def provisioning_state(self) -> str:
        """Always `Succeeded`: there is nothing to wait for."""
        return "Succeeded"

    @property
    def provisioning_errors(self) -> List[Any]:
        """Always empty."""
        return []

    def _advance_queue(self) -> None:
        """Let what waits for it have room that is new."""
        with sdk_errors(ComputeTargetException):
            self.workspace._service.jobs.advance_queue()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


def modified_s(compute: Compute) -> float:
    """When a compute target was changed last."""
    return compute.created_s if compute.modified_s is None else compute.modified_s


def utc(time_s: float) -> str:
    """A moment as the SDK wrote it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time_s))


def _put(workspace: Workspace, new: Compute) -> ComputeTarget:
    """Store it, in place of one of its kind if there is one."""
    targets = workspace._service.compute
    with sdk_errors(ComputeTargetException):
        old = targets.find(new.name)
        if old is not None and old.kind != new.kind:
            raise ComputeTargetException(
                f"The name {new.name!r} belongs to a compute target of type {old.kind}: choose another,"
                " or delete() that one first."
            )
        if old is not None and old.address != new.address and targets.has_jobs(new.name):
            raise ComputeTargetException(
                f"{new.name!r} is {old.address}, and jobs run or wait there: wait for them, or cancel()"
                " them, before another machine takes its name."
            )
        if old is not None:
            new = replace(new, created_s=old.created_s, modified_s=new.created_s)
        targets.set(new)
    return ComputeTarget._of(workspace, new)


def _check_name(name: str) -> None:
    if not is_compute_name(name):
        raise ComputeTargetException(
            f"The compute name {name!r} is not allowed: use 3 to 32 letters, digits and -,"
            " starting with a letter, for example 'cpu-cluster'."
        )
    if is_reserved_compute_name(name):
        raise UserErrorException(f"The compute name {name!r} is reserved; choose another.")
