"""Docstrings say what a reader can use: a parameter's text is never a pronoun."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
FILES = sorted(SOURCE.rglob("*.py"))
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
        for file in FILES
        if file.relative_to(SOURCE).parts[0] == package
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        for name, text in entries(ast.get_docstring(node, clean=False) or "")
        if _PRONOUN.fullmatch(text)
    ]
    assert bad == []
