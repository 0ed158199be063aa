"""What a cluster shall be, and the checks of what was asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional

from azureml import _guard as _guard
from azureml.core.compute._status import ScaleSettings
from azureml.exceptions import ComputeTargetException
from trackboard.model import Compute

_DEFAULT_NODES = 4
_DEFAULT_SIZE = "STANDARD_D2_V2"
_PRIORITIES = {"dedicated": "Dedicated", "lowpriority": "LowPriority"}
_ACCESS = ("Enabled", "Disabled", "NotSpecified")
_CLASSES = {
    "lower-case letter": "[a-z]",
    "upper-case letter": "[A-Z]",
    "digit": r"\d",
    "sign": r"[\W_]",
}
_NEEDED_CLASSES = 3


@dataclass(frozen=True)
class AmlComputeProvisioningConfiguration:
    """What a cluster shall be; made by `AmlCompute.provisioning_configuration`."""

    vm_size: str
    min_nodes: int
    max_nodes: int
    idle_seconds_before_scaledown: int
    vm_priority: str = "Dedicated"
    tags: Dict[str, str] = field(default_factory=dict)
    description: str = ""

    # Checked when it was made, and not kept.
    location = compute_location = identity_type = identity_id = None
    admin_username = admin_user_password = admin_user_ssh_key = None
    vnet_resourcegroup_name = vnet_name = subnet_name = None
    remote_login_port_public_access = "NotSpecified"
    enable_node_public_ip = True

    @property
    def scale_settings(self) -> ScaleSettings:
        """How many nodes it shall have."""
        return ScaleSettings(self.min_nodes, self.max_nodes, self.idle_seconds_before_scaledown)

    def validate_configuration(self) -> None:
        """Does nothing: it was checked when it was made."""

    def _compute(self, name: str, created_s: float) -> Compute:
        return Compute(
            name=name,
            kind="AmlCompute",
            vm_size=self.vm_size,
            vm_priority=self.vm_priority,
            min_nodes=self.min_nodes,
            max_nodes=self.max_nodes,
            idle_seconds_before_scaledown=self.idle_seconds_before_scaledown,
            created_s=created_s,
            tags=self.tags,
            description=self.description,
        )


def configure(
    given: Mapping[str, Any],
) -> AmlComputeProvisioningConfiguration:
    """Check the arguments of `AmlCompute.provisioning_configuration`, and keep what matters here."""
    max_nodes = given["max_nodes"]
    most = _DEFAULT_NODES if max_nodes is None else number("max_nodes", max_nodes)
    least = number("min_nodes", given["min_nodes"])
    check_nodes(least, most)
    _check_login(given["admin_username"], given["admin_user_password"], given["admin_user_ssh_key"])
    _check_network(
        {key: given[key] for key in ("vnet_resourcegroup_name", "vnet_name", "subnet_name")}
    )
    _check_identity(given["identity_type"], given["identity_id"])
    _choose("remote_login_port_public_access", given, {one.lower(): one for one in _ACCESS})
    if not isinstance(given["vm_size"], str):
        raise ComputeTargetException(
            f"vm_size={given['vm_size']!r} is not text; any text will do, such as 'STANDARD_D2_V2'."
        )
    return AmlComputeProvisioningConfiguration(
        vm_size=given["vm_size"] or _DEFAULT_SIZE,
        vm_priority=_choose("vm_priority", given, _PRIORITIES),
        min_nodes=least,
        max_nodes=most,
        idle_seconds_before_scaledown=idle_seconds(given["idle_seconds_before_scaledown"]),
        tags={str(key): str(value) for key, value in (given["tags"] or {}).items()},
        description=given["description"] or "",
    )


def check_nodes(least: int, most: int) -> None:
    """Refuse numbers of nodes that do not fit together.

    Raises:
        ComputeTargetException: They do not.
    """
    if most < 0:
        raise ComputeTargetException(
            f"max_nodes={most} is too small: use 1 or more, or 0 to let all jobs wait."
        )
    if not 0 <= least <= most:
        raise ComputeTargetException(f"min_nodes={least} is not between 0 and max_nodes={most}.")


def number(name: str, value: object) -> int:
    """A whole number, or text that is one.

    Raises:
        ComputeTargetException: It is neither.
    """
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and re.fullmatch(r"\s*\d+\s*", value)):
        return int(value)  # type: ignore[call-overload, no-any-return]  # one of the two
    raise ComputeTargetException(f"{name}={value!r} is not a whole number.")


def idle_seconds(value: object) -> int:
    """How long a node may be idle.

    Raises:
        ComputeTargetException: It is no number of seconds.
    """
    seconds = number("idle_seconds_before_scaledown", value)
    if seconds < 0:
        raise ComputeTargetException(
            f"idle_seconds_before_scaledown={seconds} is less than 0: use 0 or more."
        )
    return seconds


def _check_login(name: Optional[str], password: Optional[str], key: Optional[str]) -> None:
    if name and not (password or key):
        raise ComputeTargetException(
            f"admin_username={name!r} needs admin_user_password or admin_user_ssh_key beside it."
            " Leave all three out: nobody logs in to the nodes, which are on this machine."
        )
    if password:
        missing = [what for what, sign in _CLASSES.items() if not re.search(sign, password)]
        if len(_CLASSES) - len(missing) < _NEEDED_CLASSES:
            raise ComputeTargetException(
                f"admin_user_password has no {', no '.join(missing)}:"
                f" {_NEEDED_CLASSES} of the {len(_CLASSES)} kinds are needed."
            )


def _check_network(given: Mapping[str, Optional[str]]) -> None:
    missing = [name for name, value in given.items() if not value]
    if 0 < len(missing) < len(given):
        raise ComputeTargetException(
            f"A virtual network needs all of {', '.join(given)}; {' and '.join(missing)}"
            f" {'is' if len(missing) == 1 else 'are'} missing. Leave all three out: there is no network here."
        )


def _check_identity(kind: Optional[str], ids: object) -> None:
    if ids and (kind or "").lower() != "userassigned":
        raise ComputeTargetException(
            f"identity_id goes with identity_type='UserAssigned' only, not with {kind!r}."
        )


def _choose(name: str, given: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """One of a few words, in upper or lower case."""
    found = words.get(str(given[name]).lower())
    if found is None:
        raise ComputeTargetException(
            f"{name}={given[name]!r} is not one of {', '.join(words.values())}."
        )
    return found
