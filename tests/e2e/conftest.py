"""Whole programs are started here: none may stay. Pages are looked at with a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

# No graphics processor, no calls home; without WebGL TensorBoard draws curves that can be counted.
_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-3d-apis --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-dev-shm-usage --window-size=1400,900"
)


@pytest.fixture(autouse=True)
def _nothing_stays(leaves_no_process: None) -> None:
    """Every test in this folder ends what it starts."""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A headless Chromium that nobody has used yet."""
    options = Options()
    for flag in _FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path / 'browser'}")
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield chrome
    chrome.quit()
