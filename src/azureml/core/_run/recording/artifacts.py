"""Metrics that are files: images, and the SDK's four kinds of documents."""

from __future__ import annotations

import io
import itertools
import os
from typing import Any, BinaryIO, Mapping, Optional, Set, Tuple, Union

from azureml.core._run.recording.files import FileCalls
from azureml.core._run.recording.metrics import MetricCalls
from azureml.core._run.recording.paths import path_of_metric
from azureml.core._run.recording.values import cell_of
from azureml.exceptions._tree import AzureMLException, UserErrorException, sdk_errors
from trackboard.errors import TrackboardError
from trackboard.layout.reading import open_regular
from trackboard.model import ArtifactKind, check_metric_name

Document = Union[Mapping[str, Any], str]

# How files of each kind begin; RIFF is looked at again, as sounds begin so too.
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"BM", ".bmp"),
    (b"RIFF", ".webp"),
    (b"II*\x00", ".tiff"),
    (b"MM\x00*", ".tiff"),
    (b"P4", ".pbm"),
    (b"P5", ".pgm"),
    (b"P6", ".ppm"),
)
_HEAD_BYTES = 512
_DIGEST_DIGITS = 12  # of a file's name


class ArtifactCalls(MetricCalls, FileCalls):
    """The part of `Run` that records files as values of metrics."""

    def log_image(
        self,
        name: str,
        path: Optional[str] = None,
        plot: Optional[object] = None,
        description: str = "",
    ) -> None:
        """Record an image.

        Args:
            name: The metric.
            path: An image file. It keeps this path within the run where it can.
            plot: A figure, or `matplotlib.pyplot`: anything that has `savefig`, or whose `figure` has. One
                that cannot be drawn is a warning, and nothing is recorded.
            description: Accepted for the SDK's signature.

        Raises:
            AzureMLException: Neither or both were given, or the file is no image.
        """
        with sdk_errors():
            check_metric_name(name)
        if (path is None) == (plot is None):
            raise AzureMLException(
                f"log_image({name!r}): pass either path='plot.png' or plot=plt, one of the two."
            )
        if plot is not None:
            picture, remark = _drawn(plot)
            self._remark("log_image", name, remark)
            if picture is not None:
                self._keep(name, ArtifactKind.IMAGE, "", ".png", picture)
            return
        with _opened(name, path) as file:
            try:
                head = file.read(_HEAD_BYTES)
            except OSError as error:
                raise _unreadable(name, path, error) from error
            suffix = _image_suffix(name, path, head)
            file.seek(0)
            wanted = os.fspath(path) if path is not None else ""
            self._keep(name, ArtifactKind.IMAGE, wanted, suffix, file)

    def log_accuracy_table(self, name: str, value: Document, description: str = "") -> None:
        """Record an accuracy table: counts of true and false positives and negatives by threshold.

        Args:
            name: The metric.
            value: The document, as a dict or as JSON. What JSON has no place for is text there; what is no
                document is kept as `log` would.
            description: Accepted for the SDK's signature.

        Raises:
            UserErrorException: The name is not allowed.
        """
        self._log_document(ArtifactKind.ACCURACY_TABLE, name, value)

    def log_confusion_matrix(self, name: str, value: Document, description: str = "") -> None:
        """Record a confusion matrix; otherwise like `log_accuracy_table`."""
        self._log_document(ArtifactKind.CONFUSION_MATRIX, name, value)

    def log_predictions(self, name: str, value: Document, description: str = "") -> None:
        """Record binned predictions; otherwise like `log_accuracy_table`."""
        self._log_document(ArtifactKind.PREDICTIONS, name, value)

    def log_residuals(self, name: str, value: Document, description: str = "") -> None:
        """Record a histogram of residuals; otherwise like `log_accuracy_table`."""
        self._log_document(ArtifactKind.RESIDUALS, name, value)

    def _log_document(self, kind: ArtifactKind, name: str, value: Document) -> None:
        with sdk_errors():
            check_metric_name(name)
        call = f"log_{kind.value}"
        document, remark = _encoded(value)
        self._remark(call, name, remark)
        if document is None:
            self._log_anything(name, value, call=call)
            return
        self._keep(name, kind, name, "", io.BytesIO(document))

    def _keep(
        self, name: str, kind: ArtifactKind, wanted: str, suffix: str, source: BinaryIO
    ) -> None:
        """Keep a file as the next value of a metric, under the path that is wanted where it can be."""
        with self._kept([source]) as [(key, size_bytes)]:
            path = self._free_path(name, wanted, suffix, key)
            with sdk_errors():
                self._backend.log_artifact(name, kind, path, key, size_bytes)
        self._given.add(path)

    def _free_path(self, name: str, wanted: str, suffix: str, key: str) -> str:
        """The path that was asked for, if it is one of this run's own and free, else one like the name.

        Those are `plot.png`, `plot_2.png` and so on. Where this process cannot read which are taken, its
        content's digest tells a file from others.
        """
        with sdk_errors():
            known = self._history.file_names()
        taken = self._given | (known or set())
        is_inside = path_of_metric(wanted) == wanted and not os.path.isabs(wanted)
        if is_inside and wanted not in taken:
            return wanted
        stem = path_of_metric(self._live.prefix + name).removesuffix(suffix)
        if known is None:
            return f"{stem}_{key[-_DIGEST_DIGITS:]}{suffix}"
        paths = (f"{stem}_{number}{suffix}" for number in itertools.count(2))
        first = f"{stem}{suffix}"
        return first if first not in taken else next(path for path in paths if path not in taken)


def _drawn(plot: Any) -> Tuple[Optional[BinaryIO], str]:
    """A plot as PNG; or None, and why."""
    picture = io.BytesIO()
    nothing = "nothing is recorded"
    try:
        figure: Any = plot if hasattr(plot, "savefig") else getattr(plot, "figure", None)  # of axes
        if not hasattr(figure, "savefig"):
            return (
                None,
                f"a value of type {type(plot).__name__} cannot be drawn, {nothing}; pass plt",
            )
        figure.savefig(picture, format="png")
    except Exception as error:  # noqa: BLE001  # a backend's, a renderer's, a font's
        why = f"the plot could not be drawn, {nothing}: {type(error).__name__}: {error}"
        return None, why
    if not picture.tell():
        return None, f"the plot is empty, {nothing}"
    picture.seek(0)
    return picture, ""


def _opened(name: str, path: Optional[str]) -> BinaryIO:
    try:
        return open(open_regular(path or "", "image"), "rb")
    except (TrackboardError, TypeError) as error:
        raise _unreadable(name, path, error) from error


def _unreadable(name: str, path: Optional[str], error: Exception) -> UserErrorException:
    return UserErrorException(
        f"log_image({name!r}): {path!r} cannot be read: {error}", inner_exception=error
    )


def _image_suffix(name: str, path: Optional[str], head: bytes) -> str:
    for start, suffix in _STARTS:
        if head.startswith(start) and (suffix != ".webp" or head[8:12] == b"WEBP"):
            return suffix
    if b"<svg" in head:
        return ".svg"
    raise AzureMLException(f"log_image({name!r}): {path!r} is not an image.")


def _encoded(value: object) -> Tuple[Optional[bytes], str]:
    """A document as JSON, and what to tell about it; None for what is no document."""
    import json  # whoever records has it

    strange: Set[str] = set()
    try:
        document = json.loads(value) if isinstance(value, (str, bytes)) else value
        if not isinstance(document, Mapping):
            return None, f"{type(document).__name__} is no document, and is kept as log does"
        said = json.dumps(_in_json(document, strange))
    except Exception as error:  # noqa: BLE001  # no JSON, a circle, an array that is gone
        return None, f"it cannot be written as JSON, and is kept as log does: {error}"
    remark = f"JSON has no place for {', '.join(sorted(strange))}: text there" if strange else ""
    return said.encode("utf-8", "surrogatepass"), remark


def _in_json(value: Any, strange: Set[str]) -> object:
    """What JSON can hold of a value: arrays are lists, other types become text and are noted in `strange`."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if hasattr(value, "tolist"):
        plain = value.tolist()
        return float(plain) if type(plain) is type(value) else _in_json(plain, strange)
    if isinstance(value, Mapping):
        return {
            key if key is None or isinstance(key, (str, int, float)) else str(key): _in_json(
                one, strange
            )
            for key, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_in_json(one, strange) for one in value]
    one, remark = cell_of("value", value)
    if remark:
        strange.add(type(value).__name__)
    return one
