from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import metadata, summary_v2

from trackboard.board.export import other_values
from trackboard.board.export.export import HISTORY_FILE, Export, export_runs
from trackboard.eventfile import encode, read
from trackboard.model import ArtifactKind, RunId

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab

START = metadata.SESSION_START_INFO_TAG
MATRIX = {"class_labels": ["a", "b"], "matrix": [[1, 2], [3, 4]]}


@pytest.fixture
def exporter(lab: Lab, tmp_path: Path) -> Exporter:
    return Exporter(lab, tmp_path / "out")


class Exporter:
    """Exports runs, and reads back what is in the file of one."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.said: list[str] = []

    def export(self, *runs: str) -> Export:
        ids = [RunId(run) for run in runs]
        return export_runs(self.lab.source, ids, self.folder, report=self.said.append)

    def values(self, name: str) -> dict[str, list[Any]]:
        """Events by tag."""
        found: dict[str, list[Any]] = {}
        for record in read.iter_records(_file(self.folder / name)):
            event = event_pb2.Event.FromString(record.data)
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value))
        return found

    def parameters(self, name: str) -> dict[str, Any]:
        ((_, value),) = self.values(name)[START]
        content = value.metadata.plugin_data.content
        kinds = metadata.parse_session_start_info_plugin_data(content).hparams
        return {key: getattr(kind, kind.WhichOneof("kind")) for key, kind in kinds.items()}


def png(side: int = 8) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(stream, "PNG")
    return stream.getvalue()


def accuracy(thresholds: list[float]) -> dict[str, Any]:
    return {
        "class_labels": ["a"],
        "probability_thresholds": thresholds,
        "probability_tables": [[[1, 2, 3, 4]] * len(thresholds)],
    }


def test_a_run_of_parameters_alone_is_exported(lab: Lab, exporter: Exporter) -> None:
    lab.add_run("r1")
    lab.set_parameter("r1", "rate", 0.1)
    lab.tag("r1", "team", "red")
    lab.end_run("r1")
    done = exporter.export("r1")
    assert (done.files, done.points, done.skipped) == (1, 2, ())
    assert exporter.parameters("exp/run-1") == {"rate": 0.1, "team": "red"}
    assert set(exporter.values("exp/run-1")) == {START, metadata.SESSION_END_INFO_TAG}


def test_a_column_has_the_type_that_all_runs_of_the_experiment_give_it(
    lab: Lab, exporter: Exporter
) -> None:
    for run, value in (("r1", 4), ("r2", "auto")):
        lab.add_run(run)
        lab.set_parameter(run, "layers", value)
    exporter.export("r1")
    assert exporter.parameters("exp/run-1") == {"layers": "4"}


def test_a_parameter_that_is_no_number_is_said(lab: Lab, exporter: Exporter) -> None:
    lab.add_run("r1")
    lab.set_parameter("r1", "rate", float("nan"))
    lab.set_parameter("r1", "decay", 0.5)
    (skipped,) = exporter.export("r1").skipped
    assert skipped.what == "exp/run-1: parameter rate"
    assert exporter.parameters("exp/run-1") == {"decay": 0.5}


def test_all_images_are_in_the_file_by_step(lab: Lab, exporter: Exporter) -> None:
    lab.add_run("r1")
    for step in (*range(11, 0, -1), 5):
        lab.log_artifact("r1", "plot", png(step), step=step)
    done = exporter.export("r1")
    found = exporter.values("exp/run-1")["plot"]
    assert [step for step, _ in found] == [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11]
    assert list(found[2][1].tensor.string_val) == [b"3", b"3", png(3)]
    assert [note.partition(":")[2] for note in done.notes] == [
        " plot: 1 of 12 files repeat a step; all are in the file, TensorBoard shows the last of each"
        " step unless started with --load_fast=false",
        " plot: TensorBoard shows 10 of its 12 images, unless started with"
        " --samples_per_plugin images=12",
    ]
    assert done.points == 12


def test_what_cannot_be_shown_is_said_and_in_the_file_as_text(lab: Lab, exporter: Exporter) -> None:
    lab.add_run("r1")
    lab.log_artifact("r1", "plot", b"no image", path="a*b.png")
    lab.log_artifact("r1", "matrix", {"class_labels": []}, ArtifactKind.CONFUSION_MATRIX)
    done = exporter.export("r1")
    assert [skipped.what for skipped in done.skipped] == [
        "exp/run-1: a*b.png",
        "exp/run-1: plot.png",
    ]
    assert "was logged as image, but cannot be shown as one: it is no image" in exporter.said[0]
    found = exporter.values("exp/run-1")
    assert set(found) == {"plot", "matrix"}
    ((_, value),) = found["plot"]
    assert value.metadata.plugin_data.plugin_name == "text"
    assert value.tensor.string_val[0].startswith(b"a&#42;b&#46;png was logged as image")


def test_an_image_too_large_for_an_event_is_said(
    lab: Lab, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_values, "FILE_BYTES", 10)
    lab.add_run("r1")
    lab.log_artifact("r1", "plot", png())
    lab.log("r1", "loss", [0.5])
    (skipped,) = exporter.export("r1").skipped
    assert skipped.what == "exp/run-1: plot.png"
    assert set(exporter.values("exp/run-1")) == {"loss"}


def test_of_many_matrices_all_are_images_and_the_newest_are_tables(
    lab: Lab, exporter: Exporter
) -> None:
    lab.add_run("r1")
    for step in range(12):
        lab.log_artifact("r1", "m", MATRIX, ArtifactKind.CONFUSION_MATRIX, step=step)
    done = exporter.export("r1")
    found = exporter.values("exp/run-1")
    assert [step for step, _ in found["m"]] == list(range(12))
    assert len(found["m/table"]) == 10
    assert "exp/run-1: m: 10 of its 12 matrices are there as tables" in "\n".join(done.notes)


def test_a_long_table_keeps_its_numbers_and_says_what_it_does_not_show(
    lab: Lab, exporter: Exporter
) -> None:
    lab.add_run("r1")
    rows = list(range(300))
    lab.log_rows("r1", "t", "score", [float(row) for row in rows], rows)
    lab.log_rows("r1", "t", "why", [f"reason {row}" for row in rows], rows)
    done = exporter.export("r1")
    found = exporter.values("exp/run-1")
    assert set(found) == {"t", "t/score"}
    assert len(found["t/score"]) == 300
    ((step, value),) = found["t"]
    assert step == 299
    assert b"reason 299" in value.tensor.string_val[0]
    (note,) = done.notes
    assert (
        "t: its table shows 200 of 300 rows; text cells of the others are not in the file" in note
    )


def test_a_curve_says_when_its_thresholds_are_not_what_tensorboard_expects(
    lab: Lab, exporter: Exporter
) -> None:
    lab.add_run("r1")
    even, uneven = accuracy([0.0, 0.5, 1.0]), accuracy([0.0, 0.9, 1.0])
    lab.log_artifact("r1", "even", even, ArtifactKind.ACCURACY_TABLE)
    lab.log_artifact("r1", "uneven", uneven, ArtifactKind.ACCURACY_TABLE)
    exporter.export("r1")
    found = exporter.values("exp/run-1")
    assert found["even/a"][0][1].metadata.summary_description == ""
    assert "not evenly spaced" in found["uneven/a"][0][1].metadata.summary_description


def test_exporting_twice_gives_the_same_bytes(lab: Lab, exporter: Exporter) -> None:
    lab.add_run("r1")
    lab.set_parameter("r1", "rate", 0.1)
    lab.set_parameter("r1", "b", True)
    lab.log_artifact("r1", "plot", png())
    lab.log_artifact("r1", "m", MATRIX, ArtifactKind.CONFUSION_MATRIX)
    lab.log_artifact("r1", "t", accuracy([0.0, 1.0]), ArtifactKind.ACCURACY_TABLE)
    assert (exporter.export("r1").written, exporter.export("r1").written) == (1, 0)


def _file(named: Path) -> Path:
    """The file of a run's history, or the one that is named."""
    return named / HISTORY_FILE if named.is_dir() else named


def native(*values: Any) -> bytes:
    """An event file of another library."""
    events = [
        event_pb2.Event(wall_time=5.0, step=1, summary=summary_pb2.Summary(value=[value]))
        for value in values
    ]
    return encode.header(1.5) + b"".join(encode.frame(e.SerializeToString()) for e in events)


def parameters(*metrics: str, **hparams: float) -> list[Any]:
    """What TensorBoard's own writer says of them: the columns, then the row."""
    columns = [summary_v2.HParam(name) for name in hparams]
    chosen = [summary_v2.Metric(metric) for metric in metrics]
    summaries = (
        summary_v2.hparams_config_pb(columns, chosen, time_created_secs=3.0),
        summary_v2.hparams_pb(hparams, start_time_secs=4.0),
    )
    return [value for one in summaries for value in one.value]


def declared(exporter: Exporter, folder: str) -> tuple[list[str], list[str]]:
    """Columns and metrics that an exported folder declares."""
    ((_, value),) = exporter.values(f"{folder}/events.out.tfevents.1")[metadata.EXPERIMENT_TAG]
    found = metadata.parse_experiment_plugin_data(value.metadata.plugin_data.content)
    names = [column.name for column in found.hparam_infos]
    return names, [metric.name.tag for metric in found.metric_infos]


NUMBER = summary_pb2.Summary.Value(tag="own", simple_value=1.0)


def test_the_only_declaration_of_parameters_is_copied_as_it_is(
    lab: Lab, exporter: Exporter
) -> None:
    lab.add_run("r1")
    written = native(NUMBER, *parameters("own", rate=0.1), NUMBER)
    lab.add_file("r1", "logs/trial/events.out.tfevents.1", written)
    done = exporter.export("r1")
    assert (exporter.folder / "exp/run-1/trial/events.out.tfevents.1").read_bytes() == written
    assert done.notes == ()


def test_declarations_of_parameters_are_merged_over_all_runs_of_an_export(
    lab: Lab, exporter: Exporter
) -> None:
    for run in ("r1", "r2", "r3", "r4"):
        lab.add_run(run, name=run)
    first, second = parameters("own", rate=0.1), parameters("other", depth=3.0)
    lab.add_file("r1", "logs/trial/events.out.tfevents.1", native(NUMBER, *first))
    lab.add_file("r2", "logs/events.out.tfevents.1", native(*second))
    # Of these nobody chose metrics: one of event files, one of the history.
    row = parameters(lr=1.0)[1:]
    lab.add_file("r3", "logs/events.out.tfevents.1", native(*row, NUMBER))
    lab.set_parameter("r4", "epochs", 5)
    lab.log("r4", "loss", [0.5])
    done = exporter.export("r1", "r2", "r3", "r4")
    expected = (["rate", "depth", "epochs", "lr"], ["own", "other", "loss"])
    assert declared(exporter, "exp/r1/trial") == declared(exporter, "exp/r2") == expected
    (note,) = done.notes
    assert note.startswith("2 runs declare columns for parameters")
    assert exporter.export("r1", "r2", "r3", "r4").written == 0


def test_a_damaged_declaration_of_parameters_is_left_out(lab: Lab, exporter: Exporter) -> None:
    lab.add_run("r1")
    columns, *row = parameters("own", rate=0.1)
    columns.metadata.plugin_data.content = b"\xff\xff"
    lab.add_file("r1", "logs/events.out.tfevents.1", native(columns, *row, NUMBER))
    exporter.export("r1")
    copied = exporter.folder / "exp/run-1/events.out.tfevents.1"
    assert copied.read_bytes() == native(*row, NUMBER)


def test_a_run_s_own_row_and_that_of_its_native_file_are_one(lab: Lab, exporter: Exporter) -> None:
    lab.add_run("r1")
    lab.set_parameter("r1", "rate", 0.2)
    lab.set_parameter("r1", "layers", 3)
    row = parameters(rate=0.1, decay=0.5)[1:]
    number = summary_pb2.Summary.Value(tag="own", simple_value=1.0)
    lab.add_file("r1", "logs/events.out.tfevents.1", native(*row, number))
    exporter.export("r1")
    assert exporter.parameters("exp/run-1") == {"rate": 0.2, "layers": 3, "decay": 0.5}
    copied = exporter.folder / "exp/run-1/events.out.tfevents.1"
    assert copied.read_bytes() == native(number)


def test_parameters_are_written_in_one_order(lab: Lab, exporter: Exporter) -> None:
    lab.add_run("r1")
    names = [f"parameter {number:02}" for number in range(50)]
    for name in names:
        lab.set_parameter("r1", name, 1)
    exporter.export("r1")
    ((_, value),) = exporter.values("exp/run-1")[START]
    content = value.metadata.plugin_data.content
    places = [content.index(name.encode() + b"\x12") for name in sorted(names)]
    assert places == sorted(places)
