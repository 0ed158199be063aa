"""The addresses of a board, at its own root and below any prefix."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urljoin

import pytest
from werkzeug.test import Client, TestResponse

from trackboard.board import tensorboard_internals as internals
from trackboard.board.web.routes import MOST_CHARTS, MOST_OTHER_CHARTS, TIME_SERIES, Mount
from trackboard.errors import Conflict, NotFound, Unavailable, UsageError

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab

PAGE = b"app-header-reload"  # only our page speaks of TensorBoard's button


class Recorded:
    """Stands where TensorBoard's application is and says what it was asked."""

    def __init__(self) -> None:
        self.fails: Exception | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self.fails:
            raise self.fails
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        asked = {
            "root": environ["SCRIPT_NAME"],
            "path": environ["PATH_INFO"],
            "query": environ["QUERY_STRING"],
            "experiment": environ.get(internals.EXPERIMENT_KEY, ""),
            "body": body,
        }
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(asked).encode()]


class Provider:
    """Two views; nothing new since the beginning."""

    unread_bytes = 7
    left_out: ClassVar[Mapping[str, str]] = {"images": "10 of 40"}

    def change_token(self) -> str:
        return "a token"

    def experiment_metadata(self, ctx: Any = None, *, experiment_id: str) -> None:
        del ctx
        if experiment_id not in ("", "digits", "größe"):
            from tensorboard import errors

            raise errors.NotFoundError(f"there is no experiment {experiment_id!r}")


@pytest.fixture
def tensorboard() -> Recorded:
    return Recorded()


@pytest.fixture
def client(tensorboard: Recorded) -> Client:
    return Client(Mount(tensorboard, Provider()))


def asked(response: TestResponse) -> dict[str, str]:
    assert response.status_code == 200, response.data
    answer: dict[str, str] = json.loads(response.data)
    return answer


def test_the_root_and_a_views_root_are_the_live_page(client: Client) -> None:
    for path in ("/", "/?runFilter=x", "/tb/digits/", "/tb/gr%C3%B6%C3%9Fe/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert PAGE in answer.data
        assert answer.content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("asked_path", "root", "path", "experiment"),
    [
        ("/data/runs", "", "/data/runs", ""),
        ("/index.html", "", "/index.html", ""),
        ("/experiment/digits/data/runs", "", "/experiment/digits/data/runs", ""),
        ("/experiment/defaultExperimentId/data/runs", "", "/data/runs", ""),
        ("/-/", "/-", "/", ""),
        ("/-/data/plugin/images/x", "/-", "/data/plugin/images/x", ""),
        ("/-/experiment/defaultExperimentId/data/runs", "/-", "/data/runs", ""),
        ("/tb/digits/data/runs", "/tb/digits", "/data/runs", "digits"),
        ("/tb/digits/-/", "/tb/digits/-", "/", "digits"),
        ("/tb/digits/-/data/runs", "/tb/digits/-", "/data/runs", "digits"),
        (
            "/tb/digits/-/experiment/defaultExperimentId/data/runs",
            "/tb/digits/-",
            "/data/runs",
            "digits",
        ),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/proxy/6006"])
def test_everything_else_is_tensorboards(
    client: Client, asked_path: str, root: str, path: str, experiment: str, prefix: str
) -> None:
    answer = asked(client.get(f"{asked_path}?a=1&b=2", environ_overrides={"SCRIPT_NAME": prefix}))
    assert answer == {
        "root": prefix + root,
        "path": path,
        "query": "a=1&b=2",
        "experiment": experiment,
        "body": "",
    }


def test_a_view_is_named_in_plain_text(client: Client) -> None:
    assert asked(client.get("/tb/gr%C3%B6%C3%9Fe/data/runs"))["experiment"] == "größe"


@pytest.mark.parametrize(
    ("path", "goes_to"),
    [
        ("/tb/digits", "/tb/digits/"),
        ("/tb/gr%C3%B6%C3%9Fe", "/tb/gr%C3%B6%C3%9Fe/"),
        ("/tb/a:b", "/tb/a%3Ab/"),
        ("/-", "/-/"),
        ("/tb/digits/-", "/tb/digits/-/"),
        ("/tb", "/"),
        ("/tb/", "/"),
    ],
)
def test_a_missing_slash_is_added_relative_to_where_the_browser_is(
    client: Client, path: str, goes_to: str
) -> None:
    answer = client.get(f"{path}?x=1")
    assert answer.status_code == 302
    behind_a_proxy = "http://hub/user/me/proxy/6006"
    target = urljoin(behind_a_proxy + path, answer.headers["Location"])
    assert target == f"{behind_a_proxy}{goes_to}?x=1"


def test_no_path_at_all_below_a_prefix_gets_its_slash(tensorboard: Recorded) -> None:
    seen: list[tuple[str, dict[str, str]]] = []
    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/my/board", "PATH_INFO": ""}
    mount = Mount(tensorboard, Provider())
    mount(environ, lambda status, headers, *_: seen.append((status, dict(headers))))  # type: ignore[arg-type]
    [(status, headers)] = seen
    assert (status, headers["Location"]) == ("302 Found", "./board/")


def test_changes_are_a_token_and_what_is_unread(client: Client) -> None:
    for path in ("/-/changes", "/tb/digits/-/changes"):
        answer = client.get(path)
        assert answer.json == {
            "token": "a token",
            "unread_bytes": 7,
            "left_out": {"images": "10 of 40"},
        }
        assert "no-cache" in answer.headers["Cache-Control"]


def test_an_unknown_view_is_a_page_that_says_so(client: Client) -> None:
    answer = client.get("/tb/<nothing>/", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "there is no experiment &#x27;&lt;nothing&gt;&#x27;" in answer.text


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Unavailable("the database is busy", hint="Wait."), 503, "the database is busy\nWait.\n"),
        (UsageError("that is no run", hint="Name one."), 400, "that is no run\nName one.\n"),
        (NotFound("no such run"), 404, "no such run\n"),
        (Conflict("it has changed"), 409, "it has changed\n"),
        (KeyError("loss"), 500, "This could not be shown: KeyError: 'loss'\n"),
    ],
)
def test_errors_are_said_in_plain_words(
    client: Client, tensorboard: Recorded, error: Exception, status: int, words: str
) -> None:
    tensorboard.fails = error
    answer = client.get("/data/runs")
    assert answer.status_code == status
    assert answer.text.startswith(words)


class Answers:
    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, experiment: str, requests: Any) -> bytes | None:
        self.asked.append((experiment, requests))
        return self.answer


REQUESTS = [{"plugin": "scalars", "tag": "loss"}]


@pytest.mark.parametrize(
    ("prefix", "experiment"), [("", ""), ("/-", ""), ("/tb/digits/-", "digits")]
)
def test_time_series_are_answered_by_us_where_we_can(
    tensorboard: Recorded, prefix: str, experiment: str
) -> None:
    answers = Answers(b"[1]")
    client = Client(Mount(tensorboard, Provider(), answers))
    path = f"{prefix}/experiment/defaultExperimentId{TIME_SERIES}"
    form = {"requests": json.dumps(REQUESTS)}
    for kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        answer = client.post(path, data=form, content_type=kind)
        assert (answer.status_code, answer.data) == (200, b"[1]")
        assert answer.content_type == "application/json"
    assert answers.asked == [(experiment, REQUESTS)] * 2


def test_other_time_series_reach_tensorboard_complete(tensorboard: Recorded) -> None:
    client = Client(Mount(tensorboard, Provider(), Answers(None)))
    form = {"requests": json.dumps(REQUESTS)}
    got = asked(client.post(TIME_SERIES, data=form))
    assert got["path"] == TIME_SERIES
    assert dict(parse_qsl(got["body"])) == form


CHART = {"plugin": "scalars", "tag": "loss"}
BAD_CHARTS = {
    "missing": ("", "not JSON"),
    "broken": ("{", "not JSON"),
    "an object": ("{}", "not a list"),
    "texts": ('["a"]', "not a list"),
    "null": ("[null]", "not a list"),
    "too many": (json.dumps([CHART] * (MOST_CHARTS + 1)), "501 charts"),
    "deep lists": ("[" * 3_000 + "]" * 3_000, "nested"),
    "deep objects": ('[{"a":' * 3_000 + "1" + "}]" * 3_000, "nested"),
    "not closed": ("[" * 3_000, "nested"),
}


@pytest.mark.parametrize(("text", "words"), BAD_CHARTS.values(), ids=BAD_CHARTS)
@pytest.mark.parametrize("path", [TIME_SERIES, f"/tb/digits/-{TIME_SERIES}/", f"{TIME_SERIES};a"])
def test_requests_that_no_page_sends_are_refused_in_words(
    tensorboard: Recorded, path: str, text: str, words: str
) -> None:
    answers = Answers(b"[1]")
    client = Client(Mount(tensorboard, Provider(), answers))
    for answer in (
        client.post(path, data={"requests": text}),
        client.post(path, data={"requests": text}, content_type="multipart/form-data"),
        client.get(path, query_string={"requests": text}),
    ):
        assert answer.status_code == 400
        assert words in answer.text
    assert answers.asked == []


def test_tensorboard_itself_gets_few_charts_at_a_time(tensorboard: Recorded) -> None:
    client = Client(Mount(tensorboard, Provider(), Answers(None)))
    form = {"requests": json.dumps([CHART] * (MOST_OTHER_CHARTS + 1))}
    assert client.post(TIME_SERIES, data=form).status_code == 400


def test_nesting_beyond_measure_is_the_clients_mistake_wherever_it_is_read(
    tensorboard: Recorded,
) -> None:
    tensorboard.fails = RecursionError("maximum recursion depth exceeded")
    answer = Client(Mount(tensorboard, Provider())).get("/data/plugin/hparams/session_groups")
    assert (answer.status_code, answer.text) == (400, "This request is nested too deeply.\n")


def test_a_large_answer_is_compressed_for_who_wants_it(tensorboard: Recorded) -> None:
    large = b"[" + b"1," * 200_000 + b"1]"
    client = Client(Mount(tensorboard, Provider(), Answers(large)))
    form = {"requests": json.dumps(REQUESTS)}
    plain = client.post(TIME_SERIES, data=form)
    packed = client.post(TIME_SERIES, data=form, headers={"Accept-Encoding": "gzip, br"})
    assert plain.data == large
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == large


def test_real_tensorboard_at_the_root_in_a_frame_and_in_a_view(lab: Lab) -> None:
    for run, experiment in (("a", "digits"), ("b", "letters")):
        lab.add_run(run, experiment, name=run)
        lab.log(run, "loss", [1.0, 0.5])
    board = lab.open()
    client = Client(Mount(internals.build_app(board, logdir="nowhere"), board))
    assert client.get("/data/runs").json == ["digits/a", "letters/b"]
    assert client.get("/-/data/runs").json == ["digits/a", "letters/b"]
    assert client.get("/experiment/letters/data/runs").json == ["letters/b"]
    assert client.get("/tb/digits/data/runs").json == ["digits/a"]
    assert client.get("/tb/digits/-/data/runs").json == ["digits/a"]
    assert b"tb-webapp" in client.get("/-/").data
    assert client.get("/-/index.js").status_code == 200
    assert client.get("/font-roboto/roboto.html").status_code == 200
    assert client.get("/tb/unknown/").status_code == 404
    assert client.get("/tb/unknown/data/runs").status_code == 404
