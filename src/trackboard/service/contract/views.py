"""What a service answers about saved views, and what it changes about them."""

from __future__ import annotations

from typing import Protocol

from trackboard.ports import SavedView


class Views(Protocol):
    """Addresses of the table of runs under names, for all who open the workspace."""

    def list(self) -> tuple[SavedView, ...]:
        """List the saved views by name."""
        ...

    def save(self, name: str, address: str) -> None:
        """Save a view.

        Args:
            name: What it shall be called.
            address: What stands behind the question mark of the table's address.

        Raises:
            Conflict: Another view has the name.
            UsageError: The name cannot be one, or the address is too long.
        """
        ...

    def rename(self, name: str, new_name: str) -> None:
        """Give a saved view another name.

        Raises:
            Conflict: Another view has it.
            NotFound: There is no such view.
            UsageError: The new name cannot be one.
        """
        ...

    def remove(self, name: str) -> None:
        """Forget a saved view.

        Raises:
            NotFound: There is no such view.
        """
        ...
