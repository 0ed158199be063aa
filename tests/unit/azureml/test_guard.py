"""The guard's view of sys.path and what it tells people to type. With real wheels: tests/e2e."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_S

from azureml._guard import Rival, describe, find_rivals


def put(folder: Path, *metadata: str) -> str:
    (folder / "azureml").mkdir(parents=True)
    for name in metadata:
        (folder / name).mkdir()
    return str(folder)


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    ours = put(tmp_path / "ours", "trackboard-0.1.0.dist-info", "azureml_dataprep-5.1.0.dist-info")

    assert find_rivals([ours, "", str(tmp_path / "absent"), str(tmp_path / "some.zip")]) == []


@pytest.mark.parametrize(
    ("metadata", "name", "version"),
    [
        ("azureml_core-1.61.0.post4.dist-info", "azureml-core", "1.61.0.post4"),
        ("azureml_tensorboard-1.62.0.dist-info", "azureml-tensorboard", "1.62.0"),
        ("azureml_train_core-1.62.0.dist-info", "azureml-train-core", "1.62.0"),
        ("azureml_core-1.20.0-py3.8.egg-info", "azureml-core", "1.20.0"),
    ],
)
def test_the_sdk_is_found_by_its_metadata(
    tmp_path: Path, metadata: str, name: str, version: str
) -> None:
    folder = put(tmp_path / "site", metadata)

    assert find_rivals(["", folder]) == [Rival(name, version, folder)]


def test_leftovers_without_metadata_are_nobody(tmp_path: Path) -> None:
    folder = put(tmp_path / "site")
    (tmp_path / "site" / "azureml" / "_base_sdk_common").mkdir()

    assert find_rivals([folder]) == []


def test_the_message_names_every_rival_and_what_to_type() -> None:
    home = os.path.join(sys.prefix, "site")
    text = describe(
        [
            Rival("azureml-core", "1.61.0", home),
            Rival("azureml-tensorboard", "1.62.0", home),
        ],
        home=home,
    )

    assert f"azureml-core 1.61.0 in {home}" in text
    assert "pip uninstall -y azureml-core azureml-tensorboard\n" in text
    assert "pip install --force-reinstall --no-deps " in text
    assert text.endswith("azureml-core==1.61.0 azureml-tensorboard==1.62.0")


def test_another_folder_needs_no_reinstallation() -> None:
    text = describe([Rival("azureml-core", "1.61.0", os.path.join(sys.prefix, "x"))], home="/y")

    assert "pip uninstall -y azureml-core\n" in text
    assert "--force-reinstall" not in text


def test_what_pip_may_not_remove_is_taken_off_the_path() -> None:
    text = describe([Rival("azureml-core", "1.61.0", "/elsewhere")], home="/y")

    assert "take /elsewhere off the path" in text
    assert "uninstall -y azureml-core" not in text


def test_a_stranger_named_azureml_is_named(tmp_path: Path) -> None:
    stranger = tmp_path / "azureml" / "__init__.py"
    stranger.parent.mkdir()
    stranger.write_text(
        "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)"
    )

    answer = subprocess.run(
        [sys.executable, "-c", "import azureml._guard"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert answer.returncode == 1
    assert f"ImportError: another package named azureml hides trackboard's: {stranger}" in (
        answer.stderr
    )


def test_the_namespace_stays_open_to_others(tmp_path: Path) -> None:
    other = tmp_path / "azureml" / "dataprep"
    other.mkdir(parents=True)
    (other.parent / "__init__.py").write_text("")
    (other / "__init__.py").write_text("NAME = 'theirs'")

    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.append({str(tmp_path)!r}); from azureml.dataprep import NAME;"
            "print(NAME)",
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert (answer.returncode, answer.stdout) == (0, "theirs\n"), answer.stderr
