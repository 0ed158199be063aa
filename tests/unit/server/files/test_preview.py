"""What is shown of a file: a bounded part of it, whatever is in it."""

from __future__ import annotations

import codecs
import io
import json

import pytest

from trackboard.server.files.preview import TEXT_BYTES, Preview, look_into


class Counting(io.BytesIO):
    """Counts what is read of it."""

    read_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.read_bytes += len(found)
        return found


def look(content: bytes, path: str) -> Preview:
    return look_into(io.BytesIO(content), path)


def test_a_text_is_shown_and_a_long_one_from_its_begin() -> None:
    assert look("größe\n".encode(), "a.txt") == Preview("text", 8, "größe\n")
    file = Counting("é".encode() * 4_000_000)
    long = look_into(file, "notes")
    assert (len(long.text.encode()), long.is_cut, long.size_bytes) == (TEXT_BYTES, True, 8_000_000)
    assert file.read_bytes <= 1 << 20


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_text_may_say_how_it_is_written(mark: bytes) -> None:
    encoding = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le"}.get(mark, "utf-16-be")
    assert look(mark + "größe".encode(encoding), "a.txt").text == "größe"


@pytest.mark.parametrize("content", [b"\x89PNG\xff\xfe", b"a\0b", b"\xff" * 10])
def test_what_is_no_text_is_not_shown(content: bytes) -> None:
    assert (look(content, "model.bin").kind, look(content, "model.bin").text) == ("bytes", "")


def test_a_page_of_html_is_text_and_images_are_images() -> None:
    assert look(b"<script>alert(1)</script>", "page.html").kind == "text"
    assert look(b"<svg/>", "plot.svg").kind == "image"
    assert look(b"", "Plot.PNG").kind == "image"
    assert look(b"", "sound.wav").kind == "audio"
    assert look(b"", "clip.mp4").kind == "video"


def test_json_has_a_value_in_a_line() -> None:
    assert look('{"a":[1,"ö"]}'.encode(), "a.json").text == '{\n  "a": [\n    1,\n    "ö"\n  ]\n}'
    wrong = look(b'{"a": nope}', "a.json")
    assert wrong.text == '{"a": nope}'
    assert "No JSON" in wrong.said
    deep = look(b"[" * 100_000, "a.json")
    assert deep.text.startswith("[[[")
    assert "nested too deep" in deep.said


def test_json_that_would_become_a_gigabyte_is_cut() -> None:
    nested = b"[" * 400 + b"]" * 400
    shown = look(b"[" + b",".join([nested] * 2_000) + b"]", "a.json")  # 1.6 MB, laid out 640 MB
    assert (shown.is_cut, len(shown.text)) == (True, TEXT_BYTES)
    assert look(json.dumps(["x" * 3_000_000]).encode(), "a.json").is_cut


def test_a_table_that_is_none_is_text() -> None:
    assert look(b'a,b\n"' + b"x" * 200_000, "a.csv").kind == "text"
    assert look(b"", "a.csv").kind == "text"
    assert look(b"a,b\n1,2\n", "a.csv").kind == "table"
