"""Users without a home, with one that does not exist, or one that cannot be written."""

import os
import tempfile
from pathlib import Path

import pytest

from trackboard.environments.home import cache_folder, home_folder, user_cache, variables_of_caches
from trackboard.environments.uv.pip_settings import read_pip_settings
from trackboard.errors import Unavailable


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for name in ("TRACKBOARD_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom the system does not know, without the variable."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)


def test_a_home_that_can_be_written(tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path)}
    assert user_cache(variables) == tmp_path / ".cache"
    assert variables_of_caches(variables) == {}


def test_what_the_variables_name_comes_first(tmp_path: Path) -> None:
    variables = {"HOME": "/nonexistent", "XDG_CACHE_HOME": str(tmp_path), "UV_CACHE_DIR": "/mine"}
    assert user_cache(variables) == tmp_path
    assert variables_of_caches(variables) == {}


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("variables", [{}, {"HOME": "/nonexistent"}, {"HOME": "not/absolute"}])
def test_without_a_home_a_folder_of_ones_own_takes_its_place(
    variables: dict[str, str], temporary: Path
) -> None:
    (found,) = {user_cache(variables) for _ in range(2)}
    assert found.parent == temporary
    assert found.stat().st_mode & 0o777 == 0o700
    assert variables_of_caches(variables) == {"UV_CACHE_DIR": str(found / "uv")}
    read_pip_settings(variables)  # which are those of the machine then


@pytest.mark.usefixtures("nobody")
def test_nobody_has_no_home_and_yet_a_place_for_environments(temporary: Path) -> None:
    assert home_folder({}) is None
    assert cache_folder({}).is_relative_to(temporary)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("trap", ["open", "link", "file"])
def test_a_folder_that_others_may_change_is_refused(temporary: Path, trap: str) -> None:
    place = temporary / f"trackboard-cache-{os.getuid()}"
    if trap == "open":
        place.mkdir()
        place.chmod(0o777)
    elif trap == "link":
        place.symlink_to(temporary)
    else:
        place.touch()
    with pytest.raises(Unavailable, match="belongs to somebody else") as caught:
        user_cache({})
    assert "TRACKBOARD_CACHE" in caught.value.hint
