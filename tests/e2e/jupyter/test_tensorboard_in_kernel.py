"""TensorBoard in a notebook: how it begins, what is shown, and that it ends with the kernel."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.jupyter.conftest import Kernel, Page

WITHIN_S = 2.0

BEGIN = """
from azureml.core import Experiment, Workspace
from azureml.tensorboard import Tensorboard
ws = Workspace.from_config()
exp = Experiment(ws, "trial")
run = exp.start_logging()
run.log("loss", 0.5)
tb = Tensorboard([run], port=0)
"""


def gone(page: Page) -> bool:
    return not page.is_there()


@pytest.fixture
def page(kernel: Kernel) -> Page:
    """A TensorBoard over one run, in a fresh kernel."""
    page = kernel.run(BEGIN + "tb.start()").page
    assert page.points("loss") == {"trial/run-1": [(0, 0.5)]}
    return page


def test_stop_ends_it_and_it_may_be_started_again(kernel: Kernel, page: Page) -> None:
    kernel.run("tb.stop(); tb.stop()")
    page.until(gone, within_s=0.1)

    again = kernel.run("tb.start()").page
    assert again.points("loss")
    kernel.run("tb.stop()")
    assert gone(again)


def test_a_killed_kernel_takes_it_along(kernel: Kernel, page: Page) -> None:
    kernel.kill()
    page.until(gone, within_s=WITHIN_S)


def test_a_kernel_that_is_shut_down_takes_it_along(kernel: Kernel, page: Page) -> None:
    kernel.ask_to_shut_down()
    page.until(gone, within_s=WITHIN_S)


def test_interrupting_a_cell_does_not_end_it(kernel: Kernel, page: Page) -> None:
    cell = kernel.begin("import time; print('sleeping', flush=True); time.sleep(600)")
    kernel.wait_for_output(cell, "sleeping")
    kernel.interrupt()
    assert "KeyboardInterrupt" in kernel.finish(cell).error

    assert page.points("loss")
    assert kernel.run("tb.start()").url == page.url


def test_starting_twice_is_the_same_board(kernel: Kernel, page: Page) -> None:
    said = kernel.run("tb.start()")
    assert page.url in said.html, "whoever asks again wants to see the link again"


def test_an_address_is_shown_once(kernel: Kernel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = kernel.run(BEGIN + f"tb = Tensorboard([run], port={port})\nurl = tb.start()\nurl")
    assert (said.out, said.err, said.result) == (said.out, "", "")
    assert said.url not in said.out
    (shown,) = said.shown
    assert shown["text/html"].count("<a ") == 1
    assert shown["text/plain"] == f"TensorBoard at {said.url} (port {port} is taken)"
    again = kernel.run("url")
    assert again.shown[0]["text/plain"] == repr(said.url)
    assert kernel.run("print(type(url).__mro__[1].__name__, url)").out == f"str {said.url}\n"


def test_what_is_logged_after_the_start_is_in_the_next_answer(kernel: Kernel, page: Page) -> None:
    kernel.run("for i in range(9): run.log('loss', i)")
    assert [step for step, _ in page.points("loss")["trial/run-1"]] == [*range(10)]


def test_children_that_begin_later_appear(kernel: Kernel, page: Page) -> None:
    kernel.run(
        "child = run.child_run('fold1'); child.log('loss', 2.0); exp.start_logging().log('loss', 3)"
    )
    assert page.points("loss") == {
        "trial/run-1": [(0, 0.5)],
        "trial/run-1/fold1": [(0, 2.0)],
    }


@pytest.mark.long
def test_a_taken_port_moves_on_and_says_so(kernel: Kernel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = kernel.run(BEGIN + f"tb = Tensorboard([run], port={port}); tb.start()")
    assert f"port {port} is taken" in said.html
    assert not said.url.endswith(f":{port}/")
    assert said.page.points("loss")


@pytest.mark.long
def test_the_whole_workspace(kernel: Kernel) -> None:
    page = kernel.run(
        BEGIN
        + "Experiment(ws, 'other').start_logging().log('loss', 1); Tensorboard([], port=0).start()"
    ).page
    assert sorted(page.runs()) == ["other/run-1", "trial/run-1"]


@pytest.mark.long
def test_ids_instead_of_names(kernel: Kernel) -> None:
    said = kernel.run(
        BEGIN + "Tensorboard(run, port=0, use_display_name=False).start(); print(run.id)"
    )
    assert said.page.runs() == [said.out.split()[-1]]


def test_a_folder_and_nothing_else(kernel: Kernel) -> None:
    export = (
        "from azureml.tensorboard.export import export_to_tensorboard as export; export(run, 'x')"
    )
    said = kernel.run(f"{BEGIN}{export}\nTensorboard([], local_root='x', port=0).start()")
    assert said.page.points("loss") == {"trial/run-1": [(0, 0.5)]}


def test_a_folder_that_is_not_there_yet_is_named_and_waited_for(kernel: Kernel) -> None:
    said = kernel.run(BEGIN + "tb = Tensorboard([], local_root='later', port=0); tb.start()")
    assert str(kernel.folder / "later") in said.out + said.err
    assert said.page.runs() == []
    kernel.run("from azureml.tensorboard.export import export_to_tensorboard")
    kernel.run("run.complete(); export_to_tensorboard(run, 'later')")
    said.page.until(lambda page: page.runs() != [])
    kernel.run("tb.stop()")


# -- what a person sees ------------------------------------------------------------------------------


@pytest.mark.long
def test_a_link_is_shown(kernel: Kernel) -> None:
    said = kernel.run(BEGIN + "tb.start()")
    assert f'<a href="{said.url}" target="_blank"' in said.html


@pytest.mark.parametrize(
    ("variable", "value", "href"),
    [
        (
            "TENSORBOARD_PROXY_URL",
            "https://example.org/here/%PORT%/",
            "https://example.org/here/{}/",
        ),
        # The hub asks in its own name, so that the link has the key.
        ("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/", "/user/ada/proxy/{}/?k="),
    ],
)
def test_the_link_works_behind_a_proxy(
    start_kernel: Callable[..., Kernel], variable: str, value: str, href: str
) -> None:
    said = start_kernel(**{variable: value}).run(BEGIN + "tb.start(); tb.show()")
    port = said.url.rstrip("/").rpartition(":")[2]
    assert re.search(rf'href="{re.escape(href.format(port))}[\w-]*"', said.html)
    assert re.search(rf'src="{re.escape(href.format(port))}[\w-]*"', said.html)


@pytest.mark.long
def test_in_an_ssh_session_the_tunnel_is_said(start_kernel: Callable[..., Kernel]) -> None:
    ssh = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22", "USER": "ada"}
    said = start_kernel(**ssh).run(BEGIN + "tb.start()")
    port = said.url.rstrip("/").rpartition(":")[2]
    assert f"ssh -L {port}:localhost:{port} ada@{socket.gethostname()}" in said.html


def test_show_embeds_the_page_and_starts_it(kernel: Kernel) -> None:
    said = kernel.run(BEGIN + "tb.show(height=456)")
    assert re.search(rf'<iframe[^>]+height="456"[^>]+src="{re.escape(said.url)}"', said.html)
    assert said.page.points("loss")


# -- what has no data yet ----------------------------------------------------------------------------


def test_a_run_without_data_is_said_with_its_state(kernel: Kernel) -> None:
    said = kernel.run(BEGIN + "Tensorboard([exp.start_logging()], port=0).start()")
    assert "trial/run-2 has no data yet (Running)" in said.out


@pytest.mark.long
def test_many_runs_without_data_are_few_lines(kernel: Kernel) -> None:
    said = kernel.run(
        BEGIN + "[run.child_run(f'c{i}') for i in range(50)]\n"
        "empty = [exp.start_logging() for i in range(50)]\n"
        "empty[0].complete()\n"
        "Tensorboard([run, *empty], port=0).start()"
    )
    lines = [line for line in said.out.splitlines() if "no data yet" in line]
    assert len(lines) == 1, said.out
    assert "50 runs have no data yet (1 Completed, 49 Running)" in lines[0]
    assert len(said.out) < 1000
