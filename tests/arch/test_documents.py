"""The documents that say where things are name what is there, and all that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
STRUCTURE = (ROOT / "docs" / "structure.md").read_text("utf-8")
TABLE = STRUCTURE[STRUCTURE.index("## Where each thing lives") :].partition(
    "A workspace is a folder"
)[0]


def exists(module: str) -> bool:
    path = SOURCE / module.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


@pytest.mark.parametrize(
    "module", sorted(set(re.findall(r"`((?:trackboard|azureml)[\w.]*)`", TABLE)))
)
def test_every_package_that_is_named_is_there(module: str) -> None:
    assert exists(module)


def test_every_package_has_its_line() -> None:
    tops = {
        f"trackboard.{path.name}" for path in (SOURCE / "trackboard").iterdir() if path.is_dir()
    }
    named = set(re.findall(r"^\| `([\w.]+)`", TABLE, re.M))
    assert {name for name in tops if "__" not in name} - named == set()


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/structure.md", "docs/testing.md"])
def test_every_path_that_is_named_is_there(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    named = set(re.findall(r"`((?:src|tests|docs|benchmarks|scripts|\.ci)/[\w./-]*)`", text))
    named |= {str(Path(document).parent / link) for link in re.findall(r"\]\(([\w./-]+)\)", text)}
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_command_of_make_that_is_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for document in ("CONTRIBUTING.md", "README.md", "docs/testing.md"):
        named = re.findall(r"(?:`|    )make ([a-z][a-z-]*)", (ROOT / document).read_text("utf-8"))
        assert {name for name in named if name not in targets} == set(), document
