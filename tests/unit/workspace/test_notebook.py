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

from trackboard.board.process import registry
from trackboard.board.process.options import Show
from trackboard.model import Run, RunState
from trackboard.record import LiveRun
from trackboard.workspace import Workspace
from trackboard.workspace.notebook import (
    experiment_html,
    experiments_html,
    run_html,
    runs_html,
    workspace_html,
)
from trackboard.workspace.notebook import see_it as see_it_module
from trackboard.workspace.notebook.elements import badge
from trackboard.workspace.notebook.sparkline import sparkline

NASTY = "\"><script>alert('x')</script>&amp;"


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(empty_folder)
    yield workspace
    workspace.close()


@pytest.fixture
def nasty(workspace: Workspace) -> LiveRun:
    """A run with markup in everything that a user can write."""
    with workspace.start_run(
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
    found = workspace.find_run(run.id)
    assert found is not None
    return found


def pages(workspace: Workspace, run: LiveRun) -> dict[str, str]:
    look, one = workspace.look(), stored(workspace, run)
    below = workspace.runs(parent=run)
    return {
        "run": run_html(look, one, kind=NASTY, console=NASTY, children=below),
        "failed": run_html(look, one),
        "runs": runs_html(look, workspace.runs()),
        "experiment": experiment_html(look, "digits"),
        "experiments": experiments_html(look, ["digits", "empty"]),
        "workspace": workspace_html(look),
        "none": runs_html(look, ()),
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
    html = run_html(workspace.look(), run)
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
    with workspace.start_run("digits", name="one", parameters={"lr": 0.1}, capture=False) as run:
        for step in range(1000):
            run.log("loss", 1 / (1 + step))
        run.log("bad", math.nan)
    html = run_html(workspace.look(), stored(workspace, run))
    for said in ("digits/one", ">completed<", "took ", "lr=0.1", "<svg", "0.001", "1,000", ">nan<"):
        assert said in html
    (points,) = re.findall(r'points="([^"]*)"', html)
    assert 50 < len(points.split()) <= 120, "a sample, whatever the length"
    lost = replace(workspace.look(), lost=frozenset([run.id]))
    assert ">lost<" in run_html(lost, stored(workspace, run))


# -- the way to TensorBoard --------------------------------------------------------------------------


def see(workspace: Workspace, run: LiveRun) -> str:
    html = run_html(workspace.look(), stored(workspace, run))
    found = re.search(r"see it</td><td [^>]*>(.*?)</td>", html)
    assert found
    return found[1]


def test_without_a_board_it_is_the_short_command(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with workspace.start_run("digits", name="a b", capture=False) as run:
        pass
    assert re.fullmatch(
        r"<code [^>]*>trackboard tb --run &#39;digits/a b&#39;</code>", see(workspace, run)
    )
    assert "trackboard tb --experiment digits<" in experiment_html(workspace.look(), "digits")
    assert "trackboard tb<" in workspace_html(workspace.look())
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
    with workspace.start_run("digits", name="a.b (c)", capture=False) as run:
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
            experiment_html(workspace.look(), "digits"),
            workspace_html(workspace.look()),
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
        assert "href" not in workspace_html(workspace.look())


def test_behind_a_hub_that_needs_the_key_it_is_what_to_type(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    with registry.announced(workspace.paths.boards, "http://localhost:6123/"):
        assert "href" not in workspace_html(workspace.look())


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
    runs = workspace.runs()
    assert runs == tuple(runs)
    assert "<table" in (runs._repr_html_() or "")
    for other in (copy.deepcopy(runs), pickle.loads(pickle.dumps(runs))):
        assert other == runs
    assert "<table" in workspace._repr_html_()
    assert repr(workspace) == f"Workspace('{workspace.folder}')"


def test_many_runs_are_counted(workspace: Workspace) -> None:
    for _ in range(51):
        workspace.recorder().create_run("digits")
    assert "50 of 51" in runs_html(workspace.look(), workspace.runs())
    assert "the first 10" in experiment_html(workspace.look(), "digits")
