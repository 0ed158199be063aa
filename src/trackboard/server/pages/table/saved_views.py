"""What the forms for saved views change; each leads back to a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trackboard.service import Service

Fields = Mapping[str, str]


def save(service: Service, fields: Fields) -> str:
    """Save the view of a table under a name, and lead back to that table."""
    address = fields.get("address", "").removeprefix("?")
    service.views.save(fields.get("name", ""), address)
    return f"../runs?{address}"


def rename(service: Service, fields: Fields) -> str:
    """Give a view another name."""
    service.views.rename(fields.get("view", ""), fields.get("name", ""))
    return "../"


def remove(service: Service, fields: Fields) -> str:
    """Forget a view."""
    service.views.remove(fields.get("view", ""))
    return "../"


VIEW_ACTIONS: Mapping[str, Callable[[Service, Fields], str]] = {  # by the end of their address
    "save": save,
    "rename": rename,
    "remove": remove,
}
