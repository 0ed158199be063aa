"""What the book tells people to type does what it says, from the first line of each page to its last.

Of a page run, in their order: Python blocks, in one interpreter; blocks with a title, as files of that name;
and the lines of console blocks that begin with `$`. What is not to run has a comment that says why.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = "<!-- not run: "

_BLOCK = re.compile(
    r"^```(python|console)(?: title=\"([^\"\n]*)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE
)

_UNTIL_IT_RUNS = """
import pathlib, time  # as a reader does, who sees the first line of what was started
while not [*pathlib.Path(".trackboard").glob("*/spool/*")]:
    time.sleep(0.05)
"""


def steps_of(page: Path) -> list[str]:
    """The statements of a Python program that does what a page says."""
    text = page.read_text("utf-8")
    steps: list[str] = []
    for block in _BLOCK.finditer(text):
        language, title, body = block.groups()
        if text[: block.start()].rstrip().rsplit("\n", 1)[-1].startswith(NOT_RUN):
            continue
        if title:
            steps.append(f"__import__('pathlib').Path({title!r}).write_text({body!r})")
        elif language == "python":
            steps.append(body)
        else:
            commands = [line[2:] for line in body.splitlines() if line.startswith("$ ")]
            for command in commands:
                steps.append(f"__import__('subprocess').run({command!r}, shell=True, check=True)")
                if command.endswith("&"):
                    steps.append(_UNTIL_IT_RUNS)
    return steps


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if steps_of(page)],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_what_a_page_says_can_be_typed(page: Path, empty_folder: Path) -> None:
    (empty_folder / "training").mkdir()  # a folder of the reader's
    (empty_folder / "training" / "train.py").write_text("print('trained')\n")
    program = empty_folder / "page.py"
    program.write_text("\n".join(steps_of(page)), "utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said = empty_folder.parent / "said.txt"
    with said.open("wb") as output:
        typed = subprocess.Popen(
            [sys.executable, program.name],
            env={**os.environ, "PATH": path},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        status = typed.wait(PATIENCE_S)
    finally:
        with contextlib.suppress(ProcessLookupError):  # what the page left in the background
            os.killpg(typed.pid, signal.SIGTERM)
    assert status == 0, said.read_text("utf-8", "replace")
