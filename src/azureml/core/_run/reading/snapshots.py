"""Copies of the code that a run came from, and the models that came out of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, Optional

from azureml.core._run.handle import RunHandle
from azureml.exceptions._tree import SnapshotException, sdk_errors
from trackboard.model import SNAPSHOT_ID

if TYPE_CHECKING:
    from azureml.core.model import Model


class SnapshotCalls(RunHandle):
    """The part of `Run` that keeps its code and its models."""

    def take_snapshot(self, file_or_folder_path: str) -> Optional[str]:
        """Keep a copy of a folder as the code of this run.

        What `.amlignore`, else `.gitignore`, excludes is left out, and always version control, caches,
        virtual environments and histories of ours.

        Returns:
            The snapshot's id.

        Raises:
            SnapshotException: The run has one already, or the folder cannot be read.
        """
        if self.get_snapshot_id() is not None:
            raise SnapshotException(
                f"Run {self.id} has a snapshot already, {self.get_snapshot_id()}: it never changes."
            )
        with sdk_errors(SnapshotException):
            return self._backend.take_snapshot(file_or_folder_path)

    def get_snapshot_id(self) -> Optional[str]:
        """The id of the run's snapshot, or None."""
        with sdk_errors():
            return self._history.properties().get(SNAPSHOT_ID)

    def restore_snapshot(
        self, snapshot_id: Optional[str] = None, path: Optional[str] = None
    ) -> str:
        """Write a snapshot as a zip file.

        Args:
            snapshot_id: Which; None: this run's.
            path: The folder to write it to; None: a new temporary one.

        Returns:
            Absolute path of the file `<snapshot id>.zip`.

        Raises:
            SnapshotException: There is no such snapshot.
        """
        digest = snapshot_id or self.get_snapshot_id()
        if digest is None:
            raise SnapshotException(
                f"Run {self.id} has no snapshot. run.take_snapshot('.') takes one;"
                " experiment.start_logging(snapshot_directory='.') does so at its start."
            )
        from azureml.core._run.reading.snapshot_files import write_zip

        return write_zip(self._service(), digest, path)

    def register_model(
        self,
        model_name: str,
        model_path: Optional[str] = None,
        tags: Optional[Dict[str, Any]] = None,
        properties: Optional[Dict[str, Any]] = None,
        model_framework: Optional[str] = None,
        model_framework_version: Optional[str] = None,
        description: Optional[str] = None,
        datasets: Optional[object] = None,
        sample_input_dataset: Optional[object] = None,
        sample_output_dataset: Optional[object] = None,
        resource_configuration: Optional[object] = None,
        **kwargs: Any,
    ) -> Model:
        """Register files of this run as the next version of a model.

        Args:
            model_name: The model's name.
            model_path: A file of the run, or a folder of its files. None: `model_name`.
            tags: Tags of this version.
            properties: Properties of this version.
            model_framework: Such as `Model.Framework.SCIKITLEARN`.
            model_framework_version: Its version.
            description: What it is.
            datasets: Accepted, as the next three.
            sample_input_dataset: Accepted.
            sample_output_dataset: Accepted.
            resource_configuration: Accepted.
            kwargs: Accepted.

        Raises:
            ModelPathNotFoundException: The run has no such files.
            WebserviceException: The name is not allowed.
        """
        from azureml.core.model import Model

        return Model._of_run(
            self._backend,
            os.fspath(model_path or model_name),
            model_name,
            tags=tags,
            properties=properties,
            description=description,
            framework=model_framework,
            framework_version=model_framework_version,
        )
