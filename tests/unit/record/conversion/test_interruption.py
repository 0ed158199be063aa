"""What a signal handler raises while a value is recorded reaches the script; nothing is stored twice."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from azureml.core import Experiment
from azureml.core import Workspace as SdkWorkspace
from trackboard import Workspace
from trackboard.record.conversion.interruption import pass_on_interruption
from trackboard.spool import SpoolWriter

SIGNAL = signal.SIGUSR1


class TimeIsUp(Exception):
    """A script's own."""


def function(_number: int, _frame: FrameType | None) -> None:
    raise TimeIsUp


def any_number(*_: object) -> None:
    raise TimeIsUp


def with_more(said: str, _number: int, _frame: FrameType | None) -> None:
    raise TimeIsUp(said)


def gives_up_its_place(_number: int, _frame: FrameType | None) -> None:
    signal.signal(_number, signal.SIG_DFL)
    raise TimeIsUp


def calls_others(_number: int, _frame: FrameType | None) -> None:
    any_number()


class Handler:
    def method(self, _number: int, _frame: FrameType | None) -> None:
        raise TimeIsUp

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        raise TimeIsUp


HANDLERS: dict[str, Callable[[int, FrameType | None], Any]] = {
    "function": function,
    "any number of arguments": any_number,
    "partial": functools.partial(with_more, "now"),
    "method": Handler().method,
    "object": Handler(),
    "lambda": lambda number, frame: function(number, frame),
    "gives up its place": gives_up_its_place,
    "calls others": calls_others,
}


class Slow:
    """Is waited for, and a signal comes meanwhile."""

    def _wait(self) -> Any:
        signal.raise_signal(SIGNAL)
        raise AssertionError("the signal did nothing")

    __float__ = __index__ = __iter__ = __repr__ = _wait


class SlowFigure:
    def savefig(self, *_: object, **__: object) -> None:
        signal.raise_signal(SIGNAL)


class SlowPage:
    def to_html(self) -> str:
        signal.raise_signal(SIGNAL)
        raise AssertionError("the signal did nothing")


class Wrapping(Slow):
    """Raises its own kind of error for whatever happens in it."""

    def _wrap(self) -> Any:
        try:
            signal.raise_signal(SIGNAL)
        except TimeIsUp as error:
            raise RuntimeError("the device was interrupted") from error

    __float__ = __index__ = __iter__ = __repr__ = _wrap


@pytest.fixture(autouse=True)
def _handled() -> Iterator[None]:
    before = signal.signal(SIGNAL, function)
    yield
    signal.signal(SIGNAL, before)


CALLS: dict[str, tuple[Callable[[Any], object], Callable[[Any], object]]] = {
    "value": (lambda run: run.log("m", Slow()), lambda run: run.log("m", Slow())),
    "step": (
        lambda run: run.log("m", 1.0, step=Slow()),
        lambda run: run.log("m", 1.0, step=Slow()),
    ),
    "cell": (lambda run: run.log_row("t", {"c": Slow()}), lambda run: run.log_row("t", c=Slow())),
    "column": (
        lambda run: run.log_table("t", {"c": Slow()}),
        lambda run: run.log_table("t", {"c": Slow()}),
    ),
    "figure": (
        lambda run: run.log_figure("i", SlowFigure()),
        lambda run: run.log_image("i", plot=SlowFigure()),
    ),
    "histogram": (
        lambda run: run.log_histogram("h", [Slow()]),
        lambda run: run.log("h", Slow()),
    ),
    "page": (
        lambda run: run.log_html("h", SlowPage()),
        lambda run: run.log("h", Slow()),
    ),
    "JSON": (
        lambda run: run.log_dict("d.json", {"a": Slow()}),
        lambda run: run.log_confusion_matrix("d", {"a": Slow()}),
    ),
}  # by our own names, and by the SDK's


@pytest.fixture
def doors(empty_folder: Path) -> Iterator[list[Any]]:
    """A run of our own, and one under the SDK's names."""
    workspace = Workspace.open(empty_folder / "w")
    sdk = SdkWorkspace.from_config()
    with workspace.start_run("own", capture=False) as own:
        yield [own, Experiment(sdk, "sdk").start_logging()]
    workspace.close()
    sdk._service.recorder().close()
    sdk._service.close()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_time_limit_reaches_the_script(
    doors: list[Any], call: tuple[Callable[[Any], object], ...]
) -> None:
    for run, log in zip(doors, call, strict=True):
        with pytest.raises(TimeIsUp):
            log(run)


def test_it_reaches_the_script_through_the_error_of_a_library(doors: list[Any]) -> None:
    for run in doors:
        with pytest.raises(RuntimeError, match="was interrupted"):
            run.log("m", Wrapping())


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_whatever_handles_it(handler: Callable[[int, FrameType | None], Any]) -> None:
    signal.signal(SIGNAL, handler)
    with pytest.raises(TimeIsUp):  # noqa: PT012
        try:
            signal.raise_signal(SIGNAL)
        except Exception as error:  # noqa: BLE001
            pass_on_interruption(error)


def test_errors_of_values_pass_nobody() -> None:
    def rude(flag: bool, number: int, value: object) -> None:
        raise ValueError(flag, number, value)

    try:
        rude(True, 1, 2.0)
    except ValueError as error:
        pass_on_interruption(error)


@pytest.mark.parametrize("value", [1.0, 1, True, "text", b"bytes", [1, 2]], ids=repr)
def test_nothing_is_stored_twice_when_the_signal_comes_behind_the_record(
    doors: list[Any], monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    """Threads at work make that moment likely: the record is written, the call has not returned."""
    for run in doors:
        returned = 0

        def interrupt_behind(append: Callable[..., None]) -> Callable[..., None]:
            def appended(*arguments: Any) -> None:
                nonlocal returned
                append(*arguments)
                returned += 1
                signal.raise_signal(SIGNAL)

            return appended

        with monkeypatch.context() as patch:
            for name in ("append_float", "append_int", "append_event"):
                patch.setattr(SpoolWriter, name, interrupt_behind(getattr(SpoolWriter, name)))
            with pytest.raises(TimeIsUp):
                run.log("m", value)
        assert returned == 1
