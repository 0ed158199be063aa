from __future__ import annotations

import html
from dataclasses import replace
from typing import Any

import pytest
from tensorboard.plugin_util import markdown_to_safe_html

from trackboard.board.dashboards.status.status_text import Facts, Log, Wait, describe
from trackboard.model import Run, RunId, RunKind, RunState

RUN = Run(
    id=RunId("r"),
    experiment="exp",
    number=1,
    given_name="",
    parent=None,
    kind=RunKind.JOB,
    state=RunState.QUEUED,
    cause="",
    created_s=1.7e9,
    started_s=None,
    ended_s=None,
    lost_points=0,
    warnings=(),
)
WAIT = Wait("cpu-cluster", slots=2, holders=("exp/a", "exp/b"), position=3, waiting=5)


def say(wait: Wait | None = None, *logs: Log, canceled: bool = False, **run: Any) -> str:
    """What is said of a job, as TensorBoard shows it."""
    facts = Facts(replace(RUN, **run), "cpu-cluster", wait, canceled, logs)
    text: str = markdown_to_safe_html(describe(facts))
    return text.replace("&#45;", "-")


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (WAIT, "position 3 of 5 on cpu-cluster"),
        (WAIT, "It waits for a free node. cpu-cluster has 2; running there: exp&#47;a, exp&#47;b"),
        (replace(WAIT, holders=tuple("abcdefg")), "running there: a, b, c, d and 3 more"),
        (replace(WAIT, slots=0), "cpu-cluster has no nodes: update(max_nodes=1) gives it one"),
        (replace(WAIT, holders=()), "It starts with the next look at the queue"),
        (replace(WAIT, position=0), "Its worker is being started"),
        (None, "It is not in the queue"),
    ],
)
def test_what_a_queued_job_waits_for(wait: Wait | None, said: str) -> None:
    text = say(wait)
    assert text.startswith("<p><strong>Queued</strong> on cpu-cluster, submitted 2023-11-1")
    assert said in text


def test_a_job_that_prepares_shows_the_build() -> None:
    text = say(None, Log("a/b.txt", ["Resolved 3 packages"]), state=RunState.PREPARING)
    assert text.startswith("<p><strong>Preparing</strong> on cpu-cluster, submitted")
    assert "The end of a&#47;b&#46;txt:</p>\n<pre><code>Resolved 3 packages\n</code></pre>" in text


def test_a_job_that_runs_says_since_when_and_that_it_shall_end() -> None:
    text = say(state=RunState.RUNNING, started_s=1.7e9, canceled=True)
    assert text.startswith("<p><strong>Running</strong> on cpu-cluster since 2023-11-1")
    assert "It was asked to end." in text
    assert "asked to end" not in say(state=RunState.CANCELED, canceled=True)


@pytest.mark.parametrize(
    ("took_s", "said"), [(2.34, "2.3 s"), (75.0, "1 min 15 s"), (7260.0, "2 h 01 min")]
)
def test_how_long_it_took(took_s: float, said: str) -> None:
    text = say(state=RunState.COMPLETED, started_s=1.7e9, ended_s=1.7e9 + took_s)
    assert f"after {said} on cpu-cluster" in text


def failed(cause: str, *lines: str) -> str:
    return say(None, Log("log", lines), state=RunState.FAILED, ended_s=1.7e9, cause=cause)


def test_a_failure_says_its_last_lines_once() -> None:
    text = failed("it exited with code 1; its last lines:\none\n\x1b[31mtwo", "zero", "one", "two")
    assert "<p>it exited with code 1</p>" in text
    assert text.count("two") == 1
    assert "<pre><code>zero\none\ntwo\n</code></pre>" in text


def test_a_build_that_failed_says_why_once() -> None:
    lines = ("cannot be resolved:", "  cause: no torch==99", "Loosen it.")
    text = failed("\n".join(lines), *(f"[trackboard] {line}" for line in lines))
    assert "<p>cannot be resolved</p>" in text
    assert text.count("no torch==99") == text.count("Loosen it.") == 1


def test_a_cause_that_the_log_does_not_say_is_shown_whole() -> None:
    text = failed("no such package:\n  Because x\n    is not there", "preparing")
    assert "<p>no such package&#58;</p>" in text
    assert "<pre><code>  Because x\n    is not there\n</code></pre>" in text
    assert "<pre><code>preparing" in text


NASTY = [
    "<script>alert(1)</script>",
    "</code></pre><b>bold</b>",
    "```",
    "~~~",
    "<!-- <![CDATA[ <?",
    "&lt; &amp; &#60;",
    "[a](javascript:x) ![i](http://x/y.png)",
    "| a | b |",
    "# head",
    "[1]: http://x.y",
]


def test_no_text_means_anything_to_a_browser() -> None:
    text = failed("<b>*why*</b>\nrest", *NASTY)
    assert "<p>&#60;b&#62;&#42;why&#42;&#60;&#47;b&#62;</p>" in text
    shown = text.partition("The end of log:</p>\n<pre><code>")[2]
    assert shown.endswith("</code></pre>")
    inside = shown.removesuffix("\n</code></pre>")
    assert "<" not in inside
    assert html.unescape(inside).split("\n") == NASTY
