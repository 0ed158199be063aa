"""What an interpreter says that is too old for us, and was named to be used as it is."""

import ast
import subprocess
import sys
from pathlib import Path

import azureml


def test_it_is_told_what_to_do_and_not_that_our_files_are_wrong() -> None:
    code = "import sys; sys.version_info = (3, 6, 15); import azureml.core"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "needs Python 3.9 or newer to record, and this is Python 3.6." in done.stderr
    assert "interpreter_path" in done.stderr


def test_what_says_so_can_be_read_by_it() -> None:
    text = Path(azureml.__file__).read_text("utf-8")

    tree = ast.parse(text, feature_version=(3, 6))
    imports = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert "__future__" not in imports, "Python 3.6 knows no annotations of the future"
