from __future__ import annotations

from tensorboard.compat.proto import event_pb2
from tests.unit.board.eventfiles.test_tag_kinds import DT_STRING, histogram, image, scalar, tensor

from trackboard.board.export.native_tags import KindsEdit, name_kinds


def test_the_kind_that_comes_first_in_the_history_keeps_the_name() -> None:
    mixed = {"w": ("histograms", "images", "scalars"), "v": ("mine", "text")}
    assert name_kinds(mixed, ["w", "v", "w/image"], {}) == {
        ("w", "scalars"): "w",
        ("w", "images"): "w/image/image",
        ("w", "histograms"): "w/histogram",
        ("v", "text"): "v",
        ("v", "mine"): "v/mine",
    }
    assert name_kinds({"w": ("text", "scalars")}, ["w"], {"w": "text"}) == {
        ("w", "text"): "w",
        ("w", "scalars"): "w/number",
    }


def test_values_get_the_tags_of_their_kinds() -> None:
    mixed = {"w": ("scalars", "images", "text")}
    edit = KindsEdit(mixed, name_kinds(mixed, ["w", "v"], {}))
    event = event_pb2.Event()
    values = [scalar(), image(), histogram("v"), tensor("", dtype=DT_STRING)]
    event.summary.value.extend(values)
    assert edit.apply(event)
    assert [value.tag for value in event.summary.value] == ["w", "w/image", "v", "w/text"]
    assert event.summary.value[3].metadata.plugin_data.plugin_name == "text"  # it has to say so now
    data = event.SerializeToString()
    assert not edit.apply(event)
    assert event.SerializeToString() == data
    assert list(edit.describe()) == [
        "w: its images are under w/image, its numbers keep the name",
        "w: its texts are under w/text, its numbers keep the name",
    ]
    assert all(word in values[0].SerializeToString() for word in edit.words)
