"""What TensorBoard's plugins have to be told: they fail where a parameter is missing or no number.

Its page always says all of it. Others get a 400 that names what is wrong, instead of a 500.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping

from trackboard.board import tensorboard_internals
from trackboard.errors import UsageError

_PLUGINS = "/data/plugin/"
_NEEDED = re.compile(r".+", re.DOTALL)
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_WORDS = {_NEEDED: "is missing", _WHOLE: "is no whole number", _NUMBER: "is no number"}

_RUN = {"run": _NEEDED}
_RUN_AND_TAG = {"run": _NEEDED, "tag": _NEEDED}
_SAMPLES = {**_RUN_AND_TAG, "sample": _WHOLE}
_RANGE = {**_RUN, "begin": _WHOLE, "end": _WHOLE}
PARAMETERS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "audio/audio": _SAMPLES,
    "audio/individualAudio": {"blob_key": _NEEDED, "content_type": _NEEDED},
    "custom_scalars/download_data": {**_RUN_AND_TAG, "format": _NEEDED},
    "custom_scalars/scalars": _RUN_AND_TAG,
    "debugger-v2/alerts": _RANGE,
    "debugger-v2/execution/data": _RANGE,
    "debugger-v2/execution/digests": _RANGE,
    "debugger-v2/graph_execution/data": _RANGE,
    "debugger-v2/graph_execution/digests": _RANGE,
    "debugger-v2/graphs/graph_info": {**_RUN, "graph_id": _NEEDED},
    "debugger-v2/graphs/op_info": {**_RUN, "graph_id": _NEEDED, "op_name": _NEEDED},
    "debugger-v2/source_files/file": {**_RUN, "index": _WHOLE},
    "debugger-v2/source_files/list": _RUN,
    "debugger-v2/stack_frames/stack_frames": {**_RUN, "stack_frame_ids": _NEEDED},
    "distributions/distributions": _RUN_AND_TAG,
    "graphs/graph": {**_RUN, "limit_attr_size": _WHOLE},
    "graphs/run_metadata": _RUN_AND_TAG,
    "histograms/histograms": _RUN_AND_TAG,
    "hparams/download_data": {
        "request": _NEEDED,
        "format": _NEEDED,
        "columnsVisibility": _NEEDED,
    },
    "images/images": _SAMPLES,
    "images/individualImage": {"blob_key": _NEEDED},
    "mesh/data": {**_SAMPLES, "content_type": _NEEDED, "step": _NUMBER},
    "mesh/meshes": _RUN_AND_TAG,
    "pr_curves/pr_curves": _RUN_AND_TAG,
    "projector/bookmarks": {**_RUN, "name": _NEEDED},
    "projector/info": _RUN,
    "projector/metadata": {**_RUN, "name": _NEEDED, "num_rows": _WHOLE},
    "projector/sprite_image": {**_RUN, "name": _NEEDED},
    "projector/tensor": {**_RUN, "name": _NEEDED, "num_rows": _WHOLE},
    "scalars/scalars": _RUN_AND_TAG,
    "text/text": _RUN_AND_TAG,
    "timeseries/imageData": {"imageId": _NEEDED},
}
_PROVIDERS = f"{__name__.rpartition('.web.')[0]}."
_NOT_PROVIDERS = (f"{_PROVIDERS}web.", tensorboard_internals.__name__)
_MISUSE = (LookupError, ValueError, TypeError, ArithmeticError)


def check_parameters(route: str, given: Mapping[str, str]) -> None:
    """Refuse what TensorBoard could not answer.

    Args:
        route: The path of one of its plugins, or any other.
        given: The query, the first value of each name.

    Raises:
        UsageError: A parameter is missing, or no number.
    """
    for name, form in PARAMETERS.get(route.removeprefix(_PLUGINS), {}).items():
        value = given.get(name)
        if value is None and form is not _NEEDED:
            continue
        if not form.fullmatch(value or ""):
            word = _WORDS[form] if value else _WORDS[_NEEDED]
            raise UsageError(
                f"{route}: the parameter {name!r} {word}",
                hint=f"It is {value[:80]!r}." if value else "",
            )


def is_misuse(error: Exception) -> bool:
    """Whether TensorBoard's own code failed, or reading the request did: the request is to blame.

    Errors that come out of a data provider of ours, or of what it calls, are not of this kind.
    """
    frames = [
        frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)
    ]
    in_provider = any(
        name.startswith(_PROVIDERS) and not name.startswith(_NOT_PROVIDERS) for name in frames
    )
    if in_provider:
        return False
    in_tensorboard = any(name.startswith("tensorboard.") for name in frames)
    return isinstance(error, RecursionError) or (in_tensorboard and isinstance(error, _MISUSE))
