"""What `tb` and `up` have in common: their options, and what they say of where they are."""

import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from trackboard.board.process.handshake import Ready
from trackboard.cli.listening import Listening, announce, labeled, listening_options
from trackboard.cli.main import trackboard


def announced(ready: Ready, *words: str, has_token: bool = True) -> str:
    @click.command()
    @listening_options(6060)
    def verb(listening: Listening) -> None:
        shows = [labeled("history in", "/here")]
        announce(
            listening, ready, title="open", shows=shows, facts={"folder": "/here"},
            has_token=has_token,
        )  # fmt: skip

    return CliRunner().invoke(verb, words, catch_exceptions=False).output


READY = Ready("http://localhost:6061/", 6061, "secret")


def test_it_says_where_it_is_and_that_it_moved() -> None:
    assert announced(READY).splitlines() == [
        "history in      /here",
        "port 6060 is taken: moved on to 6061",
        "open            http://localhost:6061/  (Ctrl-C ends it)",
    ]
    assert "http://localhost:6061/?k=secret " in announced(READY, "--key")
    said = json.loads(announced(READY, "--json", "--port", "0"))
    assert (said["url"], said["moved_from"], said["folder"]) == (READY.url, None, "/here")


def test_a_token_is_said_to_be_shown_once() -> None:
    once = "the token is shown this once; --new-token makes another"
    assert once in announced(READY, "--host", "0.0.0.0")
    assert once not in announced(READY)
    assert once not in announced(READY, "--host", "0.0.0.0", has_token=False)
    later = announced(Ready(READY.url, READY.port, ""), "--host", "0.0.0.0")
    assert "with ?k=<token> after it: the one that was shown when it was made" in later


def test_both_verbs_have_the_same_options() -> None:
    def options(name: str) -> Iterator[tuple[str, list[str]]]:
        context = click.Context(trackboard)
        verb = trackboard.get_command(context, name)
        assert verb is not None
        for each in verb.params:
            if isinstance(each, click.Option) and each.name is not None:
                yield each.name, [*each.opts, *each.secondary_opts]

    tb, up = dict(options("tb")), dict(options("up"))
    assert {name: tb.get(name) for name in up} == up


@pytest.fixture(autouse=True)
def _near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
