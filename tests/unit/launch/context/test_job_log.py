"""The end of a console, as it is shown in the cause of a failure."""

from pathlib import Path

from trackboard.launch.context.job_log import append_lines, tail


def test_last_lines(tmp_path: Path) -> None:
    console = tmp_path / "console"
    console.write_text("".join(f"line {n}\n" for n in range(100)))
    assert tail(console, lines=2) == "line 98\nline 99"


def test_progress_bars_are_folded(tmp_path: Path) -> None:
    console = tmp_path / "console"
    console.write_bytes(b"10%\r20%\r100%\r\nend\n")
    assert tail(console) == "100%\nend"


def test_beginning_of_a_long_text_is_cut_at_a_line(tmp_path: Path) -> None:
    console = tmp_path / "console"
    console.write_text("x" * 100 + "\n" + ("e".ljust(99, ".") + "\n") * 1000)
    assert set(tail(console, lines=500).split("\n")) == {"e".ljust(99, ".")}


def test_endless_line_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    console = tmp_path / "console"
    console.write_bytes(b"\xff" * 100_000)
    assert tail(console) == "…" + "\ufffd" * 500


def test_nothing(tmp_path: Path) -> None:
    assert tail(tmp_path / "missing") == ""
    (tmp_path / "empty").touch()
    assert tail(tmp_path / "empty") == ""


def test_our_own_lines(tmp_path: Path) -> None:
    console = tmp_path / "console"
    console.write_text("theirs\n")
    append_lines(console, "one\ntwo \udcff")
    assert console.read_text() == "theirs\n[trackboard] one\n[trackboard] two \\udcff\n"
