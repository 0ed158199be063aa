"""Who is answered by a real board: other users' programs, other names, strangers at its port."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import psutil
import pytest
from tests.prerequisites import require

from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.workspace import Workspace

pytestmark = [
    pytest.mark.requires("linux"),  # elsewhere everybody needs the key
    pytest.mark.xdist_group("board-access"),  # one board for all
]

STRANGER = 54321
ASK = """
import encodings.idna, os, sys, urllib.error, urllib.request
os.setgroups([])
os.setresuid(*[int(sys.argv[1])] * 3)
for url in sys.argv[2:]:
    try:
        print(urllib.request.urlopen(url, timeout=30).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one run, which the tests only read."""
    folder = tmp_path_factory.mktemp("history")
    recorder = Workspace.open(folder).recorder()
    run = recorder.create_run("digits", name="first")
    run.log("loss", 0.5)
    run.complete()
    recorder.close()
    return folder


@pytest.fixture(scope="module")
def board(folder: Path) -> Iterator[BoardProcess]:
    board = BoardProcess.start(Show(workspace=Workspace.open(folder).folder), port=0)
    yield board
    board.stop()


@contextlib.contextmanager
def foreground(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`trackboard tb` and all that it says until it says where it is."""
    command = [sys.executable, "-m", "trackboard", "tb", "--port", "0", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = ""
    try:
        while "(Ctrl-C ends it)" not in said:
            line = process.stdout.readline()
            assert line, process.communicate()
            said += line
        yield process, said
    finally:
        process.terminate()
        process.communicate(timeout=30)


def url_in(said: str) -> str:
    return next(word for word in said.split() if word.startswith("http://"))


def status_of(url: str, opener: urllib.request.OpenerDirector | None = None, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, headers=named)
    try:
        with (opener or urllib.request.build_opener()).open(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def browser() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))


@pytest.mark.requires("other-users")
def test_another_users_program_needs_the_key(board: BoardProcess) -> None:
    urls = [
        f"{board.url}{path}" for path in ("", "data/runs", "-/", "-/changes", f"?k={board.key}x")
    ]
    words = [sys.executable, "-c", ASK, str(STRANGER), *urls]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["403"] * len(urls)
    assert status_of(f"{board.url}data/runs") == 200


def test_a_web_page_whose_name_leads_here_is_refused(board: BoardProcess) -> None:
    for path in ("", "data/runs", "-/changes", "tb/digits/data/runs", "index.js"):
        assert status_of(f"{board.url}{path}", Host="evil.example") == 403
        assert status_of(f"{board.url}{path}", Host="localhost") == 200


def test_the_key_opens_a_board_by_any_name_for_as_long_as_the_browser_keeps_it(
    board: BoardProcess,
) -> None:
    other_name = board.url.replace("localhost", "127.0.0.1")
    one, other = browser(), browser()
    with one.open(f"{board.url}?k={board.key}&smoothing=0", timeout=30) as answer:
        assert answer.url == f"{board.url}?smoothing=0"
    assert status_of(f"{board.url}data/runs", one, Host=board.url[7:-1]) == 200
    assert status_of(f"{other_name}data/runs", other, Host="evil.example") == 403
    bearer = f"Bearer {board.key}"
    assert status_of(f"{other_name}data/runs", Host="evil.example", Authorization=bearer) == 200


def test_nobody_sees_the_key_in_the_words_of_a_process_or_in_a_file(
    board: BoardProcess, folder: Path
) -> None:
    processes = [*psutil.Process().children(recursive=True), psutil.Process()]
    assert any("tb-process" in process.cmdline() for process in processes)
    assert not any(board.key in word for process in processes for word in process.cmdline())
    files = [path for path in folder.rglob("*") if path.is_file()] + [
        board._folder.path / "board.log"
    ]
    assert not any(board.key.encode() in path.read_bytes() for path in files)
    assert board.key not in board.url  # this system tells whose program asks


def test_beyond_this_machine_a_token_is_asked_for_and_shown_once(
    folder: Path,
) -> None:
    with foreground(str(folder), "--host", "0.0.0.0") as (_, said):
        url, _, token = url_in(said).partition("?k=")
        assert len(token) > 30
        assert status_of(f"{url}data/runs") == 403
        opener = browser()
        assert status_of(f"{url}?k={token}", opener) == 200
        assert status_of(f"{url}data/runs", opener) == 200
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not any(token.encode() in path.read_bytes() for path in files)
    with foreground(str(folder), "--host", "0.0.0.0") as (_, said):
        again = url_in(said)
        assert "k=" not in again
        assert status_of(f"{again}data/runs") == 403
        assert status_of(f"{again}data/runs", opener) == 403  # a cookie ends with its board
        assert status_of(f"{again}data/runs", Authorization=f"Bearer {token}") == 200


def test_a_container_says_the_token_and_a_proxy_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOARD_TOKEN", "a token of my own")
    with foreground(str(folder), "--host", "0.0.0.0") as (_, said):
        url = url_in(said).partition("?")[0]
        bearer = "Bearer a token of my own"
        assert status_of(f"{url}data/runs", Host="box:8080", Authorization=bearer) == 200
    with foreground(str(folder), "--allow-host", "Board.example.org", "--key") as (_, said):
        url, _, key = url_in(said).partition("?k=")
        assert key != "a token of my own"
        assert status_of(f"{url}data/runs", Host="board.example.org") == 200
        assert status_of(f"{url}data/runs", Host="evil.example") == 403


def test_mpirun_starts_beside_a_board(tmp_path: Path) -> None:
    """It looks for X servers at the ports from 6000 to 6009, and would wait for what never answers."""
    mpirun = str(Path(require("mpirun")).with_name("mpirun"))
    at_6006 = BoardProcess.start(Show(log_folder=tmp_path), port=6006)
    try:
        words = [mpirun, "--allow-run-as-root", "--oversubscribe", "-n", "2", "echo", "hello"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=True)
    finally:
        at_6006.stop()
    assert done.stdout.split() == ["hello", "hello"]


def test_a_stranger_that_waits_to_be_answered_is_hung_up_on(board: BoardProcess) -> None:
    with socket.create_connection(("127.0.0.1", board.port), timeout=60) as stranger:
        stranger.sendall(b"l\0\x0b\0\0\0\0\0\0\0\0\0")
        with contextlib.suppress(ConnectionResetError):
            assert stranger.recv(1) == b""
    assert json.loads(urllib.request.urlopen(f"{board.url}data/runs", timeout=30).read())


def test_a_board_whose_output_nobody_reads_goes_on_answering(tmp_path: Path) -> None:
    """Its pipe takes 64 KB; what nonsense makes it say would be far more."""
    words = [sys.executable, "-m", "trackboard", "tb", "--port", "0", "--json", str(tmp_path)]
    board = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert board.stdout is not None
    try:
        url = json.loads(board.stdout.readline())["url"]
        for number in range(400):
            assert status_of(f"{url}nothing/{'x' * 400}{number}") == 404
        assert status_of(f"{url}data/plugin/images/images") == 400
    finally:
        board.terminate()
        said, _ = board.communicate(timeout=60)
    assert said.count("not found") == 1
    assert len(said) < 10_000
