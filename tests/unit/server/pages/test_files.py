"""The pages of a run's files, and how files are sent."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from starlette.testclient import TestClient
from tests.unit.server.pages.test_pages import HOSTILE, show

from trackboard.record import Recorder
from trackboard.server.api.downloads import file_response
from trackboard.server.api.openapi import PREFIX
from trackboard.service import LocalService


@pytest.fixture
def _run(recorder: Recorder, service: LocalService) -> None:
    run = recorder.create_run("digits", run_id="r0", name="first")
    for path, content in (
        ("outputs/deep/er/a.csv", b"x,y\n1,<b>2</b>\n"),
        ("outputs/page.html", b"<script>alert(1)</script>"),
        ("outputs/plot.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("outputs/table.parquet", b"PAR1"),
        ("outputs/model.bin", b"\0\xff" * 500),
        (f"{HOSTILE}/{HOSTILE}", HOSTILE.encode()),
    ):
        run.add_file(path, *run.put_file(io.BytesIO(content)))
    run.append_bytes("logs/a.txt", 0, b"a line\n")
    run.complete()
    service.now()


pytestmark = pytest.mark.usefixtures("_run")


def hrefs(client: TestClient, address: str, part: str) -> list[str]:
    found = [each["href"] or "" for each in show(client, address).all("a")]
    return [each.removeprefix("../../").removeprefix("../") for each in found if part in each]


def test_a_run_shows_its_files_as_a_tree(client: TestClient) -> None:
    page = show(client, "/runs/r0")
    text = " ".join(page.text.split())
    assert "7 files, 1.2 kB" in text
    assert "outputs/ 5 files1.1 kB" in text
    assert "deep/ 1 file15 B" in text


def test_each_link_of_the_tree_leads_to_a_page(client: TestClient) -> None:
    addresses = hrefs(client, "/runs/r0/files", "/file")
    assert len([each for each in addresses if "/files?" in each]) > 3
    for address in addresses:
        if "/file?path" in address or "/files?" in address:
            assert client.get(f"/{address}").status_code == 200, address


def test_a_file_is_looked_into(client: TestClient) -> None:
    table = show(client, "/runs/r0/file?path=outputs/deep/er/a.csv")
    assert "<b>2</b>" in table.text
    assert len(table.all("td")) == 2
    page = show(client, "/runs/r0/file?path=outputs/page.html")
    assert "<script>alert(1)</script>" in page.text
    assert len(page.all("script")) == 1
    assert "cannot be read" in show(client, "/runs/r0/file?path=outputs/table.parquet").text
    assert "no text" in show(client, "/runs/r0/file?path=outputs/model.bin").text
    (image,) = show(client, "/runs/r0/file?path=outputs/plot.svg").all("img")
    sent = client.get(str(image["src"]).removeprefix("../.."))
    assert sent.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in sent.headers["content-security-policy"]
    assert "script-src" not in sent.headers["content-security-policy"]
    log = show(client, "/runs/r0/file?path=logs/a.txt")
    assert "Show as a log" in log.text


@pytest.mark.parametrize("path", ["", "..", "../trackboard.db", "\0", "/etc/passwd", "none"])
def test_addresses_lead_nowhere_else(client: TestClient, path: str) -> None:
    answer = client.get("/runs/r0/file", params={"path": path}, headers={"Accept": "text/html"})
    assert answer.status_code in (400, 404)
    folder = client.get("/runs/r0/files", params={"folder": f"{path}/x"})
    assert folder.status_code == 404
    assert "No file of this run is below" in folder.text
    assert client.get(f"{PREFIX}/runs/r0/zip", params={"folder": f"{path}/x"}).status_code == 404


def test_a_folder_is_there_for_programs(client: TestClient) -> None:
    found = client.get("/runs/r0/files.json?folder=outputs/deep").json()["files"]
    assert [each["path"] for each in found] == ["outputs/deep/er/a.csv"]
    rows = list(csv.reader(io.StringIO(client.get("/runs/r0/files.csv?folder=logs").text)))
    assert rows[0] == ["path", "size_bytes", "time"]
    assert rows[1][:2] == ["logs/a.txt", "7"]
    api = client.get(f"{PREFIX}/runs/r0/files?folder=logs").json()["files"]
    assert [each["path"] for each in api] == ["logs/a.txt"]


def test_a_folder_is_saved_as_a_zip(client: TestClient) -> None:
    address = hrefs(client, "/runs/r0/files?folder=outputs", "zip?folder=outputs/deep/")[0]
    answer = client.get(f"/{address}")
    assert answer.headers["content-type"] == "application/zip"
    assert "first-outputs-deep.zip" in answer.headers["content-disposition"]
    made = zipfile.ZipFile(io.BytesIO(answer.content))
    assert made.namelist() == ["er/a.csv"]
    everything = client.get(f"{PREFIX}/runs/r0/zip").content
    assert len(zipfile.ZipFile(io.BytesIO(everything)).namelist()) == 7


def test_a_file_that_grows_while_it_is_sent_is_as_long_as_was_said() -> None:
    file = io.BytesIO(b"x" * 600_000)
    answer = file_response(file, "a.log", None, attached=True)
    file.write(b"x" * 600_000 + b"more")
    assert sent_of(answer) == b"x" * 600_000
    assert answer.headers["content-length"] == "600000"


def test_a_file_that_is_made_shorter_while_it_is_sent_is_not_filled_up() -> None:
    file = io.BytesIO(b"x" * 600_000)
    answer = file_response(file, "a.log", "bytes=100000-", attached=True)
    file.truncate(300_000)
    assert len(sent_of(answer)) == 200_000
    assert (
        answer.headers["content-length"] == "500000"
    )  # so that who gets it knows: it is not whole


def sent_of(answer: object) -> bytes:
    import asyncio

    async def collect() -> bytes:
        return b"".join([piece async for piece in answer.body_iterator])  # type: ignore[attr-defined]

    return asyncio.run(collect())


def test_several_ranges_are_answered_with_all(client: TestClient) -> None:
    address = f"{PREFIX}/runs/r0/file?path=logs/a.txt"
    answer = client.get(address, headers={"Range": "bytes=0-1,3-4"})
    assert (answer.status_code, answer.content) == (200, b"a line\n")
    assert "content-range" not in answer.headers
