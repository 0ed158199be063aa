"""Metrics that are files: images, and the SDK's four kinds of documents."""

from __future__ import annotations

import io
import json
import os
import secrets
import time
from typing import Any, BinaryIO, Mapping, Optional, Union

from azureml.core._files import FileCalls
from azureml.core._paths import path_of_metric
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


class ArtifactCalls(FileCalls):
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
            plot: A figure, or `matplotlib.pyplot`: anything that has `savefig`.
            description: Accepted for the SDK's signature.

        Raises:
            AzureMLException: Neither or both were given, it is no image, or it cannot be drawn.
        """
        with sdk_errors():
            check_metric_name(name)
        if (path is None) == (plot is None):
            raise AzureMLException(
                f"log_image({name!r}): pass either path='plot.png' or plot=plt, one of the two."
            )
        if plot is not None:
            self._keep(name, ArtifactKind.IMAGE, self._unique(name, ".png"), _drawn(name, plot))
            return
        with _opened(name, path) as file:
            try:
                head = file.read(_HEAD_BYTES)
            except OSError as error:
                raise _unreadable(name, path, error) from error
            suffix = _image_suffix(name, path, head)
            file.seek(0)
            wanted = os.fspath(path) if path is not None else ""
            self._keep(name, ArtifactKind.IMAGE, self._free_path(name, wanted, suffix), file)

    def log_accuracy_table(self, name: str, value: Document, description: str = "") -> None:
        """Record an accuracy table: counts of true and false positives and negatives by threshold.

        Args:
            name: The metric.
            value: The document, as a dict or as JSON.
            description: Accepted for the SDK's signature.

        Raises:
            UserErrorException: It is neither, or cannot be written as JSON.
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
        data = _encoded(f"log_{kind.value}({name!r})", value)
        self._keep(name, kind, self._free_path(name, name, ""), io.BytesIO(data))

    def _keep(self, name: str, kind: ArtifactKind, path: str, source: BinaryIO) -> None:
        if self._is_silent:
            return
        with sdk_errors():
            key, size_bytes = self._blobs().put(source)
            self._live.log_artifact(name, kind, path, key, size_bytes)
        self._given.add(path)

    def _unique(self, name: str, suffix: str) -> str:
        mark = f"_{int(time.time())}_{secrets.token_hex(4)}"
        return path_of_metric(name, mark + suffix)

    def _free_path(self, name: str, wanted: str, suffix: str) -> str:
        """The path that was asked for, if it is one of this run's own and free."""
        is_inside = path_of_metric(wanted) == wanted and not os.path.isabs(wanted)
        if is_inside and not self._is_taken(wanted):
            return wanted
        return self._unique(name, suffix)


def _drawn(name: str, plot: object) -> BinaryIO:
    draw = getattr(plot, "savefig", None)
    if not callable(draw):
        raise AzureMLException(
            f"log_image({name!r}): a {type(plot).__name__} cannot be drawn; pass a figure or plt."
        )
    picture = io.BytesIO()
    try:
        draw(picture, format="png")
    except Exception as error:
        raise AzureMLException(
            f"log_image({name!r}): the plot could not be drawn: {type(error).__name__}: {error}",
            inner_exception=error,
        ) from error
    if not picture.tell():
        raise AzureMLException(f"log_image({name!r}): the plot is empty.")
    picture.seek(0)
    return picture


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


def _encoded(call: str, value: object) -> bytes:
    """A document as JSON; arrays and their numbers are lists and numbers there."""
    try:
        document = json.loads(value) if isinstance(value, (str, bytes)) else value
    except (ValueError, RecursionError) as error:
        raise UserErrorException(f"{call}: that text is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise UserErrorException(
            f"{call}: {type(document).__name__} is no document; pass a dict with"
            " schema_type, schema_version and data, or the JSON of one."
        )
    try:
        return json.dumps(document, default=_plain).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError) as error:
        raise UserErrorException(f"{call}: it cannot be written as JSON: {error}") from error


def _plain(value: Any) -> object:
    if hasattr(value, "tolist"):
        plain = value.tolist()
        return float(plain) if type(plain) is type(value) else plain  # numpy's longdouble
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no place in JSON")
