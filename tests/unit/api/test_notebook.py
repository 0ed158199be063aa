"""What a notebook shows: escaped, left-aligned, monospaced where it must be, and a way to TensorBoard."""

from __future__ import annotations

import copy
import math
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.workspaces import api

from trackboard.api.notebook import (
    PageContext,
    experiment_html,
    experiments_html,
    run_html,
    runs_html,
    workspace_html,
)
from trackboard.api.notebook import see_it as see_it_module
from trackboard.api.notebook.elements import badge
from trackboard.api.notebook.sparkline import sparkline
from trackboard.board.process import registry
from trackboard.board.process.options import Show
from trackboard.model import Run, RunState
from trackboard.record import LiveRun
from trackboard.service import LocalService
from trackboard.workspace import Workspace

NASTY = "\"><script>alert('x')</script>&amp;"


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(empty_folder)
    yield workspace
    workspace.close()


@pytest.fixture
def nasty(workspace: Workspace) -> LiveRun:
    """A run with markup in everything that a user can write."""
    with api(workspace).start_run(
        "digits",
        name=NASTY,
        parameters={NASTY: NASTY},
        tags={NASTY: NASTY},
        description=NASTY,
        capture=False,
    ) as run:
        run.log(NASTY, 1)
        run.log(NASTY, 2)
        run.log(f"text {NASTY}", NASTY)
        run.log("loss", 1.0)
        run.child(NASTY).complete()
        run.fail(f"ValueError: {NASTY}")
    workspace.store.add_experiment("empty")
    return run


class Elements(HTMLParser):
    """What a browser makes of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        assert {name for name, _ in attrs} <= _ATTRIBUTES

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


_ATTRIBUTES = {
    *("style", "href", "target", "rel", "role", "aria-label"),
    *("width", "height", "viewbox", "fill", "stroke", "stroke-width", "stroke-linejoin"),
    *("points", "cx", "cy", "r"),
}


def stored(workspace: Workspace, run: LiveRun) -> Run:
    found = api(workspace).find_run(run.id)
    assert found is not None
    return found


def look_at(workspace: Workspace) -> PageContext:
    return PageContext.of(LocalService(workspace))


def pages(workspace: Workspace, run: LiveRun) -> dict[str, str]:
    page, one = look_at(workspace), stored(workspace, run)
    below = api(workspace).runs(parent=run)
    return {
        "run": run_html(page, one, kind=NASTY, console=NASTY, children=below),
        "failed": run_html(page, one),
        "runs": runs_html(page, api(workspace).runs()),
        "experiment": experiment_html(page, "digits"),
        "experiments": experiments_html(page, ["digits", "empty"]),
        "workspace": workspace_html(page),
        "none": runs_html(page, ()),
    }


def test_everything_that_users_write_is_escaped(workspace: Workspace, nasty: LiveRun) -> None:
    for kind, html in pages(workspace, nasty).items():
        tags = Elements(html).tags
        assert "script" not in tags, kind
        assert "<script" not in html.lower(), kind
    shown = pages(workspace, nasty)["run"]
    assert shown.count("&lt;script&gt;") > 10


def test_tables_and_logs_bring_their_own_looks(workspace: Workspace, nasty: LiveRun) -> None:
    for html in pages(workspace, nasty).values():
        for cell in re.findall(r"<t[dh] [^>]*>", html):
            assert "text-align:left" in cell or "text-align:right" in cell
        for text in re.findall(r"<(?:pre|code) [^>]*>", html):
            assert "monospace" in text
            assert "text-align:left" in text
    assert "<pre" in pages(workspace, nasty)["failed"]


@pytest.mark.parametrize("state", RunState)
def test_states_have_colours_that_are_readable(
    workspace: Workspace, nasty: LiveRun, state: RunState
) -> None:
    run = replace(stored(workspace, nasty), state=state)
    html = run_html(look_at(workspace), run)
    assert f">{state.value.replace('_', ' ')}</span>" in html
    red, green, blue = re.search(  # type: ignore[union-attr]
        r"background:#(..)(..)(..);color:#fff", str(badge("", state))
    ).groups()

    def light(channel: str) -> float:
        share = int(channel, 16) / 255
        return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

    luminance = 0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue)
    assert 1.05 / (luminance + 0.05) >= 4.5, "white on it, by the rule of WCAG"


def test_a_run_says_what_people_ask_for(workspace: Workspace) -> None:
    with api(workspace).start_run(
        "digits", name="one", parameters={"lr": 0.1}, capture=False
    ) as run:
        for step in range(1000):
            run.log("loss", 1 / (1 + step))
        run.log("bad", math.nan)
    html = run_html(look_at(workspace), stored(workspace, run))
    for said in ("digits/one", ">completed<", "took ", "lr=0.1", "<svg", "0.001", "1,000", ">nan<"):
        assert said in html
    (points,) = re.findall(r'points="([^"]*)"', html)
    assert 50 < len(points.split()) <= 120, "a sample, whatever the length"
    lost = replace(look_at(workspace), lost=frozenset([run.id]))
    assert ">lost<" in run_html(lost, stored(workspace, run))


# -- the way to TensorBoard --------------------------------------------------------------------------


def see(workspace: Workspace, run: LiveRun) -> str:
    html = run_html(look_at(workspace), stored(workspace, run))
    found = re.search(r"see it</td><td [^>]*>(.*?)</td>", html)
    assert found
    return found[1]


def test_without_a_board_it_is_the_short_command(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with api(workspace).start_run("digits", name="a b", capture=False) as run:
        pass
    assert re.fullmatch(
        r"<code [^>]*>trackboard tb --run &#39;digits/a b&#39;</code>", see(workspace, run)
    )
    assert "trackboard tb --experiment digits<" in experiment_html(look_at(workspace), "digits")
    assert "trackboard tb<" in workspace_html(look_at(workspace))
    monkeypatch.chdir(tmp_path)
    assert f"trackboard tb {workspace.folder} --run" in see(workspace, run)


@pytest.mark.parametrize(
    ("only_runs", "experiment", "seen"),
    [
        (None, None, [True, True, True, True]),
        (["above"], None, [True, True, False, False]),
        (["below"], None, [False, True, False, False]),
        (None, "digits", [True, True, True, False]),
        (None, "other", [False, False, False, False]),
    ],
)
def test_a_board_that_shows_it_is_linked(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    only_runs: list[str] | None,
    experiment: str | None,
    seen: list[bool],
) -> None:
    monkeypatch.setattr(see_it_module, "can_find_peers", lambda: True)
    with api(workspace).start_run("digits", name="a.b (c)", capture=False) as run:
        below = run.child("below")
        below.complete()
    url = "http://localhost:6123/"
    ids = {"above": run.id, "below": below.id}
    only = None if only_runs is None else tuple(ids[each] for each in only_runs)
    show = Show(workspace.folder, experiment=experiment, runs=only)
    with registry.announced(workspace.paths.boards, url, show):
        found = [
            see(workspace, run),
            see(workspace, below),
            experiment_html(look_at(workspace), "digits"),
            workspace_html(look_at(workspace)),
        ]
        assert [f'<a href="{url}' in html for html in found] == seen
        if seen[0]:
            assert "?runFilter=%5Edigits%2Fa%5C.b%20%5C%28c%5C%29%28%2F%7C%24%29" in found[0]
    assert "<code" in see(workspace, run)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)//:80/", "http://x/?:80", "http://a b:80/", ""]
)
def test_an_address_that_is_none_is_no_link(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(see_it_module, "can_find_peers", lambda: True)
    with registry.announced(workspace.paths.boards, url):
        assert "href" not in workspace_html(look_at(workspace))


def test_behind_a_hub_that_needs_the_key_it_is_what_to_type(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    with registry.announced(workspace.paths.boards, "http://localhost:6123/"):
        assert "href" not in workspace_html(look_at(workspace))


# -- curves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "lines", "dots"),
    [
        ([], 0, 0),
        ([math.nan], 0, 0),
        ([1.0], 0, 1),
        ([1.0, 1.0], 1, 0),
        ([1.0, 2.0, math.nan, 3.0, math.inf, 4.0, 5.0], 2, 1),
        ([-1.7e308, 1.7e308], 1, 0),
    ],
)
def test_a_curve_has_gaps_where_there_is_no_number(
    values: list[float], lines: int, dots: int
) -> None:
    html = str(sparkline(range(len(values)), values))
    assert (html.count("<polyline"), html.count("<circle")) == (lines, dots)
    for number in re.findall(r'points="([^"]*)"', html):
        for x, y in (place.split(",") for place in number.split()):
            assert 0 <= float(x) <= 120
            assert 0 <= float(y) <= 22


def test_steps_that_go_back_stand_at_equal_distances() -> None:
    assert sparkline([5, 3, 4], [1, 2, 3]) == sparkline([0, 1, 2], [1, 2, 3])


# -- runs that were asked for ------------------------------------------------------------------------


@pytest.mark.usefixtures("nasty")
def test_runs_are_a_tuple_that_is_shown_as_a_table(workspace: Workspace) -> None:
    runs = api(workspace).runs()
    assert runs == tuple(runs)
    assert "<table" in (runs._repr_html_() or "")
    for other in (copy.deepcopy(runs), pickle.loads(pickle.dumps(runs))):
        assert other == runs
    assert "<table" in api(workspace)._repr_html_()
    assert repr(api(workspace)) == f"Workspace('{workspace.folder}')"


def test_many_runs_are_counted(workspace: Workspace) -> None:
    for _ in range(51):
        workspace.recorder().create_run("digits")
    assert "50 of 51" in runs_html(look_at(workspace), api(workspace).runs())
    assert "the first 10" in experiment_html(look_at(workspace), "digits")
