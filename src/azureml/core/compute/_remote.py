"""Machines that are attached by their address, and Spark clusters, of which there are none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, NoReturn, Optional, Union

from azureml import _guard as _guard
from azureml._console import print_line
from azureml.core._refused import RefusedCall
from azureml.core.compute._provisioning import number
from azureml.core.compute._target import ComputeTarget
from azureml.exceptions import ComputeTargetException
from trackboard.config.machine_address import host_of, is_this_machine
from trackboard.model import Compute

if TYPE_CHECKING:
    from azureml.core.workspace import Workspace

_KIND = "VirtualMachine"
_ADDRESS = re.compile(r"[\w.-]+|\[?[0-9A-Fa-f:.]+\]?")
_USER = re.compile(r"[\w.$\\+-]+")
_MOST_PORT = 65_535
_NO_SPARK = (
    "HDInsight clusters cannot be attached: there is no Spark service here. Submit the script to a"
    " cluster of this machine (AmlCompute), with pyspark among its environment's packages."
)


@dataclass(frozen=True)
class RemoteComputeAttachConfiguration:
    """Where a machine is; made by `RemoteCompute.attach_configuration`."""

    address: str
    username: str
    ssh_port: int

    # Checked when it was made, and not kept.
    subscription_id = resource_group = vm_name = resource_id = None
    password = private_key_file = private_key_passphrase = ""

    def validate_configuration(self) -> None:
        """Does nothing: it was checked when it was made."""

    def _attached(self, name: str, created_s: float) -> Compute:
        return Compute(
            name=name,
            kind=_KIND,
            vm_size="",
            min_nodes=0,
            max_nodes=1,
            idle_seconds_before_scaledown=0,
            created_s=created_s,
            tags={},
            address=f"{self.username}@{self.address}:{self.ssh_port}",
        )


class RemoteCompute(ComputeTarget):
    """A machine that is reached by SSH. If it is this very one, it runs one job at a time.

    Jobs on other machines are refused when they are submitted.
    """

    is_attached = True

    @staticmethod
    def attach_configuration(
        username: str,
        subscription_id: Optional[str] = None,
        resource_group: Optional[str] = None,
        vm_name: Optional[str] = None,
        resource_id: Optional[str] = None,
        address: Optional[str] = None,
        ssh_port: Union[int, str] = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
    ) -> RemoteComputeAttachConfiguration:
        """Describe a machine. Passwords and keys are not kept.

        Args:
            username: Whom to log in as there; on this machine jobs run as you.
            address: Its name or IP address.
            ssh_port: 1 to 65535.

        Raises:
            ComputeTargetException: There is no address or user name, or it cannot be one.
        """
        if not address:
            named = resource_id or vm_name
            what = (
                f"{named!r} names a machine in Azure, which is not asked"
                if named
                else "It is missing"
            )
            raise ComputeTargetException(
                f"attach_configuration(...) needs address. {what}: pass address='<host name>'."
            )
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise ComputeTargetException(
                f"address={address!r} is no host name or IP address; pass the user as username and the"
                " port as ssh_port."
            )
        if not isinstance(username, str) or not _USER.fullmatch(username):
            raise ComputeTargetException(f"username={username!r} is no name of a user.")
        port = number("ssh_port", ssh_port)
        if not 0 < port <= _MOST_PORT:
            raise ComputeTargetException(f"ssh_port={port} is not between 1 and {_MOST_PORT}.")
        bare = address.strip("[]")
        return RemoteComputeAttachConfiguration(
            f"[{bare}]" if ":" in bare else bare, username, port
        )

    @staticmethod
    def attach(
        workspace: Workspace,
        name: str,
        attach_configuration: Any = None,
        address: Optional[str] = None,
        ssh_port: Union[int, str] = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
        username: Optional[str] = None,
    ) -> ComputeTarget:
        """Attach a machine, as `ComputeTarget.attach` does.

        Args:
            workspace: Where.
            name: 3 to 32 letters, digits and -, starting with a letter.
            attach_configuration: What `attach_configuration(...)` made; or, as in old scripts, a user's name.
            address: Instead, with the rest: what `attach_configuration(...)` takes.
            ssh_port: The port of ssh, as in `attach_configuration`.
            password: Accepted, as in `attach_configuration`.
            private_key_file: Accepted, as in `attach_configuration`.
            private_key_passphrase: Accepted, as in `attach_configuration`.
            username: The user there, as in `attach_configuration`.

        Raises:
            ComputeTargetException: The name or the configuration is not allowed.
        """
        config = attach_configuration
        if address is not None:
            config = RemoteCompute.attach_configuration(
                username or str(config), address=address, ssh_port=ssh_port
            )
        return ComputeTarget.attach(workspace, name, config)

    vm_size = ""
    get_credentials = RefusedCall("There are none: passwords and keys are checked, not kept.")

    @property
    def address(self) -> str:
        """Its name or IP address."""
        return host_of(self._compute.address)

    @property
    def username(self) -> str:
        """Whom to log in as."""
        return self._compute.address.partition("@")[0]

    @property
    def ssh_port(self) -> int:
        """Where SSH answers."""
        return int(self._compute.address.rpartition(":")[2])

    def wait_for_completion(
        self, show_output: bool = False, is_delete_operation: bool = False
    ) -> None:
        """Return at once; nobody connects before a job is submitted."""
        if not show_output or is_delete_operation or is_this_machine(self._compute.address):
            super().wait_for_completion(show_output, is_delete_operation)
            return
        print_line(
            f"Succeeded: {self.name} is attached. It is not this machine: SSH hosts cannot run jobs yet"
        )

    def delete(self) -> NoReturn:
        """Refused: a machine that was attached is detached.

        Raises:
            ComputeTargetException: Always.
        """
        raise ComputeTargetException(
            f"{self.name!r} was attached, not created: detach() lets go of it."
        )

    def detach(self) -> None:
        """Forget the machine; nothing happens to it.

        Raises:
            ComputeTargetException: Jobs run or wait there, or it was detached already.
        """
        self._advance_queue()
        self._forget()

    def _own_properties(self) -> Dict[str, Any]:
        return {
            "address": self.address,
            "sshPort": self.ssh_port,
            "administratorAccount": {"username": self.username},
        }


ComputeTarget.kinds[_KIND] = RemoteCompute


class HDInsightCompute(ComputeTarget):
    """A Spark cluster. There are none: the name is here so that notebooks can import it."""

    attach = RefusedCall(_NO_SPARK, error=ComputeTargetException)
    get_credentials = RefusedCall(_NO_SPARK, error=ComputeTargetException)
    address, ssh_port, vm_size = "", 22, ""

    @staticmethod
    def attach_configuration(
        username: str,
        subscription_id: Optional[str] = None,
        resource_group: Optional[str] = None,
        cluster_name: Optional[str] = None,
        resource_id: Optional[str] = None,
        address: Optional[str] = None,
        ssh_port: Union[int, str] = 22,
        password: str = "",
        private_key_file: str = "",
        private_key_passphrase: str = "",
    ) -> NoReturn:
        """Refused.

        Raises:
            ComputeTargetException: Always; it says what to do instead.
        """
        raise ComputeTargetException(_NO_SPARK)
