"""How the person in front of a notebook or a terminal reaches a board on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """Ways to a board.

    Attributes:
        href: What a notebook's page can open: behind the notebook's own server where there is a proxy.
        forward: A command for the user's own machine; empty when it is not needed.
    """

    href: str
    forward: str


def find_link(url: str, port: int, environ: Mapping[str, str] = os.environ) -> Link:
    """Find the way to a board from what the environment says.

    Args:
        url: Where the board is on this machine.
        port: Its port.
        environ: `TENSORBOARD_PROXY_URL` (TensorBoard's own convention; `%PORT%` stands for the port), then
            JupyterHub's `JUPYTERHUB_SERVICE_PREFIX` (jupyter-server-proxy), then `SSH_CONNECTION`.
    """
    proxy = environ.get("TENSORBOARD_PROXY_URL")
    hub = environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if proxy:
        return Link(proxy.replace("%PORT%", str(port)), "")
    if hub:
        return Link(f"{hub.rstrip('/')}/proxy/{port}/", "")
    forward = ""
    if environ.get("SSH_CONNECTION"):
        user = environ.get("USER", "")
        host = f"{user}@{socket.gethostname()}" if user else socket.gethostname()
        forward = f"ssh -L {port}:localhost:{port} {host}"
    return Link(url, forward)
