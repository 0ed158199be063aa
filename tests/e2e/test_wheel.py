"""What is in a wheel, and what a package index shows of it."""

from __future__ import annotations

import re
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from scripts.wheel_description import describe

import trackboard

ROOT = Path(__file__).parents[2]
ABOUT = f"trackboard-{trackboard.__version__}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return zipfile.ZipFile(built)


@pytest.fixture(scope="module")
def about(wheel: zipfile.ZipFile) -> Message:
    return Parser().parsestr(wheel.read(f"{ABOUT}/METADATA").decode())


def test_all_of_the_source_is_in_it_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    source = ROOT / "src"
    files = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and not {"__pycache__"} & {*path.parts} and ".egg-info" not in str(path)
    }
    names = {name for name in wheel.namelist() if not name.startswith(f"{ABOUT}/")}
    assert names == files
    assert {"trackboard/py.typed", "azureml/py.typed"} < names
    assert f"{ABOUT}/licenses/LICENSE" in wheel.namelist()
    assert "trackboard = trackboard.cli.main:main" in wheel.read(
        f"{ABOUT}/entry_points.txt"
    ).decode("utf-8")


def test_an_index_finds_and_shows_it(about: Message) -> None:
    assert about["Version"] == trackboard.__version__
    assert about["License-Expression"] == "Apache-2.0"
    assert "tensorboard" in about["Keywords"]
    said = {each.rpartition(" :: ")[2] for each in about.get_all("Classifier", [])}
    assert {"3.11", "3.14", "Typed", "MacOS", "Linux"} <= said
    text = about.get_payload()
    assert isinstance(text, str)
    assert text.startswith("# trackboard")
    assert "tensorboard --logdir" in text
    assert re.findall(r"\]\((?!https?:)[^)]*\)", text) == []  # they would lead nowhere there


def test_links_lead_to_the_repository_where_its_address_is_known() -> None:
    readme = "![A picture](a.png)\n\n[One](docs/one.md) and [two](https://example.org/two)\n"
    assert describe(readme) == "One and [two](https://example.org/two)\n"
    known = describe(readme, "https://example.org/blob/main/")
    assert (
        known
        == "[One](https://example.org/blob/main/docs/one.md) and [two](https://example.org/two)\n"
    )


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    dates = re.findall(rf"^## {re.escape(trackboard.__version__)} · (\S+)$", changes, re.M)
    assert [f"date-released: {date}" for date in dates] == re.findall(
        r"^date-released: .*", citation, re.M
    )
    assert f"\nversion: {trackboard.__version__}\n" in citation
