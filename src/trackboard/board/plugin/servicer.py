"""Any data provider over gRPC, in the words of TensorBoard's `data_provider.proto`.

What TensorBoard's `GrpcDataProvider` asks is answered by a provider in this process. Of scalars the protocol
carries 32 bits, and for hyperparameters it has no question: they travel as tags of the plugin `hparams`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import grpc
from tensorboard import errors as tb_errors
from tensorboard.compat.proto import summary_pb2
from tensorboard.context import RequestContext
from tensorboard.data import provider as tb
from tensorboard.data.proto import data_provider_pb2 as pb
from tensorboard.data.proto import data_provider_pb2_grpc as pb_grpc
from tensorboard.util import tensor_util

from trackboard.errors import NotFound, TrackboardError, Unavailable, UsageError

_BLOB_PART_BYTES = 1 << 20
_STATUS = (  # those that TensorBoard turns into an HTTP status; it calls all others errors of its own
    ((tb_errors.InvalidArgumentError, UsageError), grpc.StatusCode.INVALID_ARGUMENT),
    ((tb_errors.NotFoundError, NotFound), grpc.StatusCode.NOT_FOUND),
    ((tb_errors.PermissionDeniedError,), grpc.StatusCode.PERMISSION_DENIED),
    ((Unavailable,), grpc.StatusCode.UNAVAILABLE),
)

Tags = Mapping[str, Mapping[str, Any]]  # run -> tag -> what the provider says of it

_log = logging.getLogger(__name__)


class ProviderServicer(pb_grpc.TensorBoardDataProviderServicer):  # type: ignore[misc]  # TensorBoard is not typed
    """Answers each question by asking a data provider.

    Args:
        provider: A `tensorboard.data.provider.DataProvider` that many threads may ask.
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    # -- what there is ------------------------------------------------------------------------------

    def GetExperiment(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say where the data is."""
        with _errors_told(context):
            found = self._provider.experiment_metadata(
                RequestContext(), experiment_id=request.experiment_id
            )
            answer = pb.GetExperimentResponse(
                data_location=_text(found.data_location),
                name=_text(found.experiment_name),
                description=_text(found.experiment_description),
            )
            answer.creation_time.FromNanoseconds(int((found.creation_time or 0) * 1e9))
            return answer

    def ListPlugins(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Name the plugins that there is data for."""
        with _errors_told(context):
            names = self._provider.list_plugins(
                RequestContext(), experiment_id=request.experiment_id
            )
            return pb.ListPluginsResponse(plugins=[pb.Plugin(name=name) for name in names])

    def ListRuns(self, request: Any, context: grpc.ServicerContext) -> Any:
        """List the runs; one that has not begun yet comes last, as the protocol knows no absence."""
        with _errors_told(context):
            runs = self._provider.list_runs(RequestContext(), experiment_id=request.experiment_id)
            listed = [
                pb.Run(
                    name=_text(run.run_name),
                    start_time=float("inf") if run.start_time is None else run.start_time,
                )
                for run in runs
            ]
            return pb.ListRunsResponse(runs=listed)

    # -- series ---------------------------------------------------------------------------------------

    def ListScalars(self, request: Any, context: grpc.ServicerContext) -> Any:
        """List scalar series."""
        with _errors_told(context):
            found = self._provider.list_scalars(RequestContext(), **_which(request))
            return _answer(pb.ListScalarsResponse(), found, _describer(request, _SCALAR))

    def ReadScalars(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Read scalar series; one point of each is the last."""
        with _errors_told(context):
            which, at_most = _which(request), _downsample(request)
            if at_most == 1:
                last = self._provider.read_last_scalars(RequestContext(), **which)
                found = {
                    run: {tag: [one] for tag, one in tags.items()} for run, tags in last.items()
                }
            else:
                found = self._provider.read_scalars(RequestContext(), **which, downsample=at_most)
            return _answer(pb.ReadScalarsResponse(), found, _fill_scalars)

    def ListTensors(self, request: Any, context: grpc.ServicerContext) -> Any:
        """List series of tensors."""
        with _errors_told(context):
            found = self._provider.list_tensors(RequestContext(), **_which(request))
            return _answer(pb.ListTensorsResponse(), found, _describer(request, _TENSOR))

    def ReadTensors(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Read series of tensors."""
        with _errors_told(context):
            found = self._provider.read_tensors(
                RequestContext(), **_which(request), downsample=_downsample(request)
            )
            return _answer(pb.ReadTensorsResponse(), found, _fill_tensors)

    def ListBlobSequences(self, request: Any, context: grpc.ServicerContext) -> Any:
        """List series of blobs."""
        with _errors_told(context):
            found = self._provider.list_blob_sequences(RequestContext(), **_which(request))
            return _answer(pb.ListBlobSequencesResponse(), found, _describer(request, _BLOBS))

    def ReadBlobSequences(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Read which blobs a series has."""
        with _errors_told(context):
            found = self._provider.read_blob_sequences(
                RequestContext(), **_which(request), downsample=_downsample(request)
            )
            return _answer(pb.ReadBlobSequencesResponse(), found, _fill_blobs)

    def ReadBlob(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Read a blob, in parts."""
        with _errors_told(context):
            blob = self._provider.read_blob(RequestContext(), blob_key=request.blob_key)
        for start in range(0, len(blob), _BLOB_PART_BYTES):
            yield pb.ReadBlobResponse(data=blob[start : start + _BLOB_PART_BYTES])


@contextlib.contextmanager
def _errors_told(context: grpc.ServicerContext) -> Iterator[None]:
    """Tell whoever asks of an error, in one line, by the status that stands for it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - else gRPC would tell of it, without its kind
        status = next((code for kinds, code in _STATUS if isinstance(error, kinds)), None)
        if status is None:
            _log.exception("a question of TensorBoard's was not answered")
            status = grpc.StatusCode.INTERNAL
        told = error.message if isinstance(error, TrackboardError) else str(error)
        context.abort(status, told or type(error).__name__)


# -- questions ----------------------------------------------------------------------------------------


def _which(request: Any) -> dict[str, Any]:
    """What a provider is asked: of which experiment, plugin, runs and tags."""
    asked = request.run_tag_filter
    return {
        "experiment_id": request.experiment_id,
        "plugin_name": request.plugin_filter.plugin_name,
        "run_tag_filter": tb.RunTagFilter(
            runs=asked.runs.names if asked.HasField("runs") else None,
            tags=asked.tags.names if asked.HasField("tags") else None,
        ),
    }


def _downsample(request: Any) -> int | None:
    """How many points of each series are wanted, None for as many as there are."""
    if not request.HasField("downsample"):
        return None
    points: int = request.downsample.num_points
    if points < 0:
        raise tb_errors.InvalidArgumentError(f"num_points is {points}: it must be 0 or more")
    return points


# -- answers ------------------------------------------------------------------------------------------

_SCALAR, _TENSOR, _BLOBS = (
    summary_pb2.DATA_CLASS_SCALAR,
    summary_pb2.DATA_CLASS_TENSOR,
    summary_pb2.DATA_CLASS_BLOB_SEQUENCE,
)


def _answer(answer: Any, found: Tags, fill: Callable[[Any, Any], None]) -> Any:
    """Put into an answer what was found, each tag's part by `fill`."""
    for run, tags in found.items():
        entry = answer.runs.add(run_name=_text(run))
        for tag, said in tags.items():
            fill(entry.tags.add(tag_name=_text(tag)), said)
    return answer


def _describer(request: Any, data_class: int) -> Callable[[Any, Any], None]:
    """What puts the summary of one series into an answer."""

    def describe(entry: Any, series: Any) -> None:
        entry.metadata.max_step = series.max_step
        entry.metadata.max_wall_time = series.max_wall_time
        if data_class == _BLOBS:
            entry.metadata.max_length = series.max_length
        summary = entry.metadata.summary_metadata
        summary.plugin_data.plugin_name = request.plugin_filter.plugin_name
        summary.plugin_data.content = series.plugin_content
        summary.display_name = _text(series.display_name)
        summary.summary_description = _text(series.description)
        summary.data_class = data_class

    return describe


def _fill_scalars(entry: Any, points: Sequence[Any]) -> None:
    _fill_times(entry, points)
    entry.data.value.extend(point.value for point in points)


def _fill_tensors(entry: Any, points: Sequence[Any]) -> None:
    _fill_times(entry, points)
    entry.data.value.extend(tensor_util.make_tensor_proto(point.numpy) for point in points)


def _fill_blobs(entry: Any, points: Sequence[Any]) -> None:
    _fill_times(entry, points)
    for point in points:
        refs = entry.data.values.add().blob_refs
        refs.extend(pb.BlobReference(blob_key=ref.blob_key, url=ref.url) for ref in point.values)


def _fill_times(entry: Any, points: Iterable[Any]) -> None:
    entry.data.SetInParent()  # a series without points has data, too
    entry.data.step.extend(point.step for point in points)
    entry.data.wall_time.extend(point.wall_time for point in points)


def _text(text: str | None) -> str:
    """The text, with a mark in place of what UTF-8 cannot say: one such name must not cost the answer."""
    return (text or "").encode(errors="replace").decode()
