"""Notes in Markdown: what people read, and nothing that runs or asks for anything."""

import re

import pytest

from trackboard.server.notes import MOST_CHARACTERS, render_note

NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a]( javascript:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](//elsewhere.example)",
    "[a](../../runs/r0/delete)",
    "<javascript:alert(1)>",
    "[a][r]\n\n[r]: vbscript:x",
    "![a](http://elsewhere.example/seen.png)",
    "![a](data:image/png;base64,AAAA)",
    '[a](http://x "" onmouseover=alert(1)")',
    '```" onmouseover=alert(1)\nx\n```',
    "| a |\n|:-:|\n| <b onclick=x> |",
)

ALLOWED = {"p", "a", "pre", "code", "table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize("text", NASTY)
def test_nothing_runs_and_nothing_is_asked_for(text: str) -> None:
    tags = re.findall(r"<(\w+)([^>]*)>", str(render_note(text)))
    assert {name for name, _ in tags} <= ALLOWED
    for name, attributes in tags:
        assert re.fullmatch(
            r'( href="http[^"]*"( title="[^"]*")? rel="noopener noreferrer"| class="[^"]*")?',
            attributes,
        ), (name, attributes)


def test_markdown_is_shown() -> None:
    text = "# Why\n\n*so* **be** `it`\n\n- one\n\n| a |\n|--:|\n| 1 |\n\n[page](https://x.example/)"
    page = str(render_note(text))
    for part in (
        "<h3>Why</h3>",
        "<em>so</em>",
        "<strong>be</strong>",
        "<li>one</li>",
        "<td>1</td>",
    ):
        assert part in page
    assert '<a href="https://x.example/" rel="noopener noreferrer">page</a>' in page


def test_a_long_note_is_shown_as_it_is_written() -> None:
    assert render_note("<*" * MOST_CHARACTERS).startswith("<pre>&lt;*&lt;*")


@pytest.mark.parametrize("nested", ["> ", "[", "![", "- ", "**a ", "1. "])
def test_a_note_that_nests_deeply_is_rendered(nested: str) -> None:
    assert render_note((nested * MOST_CHARACTERS)[:MOST_CHARACTERS])
