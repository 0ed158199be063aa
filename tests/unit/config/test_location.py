import json
from pathlib import Path

import pytest

from trackboard.config import (
    find_in,
    find_location,
    find_named,
    list_named,
    make_workspace,
    read_sdk_config,
    read_settings,
)
from trackboard.errors import Conflict, NotFound, UsageError

THREE_KEYS = {"subscription_id": "s", "resource_group": "g", "workspace_name": "ws1"}
SCOPE = {
    "Scope": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/ws2"
}


def put(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_a_new_one_in_the_current_folder(empty_folder: Path) -> None:
    assert find_location().folder == empty_folder / ".trackboard" / "default"
    assert not list(empty_folder.iterdir())


def test_the_nearest_one_upward(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_workspace(find_location().folder)
    deep = empty_folder / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_location().folder == empty_folder / ".trackboard" / "default"


@pytest.mark.parametrize("made", ["", "default", "demo/spool"])
def test_an_empty_folder_of_a_parent_catches_nothing(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    (empty_folder / ".trackboard" / made).mkdir(parents=True)
    project = empty_folder / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    assert find_location().folder == project / ".trackboard" / "default"
    assert find_named("other") == project / ".trackboard" / "other"


def test_a_history_without_its_settings_is_found(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = empty_folder / ".trackboard" / "default"
    history.mkdir(parents=True)
    (history / "trackboard.db").write_bytes(b"")
    (empty_folder / "below").mkdir()
    monkeypatch.chdir(empty_folder / "below")
    assert find_location().folder == history


def test_a_named_one_is_beside_the_current_one_or_above(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    above = empty_folder / ".trackboard"
    make_workspace(above / "mine")
    below = empty_folder / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    assert find_named("mine") == above / "mine"
    assert list_named() == {"mine": above / "mine"}
    assert find_location().folder == above / "mine", "the only one there is"
    make_workspace(below / ".trackboard" / "default")
    assert find_named("mine") == above / "mine"
    make_workspace(below / ".trackboard" / "mine")
    assert find_named("mine") == below / ".trackboard" / "mine"
    assert list(list_named()) == ["default", "mine"]
    monkeypatch.setenv("TRACKBOARD_URI", str(empty_folder / "far"))
    assert find_named("mine") == empty_folder / "far" / ".trackboard" / "mine"


def test_the_argument_goes_before_the_variable(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOARD_URI", str(empty_folder / "variable"))
    assert find_location("arg").folder == empty_folder / "arg" / ".trackboard" / "default"
    assert find_location().folder == empty_folder / "variable" / ".trackboard" / "default"


def test_a_workspace_may_be_named_by_any_of_its_folders(empty_folder: Path) -> None:
    folder = empty_folder / ".trackboard" / "default"
    make_workspace(folder)
    for argument in (empty_folder, empty_folder / ".trackboard", folder):
        assert find_location(argument).folder == folder


@pytest.mark.parametrize(
    "where", ["config.json", ".azureml/config.json", "aml_config/project.json"]
)
@pytest.mark.parametrize(("content", "name"), [(THREE_KEYS, "ws1"), (SCOPE, "ws2")])
def test_the_sdk_config_names_the_workspace(
    empty_folder: Path, where: str, content: object, name: str
) -> None:
    put(empty_folder / where, content)
    location = find_location()
    assert location.folder == empty_folder / ".trackboard" / name
    assert location.sdk_config is not None
    assert location.sdk_config.subscription_id == "s"


def test_the_nearest_config_wins_over_a_far_hidden_one(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty_folder / ".azureml" / "config.json", SCOPE)
    put(empty_folder / "near" / "config.json", THREE_KEYS)
    monkeypatch.chdir(empty_folder / "near")
    assert find_location().name == "ws1"


def test_somebody_elses_config_json_is_passed_over(empty_folder: Path) -> None:
    put(empty_folder / "config.json", {"model_type": "bert"})
    assert find_location().name == "default"
    put(empty_folder / "config.json", {**THREE_KEYS, "workspace_name": "../../etc"})
    assert find_location().name == "default"


def test_an_explicit_config_must_be_whole(empty_folder: Path) -> None:
    with pytest.raises(NotFound):
        read_sdk_config(empty_folder)
    path = put(empty_folder / "config.json", {"workspace_name": "x"})
    with pytest.raises(UsageError, match="does not name a workspace"):
        read_sdk_config(path)


def test_a_file_is_no_location(empty_folder: Path) -> None:
    (empty_folder / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        find_location(empty_folder / "file")


class TestSettings:
    @pytest.fixture
    def folder(self, empty_folder: Path) -> Path:
        folder = empty_folder / ".trackboard" / "default"
        assert make_workspace(folder)
        assert not make_workspace(folder)
        return folder

    def test_made_once_and_out_of_git(self, folder: Path) -> None:
        assert (folder.parent / ".gitignore").read_text() == "*\n"
        settings = read_settings(folder)
        assert settings.id
        assert settings.store == ""
        assert sorted(p.name for p in folder.iterdir()) == ["trackboard.toml"]

    def test_a_newer_format_is_left_alone(self, folder: Path) -> None:
        (folder / "trackboard.toml").write_text("format = 99")
        with pytest.raises(Conflict, match="format 99"):
            read_settings(folder)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("format = ", "not valid TOML"),
            ('stor = "x"', "Did you mean store"),
            ("store = 3", "is not text"),
        ],
    )
    def test_mistakes_are_named(self, folder: Path, text: str, says: str) -> None:
        (folder / "trackboard.toml").write_text(text)
        with pytest.raises(UsageError, match=r"trackboard\.toml") as error:
            read_settings(folder)
        assert says in str(error.value)


def test_a_folder_that_somebody_looks_into_means_the_workspace_in_it(empty_folder: Path) -> None:
    root = empty_folder / ".trackboard"
    assert find_in(empty_folder) is None
    root.mkdir()
    for nothing in (empty_folder, root, root / "default"):
        assert find_in(nothing) is None
    make_workspace(root / "only")
    (empty_folder / "logs").mkdir()
    for folder in (empty_folder, root, root / "only"):
        assert find_in(folder) == root / "only"
    assert find_in(empty_folder / "logs") is None, "only the folder itself"
    make_workspace(root / "another")
    for folder in (empty_folder, root):
        with pytest.raises(UsageError, match=r"several workspaces in .*: another, only"):
            find_in(folder)
    assert find_in(root / "only") == root / "only"
    make_workspace(root / "default")
    assert find_in(empty_folder) == find_in(root) == root / "default"


def test_a_folder_that_somebody_looks_into_follows_the_file_of_the_sdk(empty_folder: Path) -> None:
    root = empty_folder / ".trackboard"
    put(empty_folder / ".azureml" / "config.json", THREE_KEYS)
    assert find_in(empty_folder) is None
    make_workspace(root / "default")
    assert find_in(empty_folder) == root / "default", "the one that it names is not there yet"
    make_workspace(root / "ws1")
    assert find_in(empty_folder) == root / "ws1"
    (empty_folder / "below").mkdir()
    assert find_in(empty_folder / "below") is None


def test_a_workspace_that_was_moved_is_found_where_it_is(empty_folder: Path) -> None:
    make_workspace(empty_folder / ".trackboard" / "default")
    (empty_folder / ".trackboard" / "default").rename("moved")
    assert find_in(Path("moved")) == empty_folder / "moved"
