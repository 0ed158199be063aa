"""The page of a log: its lines have addresses, and are found by a regular expression."""

import html
import re

import pytest
from starlette.testclient import TestClient

from trackboard.record import Recorder
from trackboard.service import LocalService

PAGE = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def _log(recorder: Recorder, service: LocalService) -> None:
    run = recorder.create_run("digits", run_id="r0", name="talks")
    lines = "".join(f"step {number:05}\n" for number in range(20_000))
    run.append_bytes("logs/a.txt", 0, f"{lines}10%\r\x1b[31m99%\x1b[0m\n".encode())
    run.append_bytes("logs/b & c.txt", 0, b"other\n")
    service.now()


def show(client: TestClient, address: str, status: int = 200) -> str:
    answer = client.get(address, headers=PAGE)
    assert answer.status_code == status, answer.text
    return answer.text


def links(page: str, text: str) -> list[str]:
    found = re.findall(rf'<a href="([^"]+)">{text}</a>', page)
    return [html.unescape(each).removeprefix("../..") for each in found]


def test_colours_and_folded_progress_are_shown(client: TestClient) -> None:
    page = show(client, "/runs/r0/log")
    assert '<span class="ansi-red">99%</span> <span class="folded">1 state before</span>' in page
    assert " data-follow" in page
    assert " data-follow" not in show(client, "/runs/r0/log?from=0")


def test_a_line_is_found_and_gone_to(client: TestClient) -> None:
    found = show(client, "/runs/r0/log?path=logs/a.txt&find=step+1(000)0")
    assert re.search(r"1 line; searched [\d.]+ kB of [\d.]+ kB \(100 %\)", found)
    assert "<mark>step 10000</mark>" in found
    (address,) = links(found, "110,000")
    assert address.endswith("#b110000")
    assert 'id="b110000"' in show(client, address)


def test_a_search_with_many_matches_goes_on(client: TestClient) -> None:
    first = show(client, "/runs/r0/log?path=logs/a.txt&find=step")
    assert first.count("<mark>step</mark>") == 100
    (address,) = links(first, "Go on")
    assert "step</mark> 00100" in show(client, address)


def test_an_expression_that_is_none_is_told_beside_the_log(client: TestClient) -> None:
    page = show(client, "/runs/r0/log?path=logs/a.txt&find=(", 400)
    assert "is no regular expression" in page
    assert 'id="log"' in page
    show(client, "/runs/r0/log?path=logs/a.txt&find=" + "x" * 2000, 400)
    show(client, "/runs/r0/log?path=logs/a.txt&find=(a{0,900}){0,900}", 400)


def test_each_log_has_its_page(client: TestClient) -> None:
    (address,) = links(show(client, "/runs/r0/log"), "logs/b &amp; c.txt")
    page = show(client, address)
    assert "other" in page
    (line,) = re.findall(r'href="([^"]+#b0)"', page)
    assert "other" in show(client, f"/runs/r0/log{html.unescape(line)}")


@pytest.mark.parametrize("query", ["at=x", "from=-1", "before=" + "9" * 19, "find=a&after=x"])
def test_what_is_no_offset_is_told(client: TestClient, query: str) -> None:
    assert "is no offset in a file" in show(client, f"/runs/r0/log?{query}", 400)
