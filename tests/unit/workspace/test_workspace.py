import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workspaces import api

from trackboard.errors import Conflict, NotFound, Unavailable, UsageError
from trackboard.model import RunState
from trackboard.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path)
    yield opened
    opened.close()


def test_it_is_made_and_announced_once(
    empty_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = Workspace.open()
    again = Workspace.open()
    assert first.folder == again.folder == empty_folder / ".trackboard" / "default"
    assert first.name == "default"
    (line,) = capfd.readouterr().err.splitlines()
    assert str(first.folder) in line
    assert "delete that folder" in line


def test_opening_opens_nothing(workspace: Workspace) -> None:
    assert sorted(path.name for path in workspace.folder.iterdir()) == ["trackboard.toml"]


def test_threads_make_one_database(workspace: Workspace) -> None:
    stores: list[object] = []
    threads = [threading.Thread(target=lambda: stores.append(workspace.store)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, stores))) == 1
    assert len(stores) == 8


def test_what_was_said_is_seen(workspace: Workspace) -> None:
    run = workspace.recorder().create_run("exp")
    run.log("n", 1)
    found = api(workspace).find_run(run.id)
    assert found is not None
    assert (found.state, found.number) == (RunState.RUNNING, 1)
    run.log("n", 2)
    assert workspace.refresh() == 0
    assert workspace.store.list_series()[0].count == 2


def test_closed_it_opens_again(workspace: Workspace) -> None:
    run = workspace.recorder().create_run("exp")
    workspace.drain()
    workspace.close()
    workspace.close()
    run.log("n", 1)
    workspace.drain()
    assert workspace.store.list_series()[0].count == 1


def test_a_store_elsewhere(tmp_path: Path) -> None:
    folder = Workspace.open(tmp_path / "shared").folder
    local = tmp_path / "local"
    local.mkdir()
    with (folder / "trackboard.toml").open("a") as settings:
        settings.write(f'store = "{local / "history.db"}"\n')
    workspace = Workspace.open(tmp_path / "shared")
    workspace.recorder().create_run("exp")
    workspace.drain()
    assert len(workspace.store.list_runs()) == 1
    workspace.close()
    assert (local / "history.db").exists()
    assert not (folder / "trackboard.db").exists()


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        ("format = 99", Conflict, "pip install --upgrade"),
        ('stroe = "x"', UsageError, "Did you mean store"),
        ("store = 5", UsageError, "not text"),
        ("store = ", UsageError, "not valid TOML"),
    ],
)
def test_settings_that_are_wrong(
    workspace: Workspace, line: str, error: type[Exception], said: str
) -> None:
    path = workspace.folder / "trackboard.toml"
    kept = [each for each in path.read_text().splitlines() if not each.startswith("format")]
    path.write_text("\n".join([*kept, line]))
    with pytest.raises(error, match=said):
        Workspace.open(workspace.folder)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((Unavailable, UsageError), match="file"):
        Workspace.open(tmp_path / "file" / "below")


class TestNames:
    @pytest.fixture(autouse=True)
    def _history(self, workspace: Workspace) -> None:
        recorder = workspace.recorder()
        first = recorder.create_run("alpha", name="first", run_id="id-1")
        first.child("inner")
        recorder.create_run("alpha", name="same", run_id="id-2")
        recorder.create_run("beta", name="same", run_id="id-3")

    @pytest.mark.parametrize("text", ["id-1", "alpha/first", "first"])
    def test_a_run(self, workspace: Workspace, text: str) -> None:
        assert api(workspace).runs_called(text) == ["id-1"]

    def test_an_experiment(self, workspace: Workspace) -> None:
        assert (
            api(workspace).runs_called("alpha")
            == api(workspace).runs_of("alpha")
            == ["id-1", "id-2"]
        )

    def test_several(self, workspace: Workspace) -> None:
        with pytest.raises(UsageError, match="2 runs are called 'same'") as caught:
            api(workspace).runs_called("same")
        assert "alpha/same  id-2" in str(caught.value)
        assert "beta/same  id-3" in str(caught.value)

    def test_nothing(self, workspace: Workspace) -> None:
        with pytest.raises(NotFound, match="Did you mean") as caught:
            api(workspace).runs_called("alpha/frist")
        assert "'alpha/first'" in caught.value.hint
        with pytest.raises(NotFound, match="no experiment 'gamma'"):
            api(workspace).runs_of("gamma")
