from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.proto import event_pb2, summary_pb2

from trackboard.board.eventfiles.event_copy import parse
from trackboard.board.eventfiles.tag_kinds import TagKinds, find_kind
from trackboard.eventfile import encode, read

DT_FLOAT, DT_STRING = 1, 7


def scalar(tag: str = "w") -> Any:
    return summary_pb2.Summary.Value(tag=tag, simple_value=0.5)


def tensor(plugin: str, tag: str = "w", dtype: int = DT_FLOAT) -> Any:
    value = summary_pb2.Summary.Value(tag=tag)
    value.tensor.dtype = dtype
    value.tensor.tensor_shape.SetInParent()
    if dtype == DT_STRING:
        value.tensor.string_val.append(b"words")
    else:
        value.tensor.float_val.append(0.5)
    if plugin:
        value.metadata.plugin_data.plugin_name = plugin
    return value


def image(tag: str = "w", size: int = 9) -> Any:
    return summary_pb2.Summary.Value(
        tag=tag, image=summary_pb2.Summary.Image(encoded_image_string=b"x" * size)
    )


def histogram(tag: str = "w") -> Any:
    value = summary_pb2.Summary.Value(tag=tag)
    value.histo.bucket.append(1.0)
    return value


def sound(tag: str = "w") -> Any:
    return summary_pb2.Summary.Value(tag=tag, audio=summary_pb2.Summary.Audio(sample_rate=8.0))


def record(*values: Any, step: int = 0, wall_time: float = 1.7e9) -> bytes:
    event = event_pb2.Event(wall_time=wall_time, step=step)
    event.summary.value.extend(values)
    return encode.frame(event.SerializeToString())


def write(path: Path, *records: bytes) -> Path:
    with path.open("ab") as stream:
        stream.write(b"".join(records))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "x.tfevents", encode.header(1.7e9))


def kinds_of(path: Path) -> dict[str, tuple[str, ...]]:
    kinds = TagKinds()
    kinds.read_on(path)
    return kinds.by_tag


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([scalar(), tensor("scalars"), tensor("")], ("scalars",)),
        ([image(), tensor("images", dtype=DT_STRING)], ("images",)),
        ([histogram(), tensor("histograms")], ("histograms",)),
        ([sound(), tensor("audio", dtype=DT_STRING)], ("audio",)),
        ([scalar(), image()], ("scalars", "images")),
        ([tensor("text", dtype=DT_STRING), scalar()], ("text", "scalars")),
        ([histogram(), image(), scalar(), image()], ("histograms", "images", "scalars")),
        ([tensor("pr_curves"), tensor("mine"), tensor("pr_curves")], ("pr_curves", "mine")),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_shown_on_one_dashboard_is_one_kind(
    path: Path, values: list[Any], expected: tuple[str, ...], *, at_once: bool
) -> None:
    records = [record(*values)] if at_once else [record(each, step=7) for each in values]
    write(path, *records, record(scalar("other")))
    assert kinds_of(path) == {"w": expected, "other": ("scalars",)}
    kinds = TagKinds()
    kinds.read_on(path)
    assert kinds.mixed == ({"w": expected} if len(expected) > 1 else {})


def test_a_tensor_without_a_plugin_is_of_the_kind_that_was_named_before(path: Path) -> None:
    """TensorFlow 1 names the plugin with the first value of a tag only."""
    texts = [tensor(plugin, dtype=DT_STRING) for plugin in ("text", "", "")]
    write(path, *map(record, texts), record(scalar()), record(tensor("")))
    write(path, record(scalar("v")), record(tensor("", "v", DT_STRING)), record(tensor("", "u")))
    assert kinds_of(path) == {"w": ("text", "scalars"), "v": ("scalars", "text")}


def test_several_files_and_what_is_known_before_belong_together(path: Path) -> None:
    second = write(path.with_name("y.tfevents"), record(image()))
    write(path, record(scalar()))
    kinds = TagKinds({"w": ("text",)})
    kinds.read_on(path)
    kinds.read_on(second)
    assert kinds.mixed == {"w": ("text", "scalars", "images")}


def test_only_what_is_new_is_read(path: Path) -> None:
    write(path, record(scalar()))
    kinds = TagKinds()
    kinds.read_on(path)
    size = path.stat().st_size
    assert kinds.end(path) == size
    half = record(image())
    path.write_bytes(b"\xff" * size + half[:-3])  # whoever read it again would find it damaged
    kinds.read_on(path)
    assert (kinds.end(path), kinds.mixed) == (size, {})
    write(path, half[-3:])
    kinds.read_on(path)
    assert kinds.mixed == {"w": ("scalars", "images")}


def test_reading_may_be_ended(path: Path) -> None:
    write(path, record(scalar()))
    kinds = TagKinds()
    kinds.read_on(path, lambda: False)
    assert (kinds.by_tag, kinds.end(path)) == ({}, 0)


def test_what_cannot_be_read_is_left_out(path: Path) -> None:
    write(path, record(scalar()), b"\0" * 100, record(image()))
    assert kinds_of(path) == {"w": ("scalars",)}
    assert kinds_of(path.with_name("nothing")) == {}
    assert kinds_of(write(path.with_name("text"), b"this is no event file at all")) == {}
    damaged = write(path.with_name("data"), encode.frame(b"\xff" * 40), record(image()))
    assert kinds_of(damaged) == {"w": ("images",)}


def test_a_value_larger_than_a_block_is_read(path: Path) -> None:
    write(path, record(image(size=3_000_000)), record(scalar()))
    assert kinds_of(path) == {"w": ("images", "scalars")}


def test_one_value_among_many_of_another_kind_is_found(path: Path) -> None:
    """Records of one length, also where their steps have other lengths."""
    numbers = [record(scalar(tag), step=step) for step in range(300) for tag in ("w", "ab", "abc")]
    odd = tensor("pr_curves", "w")
    size = len(numbers[-1])
    odd.metadata.display_name = "x" * max(0, size - len(record(odd)) - 2)
    write(path, *numbers[:700], record(odd), *numbers[700:], record(scalar("ac"), step=2))
    assert kinds_of(path) == {
        "w": ("scalars", "pr_curves"),
        "ab": ("scalars",),
        "abc": ("scalars",),
        "ac": ("scalars",),
    }


VALUES = st.builds(
    lambda make, tag: make(tag),
    st.sampled_from(
        [
            scalar,
            image,
            histogram,
            lambda tag: tensor("scalars", tag),
            lambda tag: tensor("text", tag, DT_STRING),
            lambda tag: tensor("", tag),
        ]
    ),
    st.sampled_from(["", "w", "\n", "v" * 90, "u" * 130, "ü", "*\n"]),
)
RECORDS = st.builds(
    lambda values, step, time: record(*values, step=step, wall_time=time),
    st.lists(VALUES, max_size=3),
    st.sampled_from([0, 1, 127, 128, 2**40, -1]),
    st.sampled_from([0.0, 1.7e9]),
)


@given(st.lists(RECORDS, max_size=30))
def test_a_glance_at_a_record_says_the_same_as_reading_it(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes]
) -> None:
    path = write(tmp_path_factory.mktemp("x") / "x.tfevents", *records)
    expected: dict[str, tuple[str, ...]] = {}
    for each in read.iter_records(path):
        event = parse(each.data)
        for value in event.summary.value if event else ():
            known = expected.get(value.tag, ())
            kind = find_kind(value, known)
            if kind and kind not in known:
                expected[value.tag] = (*known, kind)
    assert kinds_of(path) == expected
