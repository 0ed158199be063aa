"""Saved views of a workspace on this machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trackboard.errors import UsageError
from trackboard.ports import SavedView
from trackboard.service.local.door import Door

if TYPE_CHECKING:
    from trackboard.service.contract.views import Views

_LONGEST_NAME = 100  # characters
_LONGEST_ADDRESS = 20_000


class LocalViews:
    """`Views` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> tuple[SavedView, ...]:
        """List the saved views by name."""
        return self._door.catalogue().list_views()

    def save(self, name: str, address: str) -> None:
        """Save a view."""
        if len(address) > _LONGEST_ADDRESS:
            raise UsageError(
                f"the address of this view has {len(address):,} characters",
                hint=f"Up to {_LONGEST_ADDRESS:,} are saved: pin fewer runs, or shorten the condition.",
            )
        view = SavedView(check_view_name(name), address.removeprefix("?"), time.time())
        self._door.catalogue().add_view(view)

    def rename(self, name: str, new_name: str) -> None:
        """Give a saved view another name."""
        self._door.catalogue().rename_view(name, check_view_name(new_name))

    def remove(self, name: str) -> None:
        """Forget a saved view."""
        self._door.catalogue().remove_view(name)


def check_view_name(name: str) -> str:
    """Accept the name of a view, without spaces around it.

    Raises:
        UsageError: It is empty, too long, or has characters that nobody sees.
    """
    plain = name.strip()
    if not plain:
        raise UsageError("a view needs a name", hint="Type one, such as: best of June")
    if len(plain) > _LONGEST_NAME:
        raise UsageError(
            f"the name of the view, {plain[:40]!r}..., has {len(plain):,} characters",
            hint=f"Use at most {_LONGEST_NAME}.",
        )
    if not plain.isprintable():
        raise UsageError(
            f"{plain!r} is no name of a view: it has characters that are not seen",
            hint="Use letters, digits, signs and spaces.",
        )
    return plain


if TYPE_CHECKING:

    def _fits(part: LocalViews) -> Views:
        return part
