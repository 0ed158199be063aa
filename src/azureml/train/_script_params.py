"""The arguments of an estimator's script."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Union

from azureml.exceptions import TrainingException

ScriptParams = Union[Mapping[str, object], Sequence[object], None]


def arguments_of(params: Any) -> List[Any]:
    """Words from names and values, or from a list of them.

    A value that is a list becomes as many words; an empty text and None stand for a flag.

    Raises:
        TrainingException: It is neither.
    """
    if isinstance(params, (str, bytes)) or not hasattr(type(params or ()), "__iter__"):
        raise TrainingException(
            f"script_params={params!r} is {type(params).__name__}; pass a dict, for example"
            " {'--rate': 0.1}, or a list of words."
        )
    if not isinstance(params, Mapping):
        return list(params or ())
    words: List[Any] = []
    for key, value in params.items():
        words.append(key)
        if isinstance(value, (list, tuple)):
            words.extend(value)
        elif value is not None and not (isinstance(value, str) and value == ""):
            words.append(value)
    return words


def put_over(params: Any, more: Any) -> Any:
    """What is given at submit: values by name replace those of the same name; a list replaces all."""
    if more is None:
        return params
    if isinstance(params, Mapping) and isinstance(more, Mapping):
        return {**params, **more}
    return more
