"""Who asks a service."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass


@dataclass(frozen=True)
class Principal:
    """Somebody who asks.

    A local service lets the file system decide what its principal may do; a service for many decides itself.

    Attributes:
        name: The name of the user.
    """

    name: str

    @classmethod
    def of_process(cls) -> Principal:
        """Return the user that this process runs as."""
        number = os.geteuid()
        try:
            return cls(pwd.getpwuid(number).pw_name)
        except KeyError:  # a container's user without an entry
            return cls(str(number))
