"""Takes the pictures of pages in docs/server.md, of a history that is made up for them.

Needs chromium and chromium-driver. Look at each picture before it is committed.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from trackboard.launch.request import Request
from trackboard.model import Compute, RunId
from trackboard.service import open_service

DOCS = Path(__file__).parents[1] / "docs"
COLORS = 160  # of a picture: letters and lines, and a few curves
WIDE, PHONE = (1180, 720), (390, 760)
READY_S = 1.5  # until a page has drawn its charts and heard from the stream
RUNS = 24
_SHOW_HOME = """
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const text = texts.currentNode;
  text.nodeValue = text.nodeValue.replace(arguments[0], "/home/me/digits");
}
"""
RATES, OPTIMIZERS = (0.1, 0.03, 0.01, 0.003), ("adam", "sgd")


class Picture(NamedTuple):
    """A page as somebody sees it."""

    name: str
    address: str
    is_dark: bool = False
    size: tuple[int, int] = WIDE


PICTURES = (
    Picture("experiments", ""),
    Picture(
        "runs",
        "runs?experiment=digits&column=loss.min&column=accuracy.max&column=params.lr&column=params.optimizer"
        "&order=-loss.min&pin=r3&baseline=r3",
    ),
    Picture(
        "groups",
        "runs?experiment=digits&group=params.lr&group=params.optimizer&column=loss.min&order=-loss.min",
        is_dark=True,
    ),
    Picture("run", "runs/r5", is_dark=True),
    Picture("log", "runs/r5/log?path=logs/train.txt&find=epoch+1%5Cd"),
    Picture("files", "runs/r5/files", is_dark=True),
    Picture("compare", "compare?run=r3&run=r5&run=r9", is_dark=True),
    Picture("charts", "charts?experiment=digits&limit=8"),
    Picture("compute", "compute"),
    Picture("trash", "trash", is_dark=True),
    Picture("api", "api/v1"),
    Picture("phone-runs", "runs?experiment=digits&column=loss.min", size=PHONE),
    Picture("phone-run", "runs/r5", is_dark=True, size=PHONE),
)


def make_history(folder: Path) -> None:
    """Record what the pictures show."""
    chance = random.Random(1)
    service = open_service(folder)
    recorder = service.recorder()
    for number in range(RUNS):
        rate, optimizer = RATES[number % 4], OPTIMIZERS[number // 4 % 2]
        run = recorder.create_run("digits", run_id=f"r{number}", name=f"try {number}")
        run.set_parameters({"lr": rate, "optimizer": optimizer, "layers": 2 + number % 3})
        run.set_tag("team", "vision")
        floor = 0.1 + abs(math.log10(rate) + 2) / 4 + 0.1 * (optimizer == "sgd")
        lines = []
        for step in range(120):
            loss = floor + 2 * math.exp(-step * rate * 3) + chance.gauss(0, 0.03)
            run.log({"train/loss": loss, "loss": loss * 1.1, "accuracy": 1 - loss / 3}, step=step)
            lines.append(f"epoch {step:3}  loss \x1b[36m{loss:.4f}\x1b[0m  rate {rate}\n")
        run.append_bytes("logs/train.txt", 0, "".join(lines).encode())
        run.add_file("outputs/model.bin", *run.put_file(io.BytesIO(bytes(200_000))))
        run.add_file("outputs/labels.csv", *run.put_file(io.BytesIO(b"digit,count\n0,178\n")))
        if number == 7:
            run.fail("ValueError: the loss is NaN at step 119")
        elif number < RUNS - 1:
            run.complete()
    for number in range(3):
        recorder.create_run("letters", run_id=f"d{number}", name=f"draft {number}").complete()
    stored = service.now()
    note = "Best so far: **lr 0.01** with adam. Next: more layers."
    stored.runs.set_description(RunId("r5"), note)
    stored.trash.delete([RunId("d0")])
    stored.compute.set(
        Compute("gpu-cluster", "AmlCompute", "two machines", 0, 0, 0, time.time(), {})
    )
    source = folder / "source"
    source.mkdir()
    (source / "train.py").write_text("print(1)\n")
    for name in ("long", "short"):
        request = Request(
            "digits", source, "train.py", ["--epochs", "90"], compute="gpu-cluster", name=name
        )
        stored.jobs.submit(request)
    service.now()
    recorder.close()
    service.close()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of the pages, within a `with` block."""
    words = [sys.executable, "-m", "trackboard", "up", "--port", "0", "--json", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield str(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def browsing() -> Iterator[Chrome]:
    """A browser, within a `with` block."""
    options = Options()
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ):
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or "chromium"
    chrome = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield chrome
    finally:
        chrome.quit()


def take(chrome: Chrome, url: str, picture: Picture, folder: Path) -> bytes:
    """A picture in few colours, as PNG, in which the folder is somebody's own."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if picture.is_dark else "light"}
    width, height = picture.size
    size = {
        "width": width,
        "height": height,
        "deviceScaleFactor": 1,
        "mobile": picture.size == PHONE,
    }
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chrome.get(url + picture.address)
    time.sleep(READY_S)
    chrome.execute_script(_SHOW_HOME, str(folder))
    plain = Image.open(io.BytesIO(chrome.get_screenshot_as_png())).convert("RGB")
    packed = io.BytesIO()
    plain.quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        packed, "PNG", optimize=True
    )
    return packed.getvalue()


def main() -> None:
    """Take all pictures, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of pictures; all without it")
    parser.add_argument("--into", type=Path, default=DOCS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "digits-and-letters"
        folder.mkdir()
        make_history(folder)
        with serving(folder) as url, browsing() as chrome:
            for each in PICTURES:
                if not given.names or each.name in given.names:
                    path = given.into / f"server-{each.name}.png"
                    path.write_bytes(take(chrome, url, each, folder))
                    print(f"{path.stat().st_size / 1e3:6.0f} kB  {path}")


if __name__ == "__main__":
    main()
