"""How the person in front of a notebook or a terminal reaches a board on this machine."""

from __future__ import annotations

import atexit
import html
import os
import socket
import urllib.parse
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass

from trackboard.board.private_folder import PrivateFolder
from trackboard.board.process.key import KEY_PARAMETER

_PROXY = "TENSORBOARD_PROXY_URL"  # TensorBoard's own convention; %PORT% stands for the port
_HUB = "JUPYTERHUB_SERVICE_PREFIX"


@dataclass(frozen=True)
class Link:
    """Ways to a board.

    Attributes:
        href: What a notebook's page can open: behind the notebook's own server where there is a proxy.
        forward: A command for the user's own machine; empty when it is not needed.
    """

    href: str
    forward: str


def find_link(url: str, port: int, key: str, environ: Mapping[str, str] = os.environ) -> Link:
    """Find the way to a board from what the environment says.

    Args:
        url: Where the board is on this machine, with the key where it needs one.
        port: Its port.
        key: What opens it under any name.
        environ: `TENSORBOARD_PROXY_URL`, then JupyterHub's `JUPYTERHUB_SERVICE_PREFIX`
            (jupyter-server-proxy), then `SSH_CONNECTION`.
    """
    query = urllib.parse.urlsplit(url).query  # the key where the board needs it
    proxy, hub = environ.get(_PROXY), environ.get(_HUB)
    if proxy:
        href = proxy.replace("%PORT%", str(port))
        return Link(f"{href}?{query}" if query else href, "")
    if hub:  # it asks in its own name, which only the key makes good
        return Link(with_key_shown(f"{hub.rstrip('/')}/proxy/{port}/", key), "")
    forward = ""
    if environ.get("SSH_CONNECTION"):
        user = environ.get("USER", "")
        host = f"{user}@{socket.gethostname()}" if user else socket.gethostname()
        forward = f"ssh -L {port}:localhost:{port} {host}"
    return Link(url, forward)


def with_key_shown(url: str, key: str) -> str:
    """The address that opens a board to whoever has it."""
    return f"{url.partition('?')[0]}?{KEY_PARAMETER}={key}"


def has_proxy(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment says that boards are reached through a proxy."""
    return bool(environ.get(_PROXY) or environ.get(_HUB))


def proxy_hosts(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Name the hosts of the proxies that the environment says lead to boards."""
    host = urllib.parse.urlsplit(environ.get(_PROXY, "")).hostname
    return (host,) if host else ()


def open_in_browser(url: str) -> None:
    """Open an address in a browser of this machine.

    One with a key goes through a file that only this user can read: everybody can see the words that a
    browser is started with.
    """
    if f"?{KEY_PARAMETER}=" not in url:
        webbrowser.open(url)
        return
    folder = PrivateFolder()
    atexit.register(folder.close)
    page = folder.path / "open.html"
    address = html.escape(url, quote=True)
    page.write_text(f'<!doctype html><meta http-equiv="refresh" content="0;url={address}">')
    webbrowser.open(page.as_uri())
