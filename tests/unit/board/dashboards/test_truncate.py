"""Texts that take TensorBoard's Markdown, or its sanitizer, minutes: what a page gets is cheap."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard import plugin_util

from trackboard.board.dashboards import markdown
from trackboard.board.dashboards.truncate import (
    MOST_CHARACTERS,
    is_cheap,
    truncate_array,
    truncate_text,
)

# Everything that Markdown or HTML begins with, and what repeats it without an end.
MARKUP = [
    "[", "[]", "[](", "[a](", "[a](b", "[[a]", "[a][", "[a]: b\n", "![", "![a](", "!", "(", "]",
    "*", "*a ", "**a ", "***a", "*\n", "* * *\n", "_", "__a", "_a", "`", "``a`", "\\`", "\\", "\\\n",
    "<", "<a ", "<a>", "<div>", "<div>\n", "<a href='", "<p>a</p>", "<!--", "<![CDATA[", "<?",
    "<http://", "<a@b", "<script>", "&", "&#", "&#60;", "&amp;", ">", "> ", "> a\n",
    "#", "#\n", "-", "- a\n", "  - a\n", "1. a\n", "|", "|a", "|a|b\n", "a|b\n-|-\n", "~", "~~~\n",
    "```\n", "```a\n", "    a\n", "\t", "\n", " \n", "a\n\n", "a\n=\n", "=", ":", '"', "'", "{", "$",
    "a", "word ", "\x02", "\x02klzzwxh:0\x03", "\u2028", "\U0001f600", "é",
]  # fmt: skip

# Seconds of processor time, by an order of magnitude above what the slowest of them takes: 20,000 `[` as
# they are take 80 s.
MOST_CPU_S = 2.0


def cpu_s(text: str) -> float:
    begin = time.process_time()
    plugin_util.markdown_to_safe_html(text)
    return time.process_time() - begin


@pytest.mark.parametrize("unit", MARKUP)
def test_a_text_that_repeats_itself_costs_little(unit: str) -> None:
    shown = truncate_text(unit * (1_000_000 // len(unit)))
    assert len(shown) < 6 * MOST_CHARACTERS
    assert cpu_s(shown) < MOST_CPU_S


def test_nesting_costs_little() -> None:
    for deep in (
        "".join(f"{'  ' * depth}- a\n" for depth in range(200)),
        "".join(f"{'>' * depth} a\n" for depth in range(200)),
        "".join(f"{'[' * depth}a{']' * depth}\n" for depth in range(200)),
        "*_" * 5_000 + "a" + "_*" * 5_000,
        "<b>" * 7_000,
        str([[[index] * 3] for index in range(100_000)]),
        str({f"key_{index}": {"a": [index]} for index in range(100_000)}),
    ):
        assert cpu_s(truncate_text(deep)) < MOST_CPU_S


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(MARKUP), min_size=1, max_size=8), st.integers(1, 4_000))
def test_no_mixture_is_dear_or_fails(units: list[str], times: int) -> None:
    """Counted in what makes it dear, as a clock would count the machine's load."""
    shown = truncate_text("".join(units) * times)
    if not shown.lstrip().startswith("The first") and is_cheap(shown):
        for costly, most in (("[", 200), ("<", 50), ("\n", 500), ("`", 300), ("|", 1_000)):
            assert shown.count(costly) <= most
    assert sum(shown.count(one) for one in "<>&") <= 500
    plugin_util.markdown_to_safe_html(shown)


def test_what_people_write_is_rendered_whole() -> None:
    rows = "\n".join(f"| row {number} | {number / 7:.3f} |" for number in range(300))
    links = "\n".join(f"- [item {number}](http://localhost/{number})" for number in range(100))
    text = f"# Head\n\nSome *words* and `code`.\n\n| a | b |\n| - | - |\n{rows}\n\n{links}\n"
    assert truncate_text(text) == text
    assert truncate_text("") == ""


def test_a_printed_list_is_shown_as_it_is() -> None:
    text = str([[number] for number in range(500)])
    assert truncate_text(text) == f"    {text}"
    assert "<pre><code>[[0], [1], " in plugin_util.markdown_to_safe_html(truncate_text(text))


def test_what_is_left_out_is_said_first() -> None:
    head, _, body = truncate_text("word " * 100_000).partition("\n\n")
    assert head == ("The first 20,000 of 500,000 characters (Workspace.history has all of them):")
    assert body == "word " * 4_000
    assert truncate_text("<" * 1_000).startswith("The first 500 of 1,000 characters")


def test_an_array_is_a_table_of_texts_which_share_the_page() -> None:
    assert truncate_array(np.array("a [b](c)", dtype=object)).item() == "a [b](c)"
    table = np.array([["a", "b"], ["c", "d"]], dtype=object)
    assert truncate_array(table).tolist() == table.tolist()
    assert truncate_array(np.array([], dtype=object)).shape == (0,)


@pytest.mark.parametrize(
    "shape", [(5_000,), (1, 5_000), (5_000, 1), (100, 100), (3, 4, 50, 50), (0, 7)]
)
def test_a_large_array_keeps_its_dimensions_and_loses_elements(shape: tuple[int, ...]) -> None:
    found = truncate_array(np.full(shape, "[" * 300, dtype=object))
    assert found.ndim == len(shape)
    assert found.size <= 500
    assert sum(map(len, found.reshape(-1))) < 10 * MOST_CHARACTERS


def test_the_last_lines_of_a_log_are_those_that_fit() -> None:
    lines = [f"{number} {'<' * 200}" for number in range(30)]
    assert markdown.last_lines(lines) == lines[-2:]
    assert markdown.last_lines(["<" * 600]) == ["<" * 600]
    assert markdown.last_lines(["a", "b"]) == ["a", "b"]
    assert cpu_s(markdown.code(markdown.last_lines(["<a " * 166] * 30))) < MOST_CPU_S


def test_combinations_of_two_cost_little() -> None:
    costs = [
        cpu_s(truncate_text((one + other) * 5_000))
        for one, other in itertools.islice(itertools.combinations(MARKUP[::5], 2), 40)
    ]
    assert max(costs) < MOST_CPU_S
