"""The secret that opens a board to whom the system cannot vouch for: `?k=<it>`, once, then a cookie.

    key      made by every board for itself and written down nowhere
    token    of boards that listen beyond this machine; whoever knows it may ask, so it outlives the board:
             its SHA-256 is in `<workspace>/board-token-<user id>`, or `TRACKBOARD_TOKEN` says it

A cookie is worth something only to the board that gave it, and only from the same user's processes where
those are told apart: a browser shows it to everything that listens at the same host name, at any port.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trackboard.errors import UsageError
from trackboard.layout import PRIVATE_FILE, replace_file

KEY_PARAMETER = "k"
TOKEN_VARIABLE = "TRACKBOARD_TOKEN"
_FEWEST_CHARACTERS = 16
_STORED = re.compile(r"sha256 ([0-9a-f]{64})\n?")


@dataclass(frozen=True)
class Key:
    """What a board compares with what is shown to it.

    Attributes:
        text: The secret itself; empty where only its digest is known.
        is_stored: Whether it holds for later boards, too.
    """

    digest: bytes = field(repr=False)
    text: str = field(default="", repr=False)
    is_stored: bool = False
    _cookies: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def opens(self, shown: str) -> bool:
        """Whether this is the secret. Takes as long for any other."""
        return hmac.compare_digest(_digest(shown), self.digest)

    def cookie_for(self, peer_uid: int | None) -> str:
        """The value of the cookie for processes of a user; None stands for all that are not known."""
        return hmac.new(self._cookies, repr(peer_uid).encode(), hashlib.sha256).hexdigest()

    def is_cookie(self, shown: str, peer_uid: int | None) -> bool:
        """Whether this is the cookie's value for that user. Takes as long for any other."""
        return hmac.compare_digest(
            shown.encode("utf-8", "replace"), self.cookie_for(peer_uid).encode()
        )


def make_key() -> Key:
    """Make the key of one board."""
    return _key(secrets.token_urlsafe(32))


def load_token(
    folder: Path | None, *, new: bool = False, environ: Mapping[str, str] = os.environ
) -> Key:
    """Find the token of this user's boards that listen beyond this machine, or make it.

    Args:
        folder: The workspace's; None for a board without one, whose token ends with it.
        new: Make another one; the old one opens nothing any more.
        environ: `TRACKBOARD_TOKEN` comes first, and is stored nowhere.

    Returns:
        Its text is known only when it has just been made or was given: it is shown once.

    Raises:
        UsageError: The variable's is so short that it could be guessed.
    """
    given = environ.get(TOKEN_VARIABLE, "")
    if given:
        return _key(_checked(given), is_stored=True)
    if folder is None:
        return make_key()
    path = folder / f"board-token-{os.getuid()}"
    stored = None if new else _read(path)
    if stored is not None:
        return Key(stored, is_stored=True)
    made = secrets.token_urlsafe(32)
    return _key(made, is_stored=_write(path, f"sha256 {_digest(made).hex()}\n"))


def _checked(given: str) -> str:
    if len(given) < _FEWEST_CHARACTERS:
        raise UsageError(
            f"{TOKEN_VARIABLE} has {len(given)} characters: it could be guessed",
            hint=f"At least {_FEWEST_CHARACTERS}, as `openssl rand -hex 16` makes them; or leave it"
            " out, and one is made.",
        )
    return given


def _key(text: str, *, is_stored: bool = False) -> Key:
    return Key(_digest(text), text, is_stored)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _read(path: Path) -> bytes | None:
    try:
        found = _STORED.fullmatch(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return bytes.fromhex(found[1]) if found else None


def _write(path: Path, text: str) -> bool:
    """Write a file that only its owner can read; False where the folder cannot be written."""
    try:
        replace_file(path, text, mode=PRIVATE_FILE)
    except OSError:
        return False
    return True
