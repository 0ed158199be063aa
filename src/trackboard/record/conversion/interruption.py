"""Tells what a signal handler raised from what a value raised when it was asked.

A handler may raise at any bytecode: a time limit's TimeoutError arrives while a tensor is waited for as well.
It is the script's own and must reach it; a value that says no must not end a training.
"""

from __future__ import annotations

from types import FrameType

_TAKES_ANY_NUMBER = 0x04  # a code object's flag for `*args`, as `inspect.CO_VARARGS`


def pass_on_interruption(error: BaseException) -> None:
    """Raise an exception again if a signal handler raised it; otherwise do nothing.

    Args:
        error: What came out of somebody else's code.
    """
    if _is_of_handler(error) or (error.__cause__ is not None and _is_of_handler(error.__cause__)):
        raise error


def _is_of_handler(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None:
        if _is_handler(trace.tb_frame):
            return True
        trace = trace.tb_next
    return False


def _is_handler(frame: FrameType) -> bool:
    """Whether a frame was called with the number of a signal and a frame, as only handlers are."""
    code, given = frame.f_code, frame.f_locals
    arguments = [given.get(name) for name in code.co_varnames[: code.co_argcount]]
    if code.co_flags & _TAKES_ANY_NUMBER:
        rest = given.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount])
        arguments.extend(rest if isinstance(rest, tuple) else ())
    kinds = [type(argument) for argument in arguments]  # as `isinstance` asks a value for its class
    return any(
        issubclass(kinds[at], int) and kinds[at + 1] is FrameType for at in range(len(kinds) - 1)
    )
