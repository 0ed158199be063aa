"""The live page beside a person who is doing something in it, and with more runs than TensorBoard selects."""

from __future__ import annotations

import io
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver import ActionChains, Chrome
from tensorboardX import SummaryWriter
from tensorboardX.proto.summary_pb2 import Summary
from tests.waiting import until

from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show

pytestmark = pytest.mark.long  # four pages of a browser, each watched for a while

# The elements of TensorBoard's page that are shown; `Dom` is the live page's own.
SHOWN = """
const inside = document.getElementById("frame").contentDocument;
const shown = name => [...Dom.everything(inside)].filter(e => e.localName === name && Dom.isShown(e));
"""
RELOADS_S = 3.0  # the page looks every two
WAITS = "New data waits"


def beep(number: int) -> Summary:
    """A sound of two seconds."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(np.full(16_000, number, np.int16).tobytes())
    audio = Summary.Audio(
        sample_rate=8000,
        num_channels=1,
        length_frames=16_000,
        encoded_audio_string=file.getvalue(),
        content_type="audio/wav",
    )
    return Summary(value=[Summary.Value(tag="beep", audio=audio)])


class Writer:
    """Event files that somebody goes on writing, a step at a time."""

    def __init__(self, folder: Path) -> None:
        self._writer = SummaryWriter(str(folder / "live"), flush_secs=0.1)
        self.step = -1

    def write(self) -> None:
        self.step += 1
        number = self.step
        self._writer.add_image("fig", np.full((3, 8, 8), number * 20, np.uint8), number)
        self._writer.file_writer.add_summary(beep(number), number)
        self._writer.add_text("note", f"text {number}", number)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path / "logs")
    for _ in range(4):
        writer.write()
    yield writer
    writer.close()


@pytest.fixture
def board(tmp_path: Path, writer: Writer) -> Iterator[BoardProcess]:  # noqa: ARG001 (writes it)
    board = BoardProcess.start(Show(log_folder=tmp_path / "logs"), port=0)
    yield board
    board.stop()


def ask(browser: Chrome, script: str) -> Any:
    return browser.execute_script(SHOWN + script)


def open_tab(browser: Chrome, board: BoardProcess, tab: str, element: str) -> None:
    browser.get(f"{board.url}#{tab}")
    until(lambda: ask(browser, f"return shown('{element}').length > 0"), f"no {element}")


def line(browser: Chrome) -> str:
    text: str = browser.execute_script("return document.getElementById('said').textContent")
    return text


def test_a_step_slider_stays_where_a_person_put_it(
    browser: Chrome, board: BoardProcess, writer: Writer
) -> None:
    first = "const [it] = shown('tf-image-loader'); "
    steps = f"{first} return it._steps?.map(s => s.step) ?? []"
    at = f"{first} return it._steps[it._stepIndex].step"
    move = f"{first} it.shadowRoot.querySelector('#steps').value = "
    open_tab(browser, board, "images", "tf-image-loader")
    until(lambda: ask(browser, steps) == [0, 1, 2, 3], "no steps")
    ask(browser, f"{move} 1")
    writer.write()
    until(lambda: line(browser).startswith(f"{WAITS} while a step slider"), "nothing is said")
    seen = set()
    for _ in range(10):
        time.sleep(RELOADS_S / 10)
        seen.add(ask(browser, at))
    assert seen == {1}
    ask(browser, f"{move} 3")
    until(lambda: ask(browser, at) == 4, "it does not go on")
    until(lambda: line(browser) == "", "it says so still")


def test_a_slider_that_is_moved_while_a_reload_is_under_way_is_put_back(
    browser: Chrome, board: BoardProcess, writer: Writer
) -> None:
    first = "const [it] = shown('tf-image-loader'); "
    open_tab(browser, board, "images", "tf-image-loader")
    until(lambda: ask(browser, first + "return it._steps?.length") == 4, "no steps")
    writer.write()
    until(lambda: ask(browser, first + "return it._steps.length") == 5, "no reload")
    # As if the answer had been slower than the hand, by as much as one look of the guard.
    script = """const [it] = shown('tf-image-loader');
        new Doing(document.getElementById('frame')).guard();
        it._stepIndex = 2;
        setTimeout(() => { it._steps = [...it._steps]; it._stepIndex = 4; }, 500);"""
    ask(browser, script)
    time.sleep(1)
    assert ask(browser, first + "return it._stepIndex") == 2


def test_a_sound_that_plays_and_a_text_that_is_selected_are_left_alone(
    browser: Chrome, board: BoardProcess, writer: Writer
) -> None:
    open_tab(browser, board, "audio", "audio")
    ActionChains(browser).move_by_offset(80, 30).click().perform()  # pages play for people only
    ask(
        browser,
        "const [it] = shown('audio'); it.muted = true; it.loop = true; it.play(); window.it = it",
    )
    until(lambda: ask(browser, "return it.currentTime > 0"), "it does not play")
    writer.write()
    until(lambda: line(browser).startswith(f"{WAITS} while a player"), "nothing is said")
    time.sleep(RELOADS_S)
    assert ask(
        browser, "return it.isConnected && !it.paused && !it.error && shown('audio')[0] === it"
    )
    ask(browser, "it.pause(); it.currentTime = 0")
    until(lambda: line(browser) == "", "it does not go on")

    browser.execute_script("document.getElementById('frame').contentWindow.location.hash = '#text'")
    paragraphs = """const [it] = shown('tf-text-loader');
        const all = [...Dom.everything(it.shadowRoot)].filter(e => e.localName === 'p');"""
    texts = f"{paragraphs} return all.map(p => p.textContent)"
    until(lambda: ask(browser, "return shown('tf-text-loader').length > 0"), "no text")
    until(lambda: "text 4" in ask(browser, texts), lambda: str(ask(browser, texts)))
    select = f"""{paragraphs} [window.text] = all;
        inside.getSelection().selectAllChildren(text);
        return String(inside.getSelection());"""
    chosen = ask(browser, select)
    assert chosen.startswith("text ")
    writer.write()
    until(lambda: line(browser).startswith(f"{WAITS} while text is selected"), "nothing is said")
    time.sleep(RELOADS_S)
    assert ask(browser, "return [String(inside.getSelection()), text.isConnected]") == [
        chosen,
        True,
    ]
    ask(browser, "inside.getSelection().removeAllRanges()")
    until(lambda: "text 5" in ask(browser, texts), lambda: str(ask(browser, texts)))


def test_many_runs_do_not_blank_a_dashboard(browser: Chrome, tmp_path: Path) -> None:
    """The newest 40 that have data for it are selected; what a person ticks counts on."""
    for number in range(47):
        with SummaryWriter(str(tmp_path / "logs" / f"run-{number:02}")) as writer:
            has_image = number < 43  # the newest four have none
            writer.add_scalar("loss", 1.0, 0, walltime=1e9 + number)
            if has_image:
                writer.add_image("fig", np.zeros((3, 8, 8), np.uint8), 0, walltime=1e9 + number)
    selected = "return shown('tf-multi-checkbox')[0]?.outSelected ?? []"
    board = BoardProcess.start(Show(log_folder=tmp_path / "logs"), port=0)
    try:
        open_tab(browser, board, "images", "tf-image-loader")
        newest = [f"run-{number:02}" for number in range(3, 43)]
        until(lambda: sorted(ask(browser, selected)) == newest, lambda: str(ask(browser, selected)))
        until(
            lambda: line(browser).startswith("7 of 47 runs are not selected"), lambda: line(browser)
        )
        ask(
            browser,
            """const [list] = shown('tf-multi-checkbox');
            for (const name of ['run-00', 'run-42']) {
              const [box] = [...Dom.everything(list.shadowRoot)].filter(
                e => e.localName === 'paper-checkbox' && e.name === name);
              box.click();
            }""",
        )
        until(lambda: "run-00" in ask(browser, selected), "a tick does not count")
        assert sorted(ask(browser, selected)) == ["run-00", *newest[:-1]]
        browser.execute_script(
            "document.getElementById('frame').contentWindow.location.hash = '#scalars'"
        )
        until(lambda: "run-46" in ask(browser, selected), "the next tab is blank")
        browser.execute_script("document.getElementById('dismiss').click()")
        until(lambda: line(browser) == "", "it cannot be dismissed")
    finally:
        board.stop()
