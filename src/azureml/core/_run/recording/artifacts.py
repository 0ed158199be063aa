"""Metrics that are files: images, and the SDK's four kinds of documents."""

from __future__ import annotations

import io
import itertools
import os
from typing import Any, BinaryIO, Mapping, Optional, Tuple, Union

from azureml.core._run.recording.files import FileCalls
from azureml.core._run.recording.metrics import MetricCalls
from azureml.exceptions._tree import AzureMLException, UserErrorException, sdk_errors
from trackboard.errors import TrackboardError
from trackboard.layout.reading import open_regular
from trackboard.model import ArtifactKind, check_metric_name
from trackboard.record.conversion.file_name import path_of_metric, path_of_value
from trackboard.record.conversion.image import HEAD_BYTES, draw_figure, image_suffix
from trackboard.record.conversion.interruption import pass_on_interruption
from trackboard.record.conversion.json_text import encode_json

Document = Union[Mapping[str, Any], str]


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
            picture, why = draw_figure(plot)
            if picture is None:
                self._remark(
                    "log_image", name, f"{why}, nothing is recorded; pass plt, or a figure"
                )
            else:
                self._keep(name, ArtifactKind.IMAGE, "", ".png", io.BytesIO(picture))
            return
        with _opened(name, path) as file:
            try:
                head = file.read(HEAD_BYTES)
            except OSError as error:
                raise _unreadable(name, path, error) from error
            suffix = image_suffix(head)
            if not suffix:
                raise AzureMLException(f"log_image({name!r}): {path!r} is not an image.")
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
        if known is None:
            return path_of_value(self._live.prefix + name, suffix, key)
        stem = path_of_metric(self._live.prefix + name).removesuffix(suffix)
        paths = (f"{stem}_{number}{suffix}" for number in itertools.count(2))
        first = f"{stem}{suffix}"
        return first if first not in taken else next(path for path in paths if path not in taken)


def _opened(name: str, path: Optional[str]) -> BinaryIO:
    try:
        return open(open_regular(path or "", "image"), "rb")
    except (TrackboardError, TypeError) as error:
        raise _unreadable(name, path, error) from error


def _unreadable(name: str, path: Optional[str], error: Exception) -> UserErrorException:
    return UserErrorException(
        f"log_image({name!r}): {path!r} cannot be read: {error}", inner_exception=error
    )


def _encoded(value: object) -> Tuple[Optional[bytes], str]:
    """A document as JSON, and what to tell about it; None for what is no document."""
    import json  # whoever records has it

    try:
        document = json.loads(value) if isinstance(value, (str, bytes)) else value
        if not isinstance(document, Mapping):
            return None, f"{type(document).__name__} is no document, and is kept as log does"
        return encode_json(document)
    except Exception as error:  # noqa: BLE001  # no JSON, a circle, an array that is gone
        pass_on_interruption(error)
        return None, f"it cannot be written as JSON, and is kept as log does: {error}"
