"""What pages cost in a browser: until they are painted, and what they fetch."""

from __future__ import annotations

import contextlib
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

QUIET_S = 2.0  # nothing more is fetched
_FETCHED = """
return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((sum, each) => sum + each.transferSize, 0)
"""


@contextlib.contextmanager
def browsing() -> Iterator[Chrome | None]:
    """A fresh Chromium; None where there is none."""
    from selenium.webdriver import Chrome
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or browser is None:
        print("no page is painted: chromium and chromedriver are missing")
        yield None
        return
    options = Options()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.binary_location = browser
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


def painted_ms(urls: Mapping[str, str], rounds: int) -> dict[str, float]:
    """Until Chromium has painted a page; empty where there is none."""
    from selenium.common.exceptions import WebDriverException

    paint = "return performance.getEntriesByName('first-contentful-paint')[0].startTime"
    spent: dict[str, list[float]] = {name: [] for name in urls}
    with browsing() as chrome:
        if chrome is None:
            return {}
        for _ in range(rounds + 1):
            for name, url in urls.items():
                chrome.get(url)
                for _ in range(200):
                    with contextlib.suppress(WebDriverException):
                        spent[name].append(float(chrome.execute_script(paint)))
                        break
                    time.sleep(0.02)
    return {name: statistics.median(each[1:]) for name, each in spent.items()}


def weight_kb(urls: Mapping[str, str]) -> dict[str, float]:
    """What a page makes a fresh browser fetch, in kB, until nothing more comes; empty without one."""
    weights = {}
    for name, url in urls.items():
        with browsing() as chrome:
            if chrome is None:
                return {}
            chrome.get(url)
            before, fetched = -1.0, 0.0
            while before != fetched:
                before = fetched
                time.sleep(QUIET_S)
                fetched = float(chrome.execute_script(_FETCHED))
            weights[name] = fetched / 1e3
    return weights
