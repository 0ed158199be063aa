"""What is seen of lines that were written for a terminal."""

import pytest

from trackboard.server.logs.terminal import Span, Terminal


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("plain", "plain"),
        ("\x1b]0;a title\x07shown", "shown"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2K\x1b[1Aup \x1b(Bx\x9b3Dy", "up xy"),
        ("\x1b]0;not ended hides nothing", "0;not ended hides nothing"),
        ("\x1b[31", "31"),
        ("\x1b", ""),
        ("a\x00b\x07c\td", "abc\td"),
    ],
)
def test_control_sequences_are_not_seen(line: str, text: str) -> None:
    assert Terminal().show(line).text == text


@pytest.mark.parametrize(
    ("codes", "classes"),
    [
        ("31", "ansi-red"),
        ("1;92", "ansi-bold ansi-green"),
        ("38;5;196", "ansi-red"),
        ("38;5;12", "ansi-blue"),
        ("38;5;255", "ansi-white"),
        ("48;2;0;0;0", "ansi-on-black"),
        ("44", "ansi-on-blue"),
        ("105", "ansi-on-magenta"),
        ("31;39", ""),
        ("1;22", ""),
        ("31;0", ""),
        ("38", ""),
        ("38;7;1", ""),
        ("999;" * 20 + "31", "ansi-red"),
        ("31;" * 100, ""),
    ],
)
def test_colours_are_classes(codes: str, classes: str) -> None:
    assert Terminal().show(f"\x1b[{codes}mx").spans == (Span("x", classes),)


def test_a_colour_lasts_until_it_is_changed() -> None:
    terminal = Terminal()
    first = terminal.show("a\x1b[31mb")
    assert first.spans == (Span("a", ""), Span("b", "ansi-red"))
    assert terminal.show("c\x1b[md").spans == (Span("c", "ansi-red"), Span("d", ""))


@pytest.mark.parametrize(
    ("line", "text", "folded"),
    [
        ("10%\r20%\r100%", "100%", 2),
        ("\r10%\r20%", "20%", 1),
        ("10%\r20%\r", "20%", 1),
        ("10%\r20%\r   ", "20%", 1),
        ("1/9\x08\x08\x082/9", "2/9", 1),
        ("\x1b[32m10%\x1b[0m\r\x1b[32m20%\x1b[0m done", "20% done", 1),
        ("text\r\n", "text", 0),
        ("", "", 0),
    ],
)
def test_progress_is_shown_as_it_was_at_last(line: str, text: str, folded: int) -> None:
    shown = Terminal().show(line)
    assert (shown.text, shown.folded) == (text, folded)
