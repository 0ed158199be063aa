from __future__ import annotations

import html
import re

import pytest
from tensorboard import plugin_util

from trackboard.board.dashboards import markdown


def shown(text: str) -> str:
    """What a browser shows of the cells that TensorBoard makes of a table."""
    page = plugin_util.markdown_to_safe_html(markdown.table(["x"], [[markdown.cell(text)]]))
    (found,) = re.findall("<td>(.*?)</td>", page, re.DOTALL)
    assert "<" not in found, f"{found!r} holds an element"
    return html.unescape(found)


@pytest.mark.parametrize(
    "text",
    [
        "a|b",
        "<script>alert(1)</script>",
        "&lt; &amp; &#65;",
        "**bold** _a_ `code` ~~~",
        "[link](http://localhost/)",
        "![image](x.png)",
        "http://localhost/<x>",
        "back\\slash \\| \\*",
        "# head",
        "- item",
        "1. one",
        "---",
        "ü 漢字 🎉 שלום",
    ],
)
def test_text_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text


def test_a_cell_is_one_line_and_not_endless() -> None:
    assert shown("two\nlines\r\n\tand a tab") == "two lines and a tab"
    assert shown("") == ""
    assert len(shown("x" * 10_000)) == 501


def test_numbers_are_shown_in_full() -> None:
    assert [markdown.cell(value) for value in (0.1, 2**60, True, float("nan"), -1e-300)] == [
        "0.1",
        str(2**60),
        "True",
        "nan",
        "-1e-300",
    ]


def test_code_is_indented_and_has_no_blank_ends() -> None:
    assert markdown.code(["", "a", "", "  b", ""]) == "    a\n    \n      b"
