from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboard.data.provider import RunTagFilter
from tensorboard.errors import NotFoundError
from tensorboard.plugins.text import metadata as text_metadata

from trackboard.board.provider.history import HistoryProvider
from trackboard.board.view.run_list import RunLists
from trackboard.board.view.source import View
from trackboard.model import RunId, Series
from trackboard.testing.memory import MemoryStore

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab


def history(lab: Lab, view: View | None = None, *, raw_ids: bool = False) -> HistoryProvider:
    return HistoryProvider(lab.source, RunLists(lab.source, view or View(), raw_ids=raw_ids))


def run_names(provider: HistoryProvider, experiment_id: str = "") -> list[str]:
    return [run.run_name for run in provider.list_runs(experiment_id=experiment_id)]


def read(provider: HistoryProvider, downsample: int | None = 1000, **which: Any) -> Any:
    found = provider.read_scalars(
        experiment_id="", plugin_name="scalars", downsample=downsample, **which
    )
    return {
        run: {tag: [(d.step, d.wall_time, d.value) for d in data] for tag, data in tags.items()}
        for run, tags in found.items()
    }


def test_numbers_of_every_kind_are_read_as_float64(lab: Lab) -> None:
    lab.add_run("a", name="ridge")
    lab.log("a", "float", [1e300, -0.5])
    lab.log("a", "int", [2**53 + 1])
    lab.log("a", "bool", [True, False])
    lab.log_text("a", "text", 0, "no number")
    found = read(history(lab))["exp/ridge"]
    assert {tag: [v for _, _, v in data] for tag, data in found.items()} == {
        "float": [1e300, -0.5],
        "int": [float(2**53 + 1)],
        "bool": [1.0, 0.0],
    }
    assert all(type(v) is float for data in found.values() for _, _, v in data)
    assert found["float"][1][:2] == (1, 1.7e9 + 0.37)


def test_lists_summaries_without_reading_points(lab: Lab) -> None:
    lab.add_run("a")
    lab.log("a", "loss", [3.0, 1.0, 2.0], [0, 7, 5])
    provider = history(lab)
    listed = provider.list_scalars(experiment_id="", plugin_name="scalars")["exp/run-1"]["loss"]
    assert (listed.max_step, listed.max_wall_time) == (7, 1.7e9 + 2 * 0.37)
    assert (listed.plugin_content, listed.display_name) == (b"", "loss")
    last = provider.read_last_scalars(experiment_id="", plugin_name="scalars")["exp/run-1"]["loss"]
    assert (last.step, last.value) == (5, 2.0)


def test_points_are_sorted_by_step_and_stable(lab: Lab) -> None:
    lab.add_run("a")
    lab.log("a", "loss", [0.0, 1.0, 2.0, 3.0, 4.0], [5, 3, 5, 1, 3])
    points = read(history(lab))["exp/run-1"]["loss"]
    assert [(step, value) for step, _, value in points] == [(1, 3), (3, 1), (3, 4), (5, 0), (5, 2)]


def test_nan_and_infinities_survive(lab: Lab) -> None:
    lab.add_run("a")
    lab.log("a", "loss", [math.nan, math.inf, -math.inf])
    values = [value for _, _, value in read(history(lab))["exp/run-1"]["loss"]]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


def test_a_spike_survives_thinning(lab: Lab) -> None:
    lab.add_run("a")
    values = np.zeros(5000)
    values[1234], values[4321] = 9, -9
    lab.log("a", "loss", values)
    points = read(history(lab), 100)["exp/run-1"]["loss"]
    assert len(points) <= 100
    assert {(0, 0.0), (1234, 9.0), (4321, -9.0), (4999, 0.0)} <= {(s, v) for s, _, v in points}
    assert read(history(lab), 0) == {"exp/run-1": {"loss": []}}


def test_an_answer_keeps_to_its_budget(lab: Lab) -> None:
    for number in range(150):
        lab.add_run(str(number))
        lab.log(str(number), "loss", np.arange(1000.0))
    lab.add_run("short")
    lab.log("short", "loss", [1.0, 2.0])
    found = read(history(lab))
    assert 60_000 < sum(len(tags["loss"]) for tags in found.values()) <= 100_000
    assert len(found["exp/run-151"]["loss"]) == 2


def test_filters_by_run_and_tag(lab: Lab) -> None:
    for run in "ab":
        lab.add_run(run)
        lab.log(run, "x", [1.0])
        lab.log(run, "y", [1.0])
    provider = history(lab)
    for _ in range(2):  # before and after everything has been listed
        both = RunTagFilter(runs=["exp/run-1", "nobody"], tags=["y", "nothing"])
        assert read(provider, run_tag_filter=both) == {"exp/run-1": {"y": [(0, 1.7e9, 1.0)]}}
        assert set(read(provider, run_tag_filter=RunTagFilter(tags=["x"]))) == {
            "exp/run-1",
            "exp/run-2",
        }
        assert read(provider, run_tag_filter=RunTagFilter(tags=["nothing"])) == {}
        provider.list_scalars(experiment_id="", plugin_name="scalars")


def test_text_goes_to_its_own_dashboard(lab: Lab) -> None:
    lab.add_run("a")
    provider = history(lab)
    assert provider.list_plugins(experiment_id="") == ["scalars"]
    lab.log_text("a", "note", 3, "# hello")
    lab.log("a", "note", [1.0])  # a number of the same name is a series of its own
    assert provider.list_plugins(experiment_id="") == ["scalars", "text"]
    listed = provider.list_tensors(experiment_id="", plugin_name="text")["exp/run-1"]["note"]
    assert listed.max_step == 3
    assert text_metadata.parse_plugin_metadata(listed.plugin_content).version == 0
    read_back = provider.read_tensors(experiment_id="", plugin_name="text", downsample=100)
    (datum,) = read_back["exp/run-1"]["note"]
    assert (datum.step, datum.wall_time, datum.numpy.item()) == (3, 1.7e9 + 3, "# hello")
    assert provider.list_tensors(experiment_id="", plugin_name="histograms") == {}
    assert provider.list_scalars(experiment_id="", plugin_name="other") == {}


def test_a_view_of_runs_shows_them_and_their_descendants_also_later_ones(lab: Lab) -> None:
    for run in ("a", "b"):
        lab.add_run(run)
    provider = history(lab, View(runs=(RunId("b"),)))
    assert run_names(provider) == ["exp/run-2"]
    lab.add_run("kid", name="kid", parent="b")
    lab.add_run("grandkid", parent="kid")
    lab.log("grandkid", "loss", [1.0])
    lab.log("a", "loss", [1.0])
    assert run_names(provider) == ["exp/run-2", "exp/run-2/kid", "exp/run-2/kid/run-4"]
    assert list(read(provider)) == ["exp/run-2/kid/run-4"]


def test_names_are_the_same_in_every_view(lab: Lab) -> None:
    for run in ("a", "b"):
        lab.add_run(run, name="twin")
    lab.add_run("c", "other")
    assert run_names(history(lab)) == ["exp/twin", "exp/twin #2", "other/run-1"]
    assert run_names(history(lab, View(runs=(RunId("b"),)))) == ["exp/twin #2"]
    assert run_names(history(lab, View(experiment="exp"))) == ["exp/twin", "exp/twin #2"]
    assert run_names(history(lab, raw_ids=True)) == ["a", "b", "c"]


def test_experiment_ids(lab: Lab) -> None:
    lab.add_run("a")
    lab.add_run("b", "other")
    provider = history(lab, View(experiment="exp"))
    for own in ("", "defaultExperimentId"):
        assert run_names(provider, own) == ["exp/run-1"]
    assert run_names(provider, "other") == ["other/run-1"]
    described = provider.experiment_metadata(experiment_id="other")
    assert (described.data_location, described.experiment_name) == ("the lab", "other")
    with pytest.raises(NotFoundError, match="'nowhere'"):
        run_names(provider, "nowhere")
    with pytest.raises(NotFoundError, match="'nowhere'"):
        provider.experiment_metadata(experiment_id="nowhere")


def test_an_experiment_without_runs_yet_is_an_empty_page(lab: Lab) -> None:
    provider = history(lab, View(experiment="soon"))
    assert run_names(provider) == []
    lab.add_run("a", "soon")
    assert run_names(provider) == ["soon/run-1"]


def test_a_rename_shows_in_the_next_answer(lab: Lab) -> None:
    lab.add_run("a", name="old")
    lab.log("a", "loss", [1.0])
    provider = history(lab)
    assert list(read(provider)) == ["exp/old"]
    lab.store.set_name(RunId("a"), "new")
    assert list(read(provider)) == ["exp/new"]


def test_every_question_stores_what_has_arrived_first(lab: Lab) -> None:
    lab.add_run("a")
    provider = history(lab)
    lab.unread_bytes = 7
    before = lab.refreshed
    provider.list_runs(experiment_id="")
    assert lab.refreshed > before
    assert provider.unread_bytes == 7


class CountingStore(MemoryStore):
    asked = 0

    def list_series(self, **which: Any) -> tuple[Series, ...]:
        self.asked += 1
        return super().list_series(**which)


def test_nothing_is_listed_twice_from_an_unchanged_store(lab: Lab) -> None:
    lab.store = store = CountingStore()
    lab.source = replace(lab.source, store=store)
    lab.add_run("a")
    lab.log("a", "loss", [1.0])
    provider = history(lab)
    token = provider.change_token()
    for _ in range(3):
        provider.list_scalars(experiment_id="", plugin_name="scalars")
        read(provider)
    assert store.asked == 1
    assert provider.change_token() == token
    lab.log("a", "loss", [2.0])
    assert provider.change_token() != token
    provider.list_scalars(experiment_id="", plugin_name="scalars")
    assert store.asked == 2


def test_runs_of_archived_experiments_are_shown_when_asked_for(lab: Lab) -> None:
    lab.add_run("a", name="ridge")
    lab.add_run("b", name="old", experiment="tried")
    lab.log("a", "loss", [1.0])
    lab.log("b", "loss", [2.0])
    provider = history(lab)
    assert run_names(provider) == ["exp/ridge", "tried/old"]

    lab.store.set_archived("tried", 1.0)
    assert run_names(provider) == ["exp/ridge"]
    assert list(read(provider)) == ["exp/ridge"]
    assert run_names(provider, "tried") == ["tried/old"]
    assert run_names(history(lab, View(experiment="tried"))) == ["tried/old"]
    assert run_names(history(lab, View(runs=(RunId("b"),)))) == ["tried/old"]

    lab.store.set_archived("tried", None)
    assert list(read(provider)) == ["exp/ridge", "tried/old"]


def test_archived_and_deleted_runs_go_at_once_and_come_back(lab: Lab) -> None:
    for run, name in (("a", "ridge"), ("b", "archived"), ("c", "deleted")):
        lab.add_run(run, name=name)
        lab.log(run, "loss", [1.0])
    provider = history(lab)
    assert len(read(provider)) == 3
    lab.store.archive_runs([RunId("b")], 1.0)
    lab.store.delete_runs([RunId("c")], 1.0)
    for shown in (provider, history(lab, View(experiment="exp"))):
        assert run_names(shown) == list(read(shown)) == ["exp/ridge"]
    assert run_names(history(lab, View(runs=(RunId("b"), RunId("c"))))) == ["exp/archived"]
    lab.store.unarchive_runs([RunId("b")])
    lab.store.restore_runs([RunId("c")])
    assert sorted(read(provider)) == ["exp/archived", "exp/deleted", "exp/ridge"]
