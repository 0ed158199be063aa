from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from trackboard.board.process.key import TOKEN_VARIABLE, load_token, make_key
from trackboard.errors import UsageError


def test_a_key_opens_its_own_board_only() -> None:
    one, other = make_key(), make_key()
    assert one.opens(one.text)
    assert not any(
        one.opens(shown) for shown in ("", other.text, one.text[:-1], f"{one.text} ", "ö")
    )


def test_a_cookie_holds_for_one_board_and_one_user() -> None:
    one, other = make_key(), make_key()
    cookie = one.cookie_for(1000)
    assert one.is_cookie(cookie, 1000)
    assert not one.is_cookie(cookie, 1001)
    assert not one.is_cookie(cookie, None)
    assert not other.is_cookie(cookie, 1000)
    assert not one.is_cookie("", 1000)
    assert not one.is_cookie("ö", 1000)
    assert not one.opens(cookie)


def test_what_is_printed_of_a_key_is_not_the_secret() -> None:
    key = make_key()
    assert key.text not in repr(key)
    assert key.digest.hex() not in repr(key)


def test_a_token_is_shown_once_and_holds_for_later_boards(tmp_path: Path) -> None:
    first, later = load_token(tmp_path, environ={}), load_token(tmp_path, environ={})
    assert first.text
    assert first.is_stored
    assert later.text == ""
    assert later.opens(first.text)
    [path] = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.text not in path.read_text()


def test_a_cookie_does_not_outlive_its_board(tmp_path: Path) -> None:
    """A browser shows it to whoever listens at the port by then, who could show it to us."""
    first, later = load_token(tmp_path, environ={}), load_token(tmp_path, environ={})
    assert not later.is_cookie(first.cookie_for(None), None)


def test_a_new_token_replaces_the_old_one(tmp_path: Path) -> None:
    old = load_token(tmp_path, environ={})
    new = load_token(tmp_path, new=True, environ={})
    later = load_token(tmp_path, environ={})
    assert later.opens(new.text)
    assert not later.opens(old.text)


@pytest.mark.parametrize("content", [b"", b"sha256 abc\n", b"\xff", b"secret"])
def test_a_damaged_file_is_replaced(tmp_path: Path, content: bytes) -> None:
    load_token(tmp_path, environ={})
    [path] = tmp_path.iterdir()
    path.write_bytes(content)
    made = load_token(tmp_path, environ={})
    assert load_token(tmp_path, environ={}).opens(made.text)


def test_a_folder_that_cannot_be_written_keeps_no_token(tmp_path: Path) -> None:
    made = load_token(tmp_path / "missing", environ={})
    assert made.text
    assert not made.is_stored
    assert list(tmp_path.iterdir()) == []


def test_the_variable_comes_first_and_is_not_written_down(tmp_path: Path) -> None:
    token = load_token(tmp_path, environ={TOKEN_VARIABLE: "a secret of mine"})
    assert token.opens("a secret of mine")
    assert list(tmp_path.iterdir()) == []


def test_a_variable_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="6 characters") as caught:
        load_token(tmp_path, environ={TOKEN_VARIABLE: "123456"})
    assert "123456" not in str(caught.value)


def test_each_user_of_a_shared_workspace_has_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_token(tmp_path, environ={})
    monkeypatch.setattr(os, "getuid", lambda: 4321)
    assert not load_token(tmp_path, environ={}).opens(first.text)
    assert len(list(tmp_path.iterdir())) == 2
