"""The TensorFlow estimator: a ScriptRunConfig under an older name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Tuple, Union

from azureml import _guard as _guard
from azureml.core.script_run_config import ScriptRunConfig
from azureml.exceptions import TrainingException

if TYPE_CHECKING:
    from azureml.core.compute import ComputeTarget
    from azureml.core.experiment import Experiment


class TensorFlow:
    """A TensorFlow script and where it runs.

    Args:
        source_directory: Folder that is copied to the job.
        compute_target: A compute target or its name.
        entry_script: The script's path in that folder.
        script_params: Arguments: a dict (an empty text or None stands for a flag) or a list. The SDK
            crashed on a list, which one of the articles passes.

    Raises:
        TrainingException: There is no compute target or no script.

    Source: article, "Submit run with TensorFlow estimator".
    """

    _submit_arguments: Tuple[str, ...] = ()

    def __init__(
        self,
        source_directory: str,
        *,
        compute_target: Union[ComputeTarget, str, None] = None,
        entry_script: Optional[str] = None,
        script_params: Union[Mapping[str, object], Sequence[object], None] = None,
        **kwargs: Any,
    ) -> None:
        if compute_target is None:
            raise TrainingException(
                "TensorFlow(...) needs compute_target: a compute target, or 'local'."
            )
        if not entry_script:
            raise TrainingException(
                "TensorFlow(...) needs entry_script, a file in source_directory."
            )
        if kwargs:
            raise TrainingException(
                f"TensorFlow(...): {', '.join(sorted(kwargs))} cannot be used yet."
            )
        self.source_directory = source_directory
        self._config = ScriptRunConfig(
            source_directory=source_directory,
            script=entry_script,
            arguments=_arguments(script_params),
            compute_target=compute_target,
        )

    def _submit(self, experiment: Experiment, tags: Mapping[str, Any], **how: Any) -> Any:
        return self._config._submit(experiment, tags, **how)


def _arguments(params: Union[Mapping[str, object], Sequence[object], None]) -> List[object]:
    if not isinstance(params, Mapping):
        return list(params or ())
    words: List[object] = []
    for key, value in params.items():
        words.append(key)
        if isinstance(value, (list, tuple)):
            words.extend(value)
        elif value is not None and value != "":
            words.append(value)
    return words
