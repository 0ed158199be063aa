"""What verbs that serve pages have in common: where and for whom they listen, and how they say it."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from trackboard.board.process.handshake import Ready


@dataclass(frozen=True)
class Listening:
    """Where and for whom to listen, as it was said on the command line.

    Attributes:
        port: The port; 0: any that is free.
        host: The address.
        hosts: Names of proxies that are answered to.
        path_prefix: What a proxy's addresses have before ours.
        new_token: Whether another token is made.
        with_key: Whether the address is said that opens it to any program.
        browser: Whether the page is opened in a browser.
        as_json: Whether it is said as JSON.
    """

    port: int
    host: str
    hosts: tuple[str, ...]
    path_prefix: str
    new_token: bool
    with_key: bool
    browser: bool
    as_json: bool


def listening_options(port: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a verb the options of a server; it takes them together as `listening`.

    Args:
        port: The port where none is said.
    """
    options = (
        click.option("--port", default=port, show_default=True, help="A taken one moves on."),
        click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            help="An address to listen at; one that other machines reach asks for a token.",
        ),
        click.option(
            "--new-token", is_flag=True, help="Make another token; the old one opens nothing more."
        ),
        click.option(
            "--allow-host",
            "hosts",
            multiple=True,
            metavar="NAME",
            help="Answer to a proxy's name; repeatable.",
        ),
        click.option(
            "--path-prefix",
            default="",
            metavar="PATH",
            help="What a proxy's addresses have before ours, as in /keep.",
        ),
        click.option(
            "--key", "with_key", is_flag=True, help="Say the address that opens it to any program."
        ),
        click.option(
            "--browser/--no-browser",
            "--open/--no-open",
            "browser",
            default=False,
            help="Open the page in a browser.",
        ),
        click.option(
            "--json", "as_json", is_flag=True, help="Say where it is as one line of JSON."
        ),
    )

    def add_options(verb: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(verb)
        def with_listening(**given: Any) -> None:
            said = {each.name: given.pop(each.name) for each in dataclasses.fields(Listening)}
            verb(listening=Listening(**said), **given)

        for option in reversed(options):
            option(with_listening)
        return with_listening

    return add_options


def announce(
    listening: Listening,
    ready: Ready,
    *,
    title: str,
    shows: Iterable[str],
    facts: Mapping[str, object],
    has_token: bool = True,
) -> None:
    """Say where the server is, and open it in a browser if that was asked for.

    Args:
        listening: What was asked for.
        ready: Where it is.
        title: What stands before the address, as in `open`.
        shows: Lines about what is shown.
        facts: The same for programs.
        has_token: Whether other machines reach it with a token that outlives this start.
    """
    from trackboard.board.process.urls import open_in_browser, with_key_shown

    if listening.with_key and ready.key:
        ready = dataclasses.replace(ready, url=with_key_shown(ready.url, ready.key))
    moved_from = listening.port if listening.port not in (0, ready.port) else None
    if listening.as_json:
        about = {"url": ready.url, "port": ready.port, "moved_from": moved_from}
        click.echo(json.dumps({**about, **facts, "pid": os.getpid()}))
    else:
        for line in (*shows, *_lines(listening, ready, moved_from, title, has_token=has_token)):
            click.echo(line)
    if listening.browser:
        # Some browsers keep the caller waiting until they are closed.
        threading.Thread(target=open_in_browser, args=(ready.url,), daemon=True).start()


def labeled(label: str, text: str) -> str:
    """A line of an announcement."""
    return f"{label:<16}{text}"


def _lines(
    listening: Listening, ready: Ready, moved_from: int | None, title: str, *, has_token: bool
) -> Iterable[str]:
    from trackboard.board.web.hosts import is_loopback

    if moved_from is not None:
        yield f"port {moved_from} is taken: moved on to {ready.port}"
    yield labeled(title, f"{ready.url}  (Ctrl-C ends it)")
    if not ready.key:
        yield labeled("", "with ?k=<token> after it: the one that was shown when it was made")
    elif has_token and not is_loopback(listening.host):
        yield labeled("", "the token is shown this once; --new-token makes another")
    if os.environ.get("SSH_CONNECTION"):
        forward = f"ssh -L {ready.port}:localhost:{ready.port} {socket.gethostname()}"
        yield labeled("on your machine", forward)
