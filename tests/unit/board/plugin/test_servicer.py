"""Every question of TensorBoard's protocol, through a real socket."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
import pytest
from PIL import Image
from tensorboard import errors as tb_errors
from tensorboard.data import provider as tb
from tensorboard.data.proto import data_provider_pb2 as pb

from trackboard.board.plugin.servicer import ProviderServicer
from trackboard.errors import Conflict, NotFound, Unavailable, UsageError
from trackboard.model import ArtifactKind

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab

Through = Callable[[Any], Any]

KINDS = {  # the series of each kind, and the plugins of a history that have some
    "scalars": ["scalars"],
    "tensors": ["text", "pr_curves", "hparams"],
    "blob_sequences": ["images", "audio"],
}


class Canned:
    """A data provider that gives one answer to each question and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        def answer(_ctx: Any, **which: Any) -> Any:
            self.asked.append((method, which))
            found = self.answers[method]
            if isinstance(found, Exception):
                raise found
            return found

        return answer


def which(plugin: str, **more: Any) -> dict[str, Any]:
    return {"experiment_id": "", "plugin_name": plugin, **more}


def a_bit_of_everything(lab: Lab) -> None:
    lab.add_run("a", name="first")
    lab.add_run("b", "other", name="ünï/code <b>")
    lab.log("a", "loss", [1.5, math.inf, -math.inf, -0.0, 0.25])
    lab.log("b", "loss", [2**20, -3], [9, 2**40])
    lab.log("b", "train/lr", [True, False])
    lab.log_text("a", "note", 3, "**bold** ü")
    lab.log_rows("a", "table", "name", ["x", "y"], [0, 1])
    picture = Image.new("RGB", (4, 3), "red")
    for step in range(3):
        content = lab.folder / "picture.png"
        picture.save(content)
        lab.log_artifact("a", "plot", content.read_bytes(), step=step)
    tables = [[[5, 3, 2, 4], [4, 2, 3, 5]]]
    document = {
        "probability_tables": tables,
        "probability_thresholds": [0.0, 1.0],
        "percentile_tables": tables,
        "percentile_thresholds": [0.0, 1.0],
        "class_labels": ["cat"],
    }
    lab.log_artifact("a", "roc", document, ArtifactKind.ACCURACY_TABLE)
    lab.set_parameter("a", "rate", 0.5)
    lab.tag("b", "team", "red")


def plain(found: Any) -> Any:
    """Something to compare: TensorBoard's classes know not all what equality is."""
    if isinstance(found, dict):
        return {key: plain(value) for key, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [plain(each) for each in found]
    if isinstance(found, np.ndarray):
        return [str(found.dtype), found.shape, [_as_bytes(each) for each in found.ravel()]]
    slots = getattr(found, "__slots__", None)
    return {name: plain(getattr(found, name)) for name in slots} if slots else found


def _as_bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("kind", "plugin"), [(kind, plugin) for kind, plugins in KINDS.items() for plugin in plugins]
)
def test_series_of_a_history_come_as_they_are(
    lab: Lab, through: Through, kind: str, plugin: str
) -> None:
    a_bit_of_everything(lab)
    board = lab.open()
    remote = through(board)
    listed = getattr(board, f"list_{kind}")(**which(plugin))
    assert listed or plugin == "audio"
    assert plain(getattr(remote, f"list_{kind}")(None, **which(plugin))) == plain(listed)
    for filter_ in (
        None,
        tb.RunTagFilter(runs=["exp/first"]),
        tb.RunTagFilter(tags=["loss"]),
        tb.RunTagFilter(runs=[], tags=[]),
    ):
        how = which(plugin, run_tag_filter=filter_)
        read = getattr(board, f"read_{kind}")(**how, downsample=3)
        assert plain(getattr(remote, f"read_{kind}")(None, **how, downsample=3)) == plain(read)


def test_what_there_is_comes_as_it_is(lab: Lab, through: Through) -> None:
    a_bit_of_everything(lab)
    board = lab.open()
    remote = through(board)
    assert remote.list_plugins(None, experiment_id="") == board.list_plugins(experiment_id="")
    assert {"scalars", "text", "images", "hparams"} <= {
        *remote.list_plugins(None, experiment_id="")
    }
    for experiment_id in ("", "defaultExperimentId", "other"):
        about = board.experiment_metadata(experiment_id=experiment_id)
        told = remote.experiment_metadata(None, experiment_id=experiment_id)
        assert told.data_location == about.data_location
        assert told.experiment_name == about.experiment_name
        runs = board.list_runs(experiment_id=experiment_id)
        assert plain(remote.list_runs(None, experiment_id=experiment_id)) == plain(runs)
    assert [run.run_name for run in runs] == ["other/ünï/code <b>"]


def test_the_last_value_is_asked_for_as_such(lab: Lab, through: Through) -> None:
    a_bit_of_everything(lab)
    board = lab.open()
    last = through(board).read_last_scalars(None, **which("scalars"))
    assert plain(last) == plain(board.read_last_scalars(**which("scalars")))
    canned = Canned(read_last_scalars={})
    through(canned).read_last_scalars(None, **which("scalars"))
    assert [method for method, _ in canned.asked] == ["read_last_scalars"]


def test_images_are_read_by_their_keys(lab: Lab, through: Through) -> None:
    a_bit_of_everything(lab)
    board = lab.open()
    remote = through(board)
    read = remote.read_blob_sequences(None, **which("images"), downsample=10)
    keys = [ref.blob_key for one in read["exp/first"]["plot"] for ref in one.values]
    blobs = [remote.read_blob(None, blob_key=key) for key in keys]
    assert blobs == [board.read_blob(blob_key=key) for key in keys]
    assert any(blob.startswith(b"\x89PNG") for blob in blobs)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (5 << 20) + 1])
def test_blobs_of_any_size_come_whole(through: Through, size: int) -> None:
    blob = np.random.default_rng(1).bytes(size)
    assert through(Canned(read_blob=blob)).read_blob(None, blob_key="k") == blob


@pytest.mark.parametrize(
    "tensor",
    [
        np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
        for dtype in ("u1", "i1", "i4", "i8", "f2", "f4", "f8", "c8", "c16", "?")
    ]
    + [np.array(3.5, "f4"), np.zeros((0, 3), "f4")]
    + [np.array(texts, dtype=object) for texts in ("ü", b"\xff", ["a", "b"], [["a", b"\xff"]])],
    ids=lambda tensor: f"{tensor.dtype}{tensor.shape}",
)
def test_tensors_of_any_type_come_whole(through: Through, tensor: Any) -> None:
    read = {"run": {"tag": [tb.TensorDatum(3, 1.5, tensor)]}}
    found = through(Canned(read_tensors=read)).read_tensors(None, **which("p"), downsample=9)
    assert plain(found) == plain(read)


def test_numbers_have_32_bits_and_odd_ones_survive(through: Through) -> None:
    values = [math.nan, math.inf, 1e300, 16777217.0, 0.1]
    read = {"run": {"tag": [tb.ScalarDatum(step, 1.0, v) for step, v in enumerate(values)]}}
    found = through(Canned(read_scalars=read)).read_scalars(None, **which("scalars"), downsample=9)
    shown = [point.value for point in found["run"]["tag"]]
    assert math.isnan(shown[0])
    assert shown[1:] == [math.inf, math.inf, 16777216.0, float(np.float32(0.1))]


def test_names_that_are_no_text_do_not_cost_the_answer(through: Through) -> None:
    read = {"a\udcff": {"t\udcff": [tb.ScalarDatum(0, 1.0, 2.0)]}, "b": {"t": []}}
    runs = [tb.Run("a\udcff", "a\udcff", None), tb.Run("b", "b", 3.0)]
    remote = through(Canned(read_scalars=read, list_runs=runs))
    found = remote.read_scalars(None, **which("scalars"), downsample=9)
    assert plain(found) == plain({"a?": {"t?": [tb.ScalarDatum(0, 1.0, 2.0)]}, "b": {"t": []}})
    told = [(run.run_name, run.start_time) for run in remote.list_runs(None, experiment_id="")]
    assert told == [("a?", math.inf), ("b", 3.0)], "what has no beginning comes last"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "filter_",
    [
        None,
        tb.RunTagFilter(),
        tb.RunTagFilter(runs=[]),
        tb.RunTagFilter(tags=["x", "y"]),
        tb.RunTagFilter(runs=["r"], tags=[]),
    ],
)
def test_a_provider_is_asked_what_tensorboard_asks(
    through: Through, kind: str, filter_: tb.RunTagFilter | None
) -> None:
    canned = Canned(**{f"list_{kind}": {}, f"read_{kind}": {}})
    remote = through(canned)
    asked = {"experiment_id": "e", "plugin_name": "p", "run_tag_filter": filter_}
    getattr(remote, f"list_{kind}")(None, **asked)
    getattr(remote, f"read_{kind}")(None, **asked, downsample=0)
    wanted = filter_ or tb.RunTagFilter()
    for _, arrived in canned.asked:
        found = arrived.pop("run_tag_filter")
        assert (found.runs, found.tags) == (wanted.runs, wanted.tags)
    rest = {"experiment_id": "e", "plugin_name": "p"}
    assert canned.asked == [(f"list_{kind}", rest), (f"read_{kind}", rest | {"downsample": 0})]


def test_nothing_is_thinned_where_nobody_asks_for_it() -> None:
    canned = Canned(read_scalars={})
    ProviderServicer(canned).ReadScalars(pb.ReadScalarsRequest(experiment_id="e"), None)
    assert canned.asked[0][1]["downsample"] is None


ERRORS = [
    (tb_errors.InvalidArgumentError("what"), tb_errors.InvalidArgumentError),
    (UsageError("what", hint="why"), tb_errors.InvalidArgumentError),
    (tb_errors.NotFoundError("what"), tb_errors.NotFoundError),
    (NotFound("what", hint="why"), tb_errors.NotFoundError),
    (tb_errors.PermissionDeniedError("what"), tb_errors.PermissionDeniedError),
    (Unavailable("what", hint="why"), grpc.StatusCode.UNAVAILABLE),
    (Conflict("what"), grpc.StatusCode.INTERNAL),
    (ZeroDivisionError("what"), grpc.StatusCode.INTERNAL),
]
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    *(
        (method, {"experiment_id": ""})
        for method in ("experiment_metadata", "list_plugins", "list_runs")
    ),
    *((f"list_{kind}", which("p")) for kind in KINDS),
    *((f"read_{kind}", which("p", downsample=9)) for kind in KINDS),
    ("read_last_scalars", which("p")),
    ("read_blob", {"blob_key": "k"}),
]


@pytest.mark.parametrize(
    ("error", "told"), ERRORS, ids=lambda each: str(getattr(each, "__name__", each))
)
def test_an_error_is_told_by_its_kind_whatever_was_asked(
    through: Through, error: Exception, told: Any
) -> None:
    for method, how in QUESTIONS:
        remote = through(Canned(**{method: error}))
        if isinstance(told, type):
            with pytest.raises(told, match=r"what$"):
                getattr(remote, method)(None, **how)
        else:
            with pytest.raises(grpc.RpcError) as raised:
                getattr(remote, method)(None, **how)
            assert raised.value.code() is told
            assert raised.value.details() == "what"


def test_a_number_of_points_below_none_is_refused(through: Through) -> None:
    with pytest.raises(tb_errors.InvalidArgumentError, match="num_points is -1"):
        through(Canned(read_scalars={})).read_scalars(None, **which("p"), downsample=-1)


def test_every_question_of_the_protocol_is_answered() -> None:
    service = pb.DESCRIPTOR.services_by_name["TensorBoardDataProvider"]
    missing = [m.name for m in service.methods if m.name not in vars(ProviderServicer)]
    assert service.methods
    assert missing == []
