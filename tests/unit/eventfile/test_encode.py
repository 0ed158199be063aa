from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.audio import metadata as audio_metadata
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.image import metadata as image_metadata
from tensorboard.plugins.pr_curve import metadata as pr_metadata
from tensorboard.plugins.text import summary_v2
from tensorboard.util import tensor_util

from trackboard.eventfile import encode

EDGE_STEPS = [1, 127, 128, 16_383, 16_384, 2**56 - 1, 2**56, 2**63 - 1, -1, -(2**63), 5]
EDGE_VALUES = [0.0, -0.0, 1.5, float("inf"), float("-inf"), 1e-45, 3.4e38, 2.0, 7.0, -7.0, 0.1]


def framed(event: Any) -> bytes:
    """What TensorBoard's own writer puts into a file for an event."""
    data: bytes = event.SerializeToString()
    length = struct.pack("<Q", len(data))
    checks = [struct.pack("<I", masked_crc32c(part)) for part in (length, data)]
    return length + checks[0] + data + checks[1]


def scalar_event(tag: str, step: int, time_s: float, value: float) -> Any:
    values = [summary_pb2.Summary.Value(tag=tag, simple_value=value)]
    return event_pb2.Event(wall_time=time_s, step=step, summary=summary_pb2.Summary(value=values))


def tensor_event(tag: str, step: int, tensor: Any, metadata: Any) -> Any:
    values = [summary_pb2.Summary.Value(tag=tag, tensor=tensor, metadata=metadata)]
    return event_pb2.Event(wall_time=1.5e9, step=step, summary=summary_pb2.Summary(value=values))


@pytest.mark.parametrize("tag", ["loss", "group/loss ü", "n" * 100, "n" * 130, "n" * 20_000])
def test_scalars_have_the_bytes_of_tensorboards_own_writer(tag: str) -> None:
    steps = np.array(EDGE_STEPS, dtype=np.int64)
    times_s = 1.7e9 + np.arange(len(steps)) / 7
    values = np.array(EDGE_VALUES, dtype=np.float32)
    expected = b"".join(
        framed(scalar_event(tag, *row))
        for row in zip(steps.tolist(), times_s.tolist(), values.tolist(), strict=True)
    )
    assert b"".join(encode.scalars(tag, steps, times_s, values)) == expected


def test_columns_need_not_be_contiguous() -> None:
    steps = np.arange(20, dtype=np.int64)[::2]
    times_s, values = np.arange(20.0)[::2], np.arange(20, dtype=np.float32)[::2]
    plain = encode.scalars("a", steps.copy(), times_s.copy(), values.copy())
    assert b"".join(encode.scalars("a", steps, times_s, values)) == b"".join(plain)


def test_no_points_are_no_bytes() -> None:
    nothing = encode.scalars(
        "a", np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.float32)
    )
    assert b"".join(nothing) == b""


@pytest.mark.parametrize("text", ["", "hey", "# ü\n\n| a |", "x" * 100_000])
def test_texts_have_the_bytes_of_tensorboards_own_writer(text: str) -> None:
    for step in (1, 300, -4):
        summary = summary_v2.text_pb("notes", text)
        event = event_pb2.Event(wall_time=1.5e9, step=step, summary=summary)
        assert b"".join(encode.texts("notes", [step], [1.5e9], [text])) == framed(event)


def test_text_that_is_not_unicode_is_written_with_a_mark() -> None:
    (record,) = encode.texts("a", [1], [1.0], ["bad \ud800 text"])
    assert b"bad ? text" in record


def test_columns_of_texts_have_one_length() -> None:
    for steps, times_s, texts in (([1, 2], [1.0], ["a"]), ([1], [1.0], ["a", "b"])):
        with pytest.raises(ValueError, match="zip"):
            encode.texts("notes", steps, times_s, texts)


def test_an_image_has_the_bytes_of_tensorboards_own_writer() -> None:
    content = bytes(range(256)) * 20
    data = tensor_util.make_tensor_proto([b"160", b"90", content])
    metadata = image_metadata.create_summary_metadata(None, None)
    expected = framed(tensor_event("plot ü", 7, data, metadata))
    assert encode.blobs("plot ü", 7, 1.5e9, [b"160", b"90", content], "images") == expected


def test_a_sound_has_the_bytes_of_tensorboards_own_writer() -> None:
    data = tensor_util.make_tensor_proto([[b"RIFF", b""]])
    metadata = audio_metadata.create_summary_metadata(
        None, None, audio_metadata.Encoding.Value("WAV")
    )
    expected = framed(tensor_event("bell", 300, data, metadata))
    given = metadata.plugin_data.content
    record = encode.blobs("bell", 300, 1.5e9, [b"RIFF", b""], "audio", given, shape=(1, 2))
    assert record == expected


@pytest.mark.parametrize("description", ["", "not *evenly* spaced"])
def test_an_array_has_the_bytes_of_tensorboards_own_writer(description: str) -> None:
    values = np.arange(6 * 200, dtype=np.float64).reshape(6, 200) / 7
    metadata = pr_metadata.create_summary_metadata(None, description, 200)
    data = tensor_util.make_tensor_proto(values)
    given = metadata.plugin_data.content
    record = encode.tensor("a/b", 300, 1.5e9, values, "pr_curves", given, description)
    assert record == framed(tensor_event("a/b", 300, data, metadata))


def test_an_array_may_lie_in_memory_as_it_likes() -> None:
    values = np.arange(6.0).reshape(2, 3)
    rows, columns = (
        encode.tensor("a", 1, 1.5e9, one, "p", b"") for one in (values, np.asfortranarray(values))
    )
    assert rows == columns


def test_parameters_have_the_bytes_of_tensorboards_own_writer() -> None:
    info = plugin_data_pb2.SessionStartInfo(start_time_secs=3.5)
    info.hparams["rate"].number_value = 0.1
    metadata = hparams_metadata.create_summary_metadata(
        plugin_data_pb2.HParamsPluginData(session_start_info=info)
    )
    tag = hparams_metadata.SESSION_START_INFO_TAG
    event = tensor_event(tag, 0, hparams_metadata.NULL_TENSOR, metadata)
    record = encode.mark(tag, 1.5e9, "hparams", metadata.plugin_data.content)
    data = record[12:-4]
    assert event_pb2.Event.FromString(data) == event
    assert encode.frame(data) == record


def test_header_says_version_and_writer() -> None:
    event = event_pb2.Event(wall_time=12.5, file_version="brain.Event:2")
    event.source_metadata.writer = "trackboard"
    assert encode.header(12.5) == framed(event)


def test_only_our_header_is_recognised() -> None:
    foreign = event_pb2.Event(wall_time=12.5, file_version="brain.Event:2")
    assert encode.is_header(encode.header(99.0)[12:-4])
    assert not encode.is_header(foreign.SerializeToString())
    assert not encode.is_header(b"")
