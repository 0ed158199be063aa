"""Reports as HTML: complete, bounded, and nothing that people named is more than text."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from trackboard import Workspace
from trackboard.errors import UsageError
from trackboard.transfer.export.page.content import check_report

HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(2)>",
    '" onmouseover="alert(3)" \'',
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(4)",
    "]]>--><svg/onload=alert(5)>",
)
VOID = {"meta", "img", "circle", "path"}


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path / "here")
    yield opened
    opened.recorder().close()
    opened.close()


def written(workspace: Workspace, folder: Path) -> str:
    workspace.export(None, folder / "report.html", force=True)
    return (folder / "report.html").read_text("utf-8")


def test_all_that_people_named_is_text(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.start_run(
        "e",
        name=HOSTILE[0],
        parameters={name: name for name in HOSTILE},
        tags={name: name for name in HOSTILE},
        description="\n".join(HOSTILE),
        capture=False,
    ) as run:
        for name in HOSTILE:
            run.log(name, 0.5, 1)
            run.log(name, 0.7, 2)
            run.log_text(f"text {name}", name)
            run.log_file(__file__, f"outputs/{name.replace('/', '')}")
        run.log_image(HOSTILE[1], np.zeros((4, 4)))
    with pytest.raises(ValueError, match=re.escape(HOSTILE[0])), workspace.start_run("e"):
        raise ValueError(HOSTILE[0])
    page = Page(written(workspace, tmp_path))
    assert page.open == []
    assert {tag for tag, _ in page.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "div", "table"),
        *(
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "bdi",
            "span",
            "small",
            "figure",
            "img",
            "svg",
            "path",
        ),
        *("g", "text", "circle", "details", "summary", "dl", "dt", "dd", "pre"),
    }
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert {"href", "action", "xlink:href"}.isdisjoint(attributes)
        assert attributes.get("src", "data:image/png").startswith("data:image/png")
    said = "".join(page.texts)
    for text in HOSTILE:
        assert said.count(text) >= 6, text


def test_a_policy_forbids_what_could_be_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.start_run("e", capture=False):
        pass
    text = written(workspace, tmp_path)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert html.unescape(policy) == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none';"
        " form-action 'none'"
    )
    assert "url(" not in style[1]
    assert re.findall(r"https?://", text) == []


def test_what_a_run_is_can_be_read(workspace: Workspace, tmp_path: Path) -> None:
    for number in range(2):
        with workspace.start_run(
            "digits",
            name=f"run {number}",
            parameters={"lr": 0.1 + number},
            tags={"team": "vision"},
            description="What it is about",
            capture=False,
        ) as run:
            for step in range(1000):
                run.log("loss", 9.5 if step == 500 else 1 / (step + 1), step)
            run.log_text("note", "a text")
            run.log_dict("config.json", {"a": number})
            run.log_image("sample", np.full((4, 4, 3), 0.5), step=3)
        command = {"trackboard.command": f"train.py {number}"}
        workspace.service.runs.add_properties(run.id, command)
    text = written(workspace, tmp_path)
    page = Page(text)
    said = "".join(page.texts)
    for each in (
        *("digits/run 0", "completed", "0.1", "1.1", "vision", "What it is about", "9.5", "a text"),
        *("config.json", "sample", "1,000", "command", "train.py 1", "0.001 … 9.5"),
    ):
        assert each in said, each
    images = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert [each.partition(",")[0] for each in images] == ["data:image/png;base64"] * 2
    curves = [each for tag, each in page.tags if tag == "path" and each.get("class") == "curve"]
    assert len(curves) == 2
    assert "What differs in code and packages" in said


def test_control_characters_turn_nothing(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.start_run("e", description="a\u202eb\x07c\u2066d", capture=False):
        pass
    text = written(workspace, tmp_path)
    assert "a\ufffdb\ufffdc\ufffdd" in text
    assert "\u202e" not in text


def test_long_texts_and_many_things_are_bounded_and_said(
    workspace: Workspace, tmp_path: Path
) -> None:
    with workspace.start_run(
        "e",
        parameters={f"p{number}": number for number in range(150)},
        tags={"long": "x" * 1_000_000},
        description="y" * 1_000_000,
        capture=False,
    ) as run:
        for number in range(130):
            run.log(f"m{number}", number)
            run.log_text(f"t{number}", "z" * 100_000)
        run.log_image("large", np.random.default_rng(0).random((400, 400, 3)))
    text = written(workspace, tmp_path)
    assert len(text) < 300_000
    for said in (
        *("100 of 150 parameters", "100 of 130 metrics are drawn", "20 of 130 texts are listed"),
        "too large",
    ):
        assert said in text, said


def test_too_many_runs_are_told() -> None:
    check_report([None] * 1_000)
    with pytest.raises(UsageError, match="at most 1,000 runs, and these are 1,001"):
        check_report([None] * 1_001)
