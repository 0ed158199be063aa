"""What the SDK told its service about the program; nobody is told anything here."""

from __future__ import annotations

from typing import Optional


def append(component_name: str, version: Optional[str] = None) -> None:
    """*Accepted*: nothing is sent."""


def get_user_agent() -> str:
    """Return who we are."""
    return "trackboard"
