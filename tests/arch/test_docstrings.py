"""Docstrings say what a reader can use: no pronoun for a parameter, no module that is not there."""

import ast
import re

import pytest
from tests.arch.source import MODULES, SOURCE, parse

_SECTION = re.compile(r"^ *(Args|Attributes):\n((?: +.*\n|\n)*)", re.M)
_ENTRY = re.compile(r"^ +(\w+): (.*)$", re.M)
_PRONOUN = re.compile(
    r"(?:an?d? )?(they|it|its|that|those|these|this|them|theirs?|his|hers?|the (same|others?)|who|whose)"
    r"(?: own| too)?[.;]?",
    re.I,
)


def entries(docstring: str) -> list[tuple[str, str]]:
    text = f"{docstring}\n"
    return [entry for section in _SECTION.findall(text) for entry in _ENTRY.findall(section[1])]


def test_a_pronoun_is_found() -> None:
    said = "Do.\n\n    Args:\n        a: They.\n        b: The same.\n        c: That many.\n"
    assert [name for name, text in entries(said) if _PRONOUN.fullmatch(text)] == ["a", "b"]


@pytest.mark.parametrize("package", ["azureml", "trackboard"])
def test_the_text_of_a_parameter_is_no_pronoun(package: str) -> None:
    bad = [
        f"{file.relative_to(SOURCE)}:{node.name}: {name}: {text}"
        for file in MODULES.values()
        if file.relative_to(SOURCE).parts[0] == package
        for node in ast.walk(parse(file))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        for name, text in entries(ast.get_docstring(node, clean=False) or "")
        if _PRONOUN.fullmatch(text)
    ]
    assert bad == []


ROOMS = {path.name for path in (SOURCE / "trackboard").iterdir() if path.is_dir()}
_REFERENCE = re.compile(r"`(\w+(?:\.\w+)+)`")


def is_there(reference: str) -> bool:
    """Whether `room.module.name` is a module, or a name that stands in one."""
    parts = reference.split(".")
    for count in range(len(parts), 0, -1):
        file = MODULES.get(".".join(("trackboard", *parts[:count])))
        if file is not None:
            text = file.read_text("utf-8")
            return all(re.search(rf"\b{name}\b", text) for name in parts[count:])
    return False


def test_modules_that_are_named_are_there() -> None:
    """A room's name is also that of an object in examples: `workspace.runs`, `model.fit`."""
    ours = ROOMS - {"workspace", "model", "config"}
    bad = [
        f"{name}: {reference}"
        for name, file in MODULES.items()
        for reference in _REFERENCE.findall(file.read_text("utf-8"))
        if reference.partition(".")[0] in ours and not is_there(reference)
    ]
    assert bad == []
