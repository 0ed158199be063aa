"""Every page, light and dark, as axe-core sees it: WCAG 2.2 AA and good practice, without any finding."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from tests.browsing import complaints, text
from tests.every_state import record_every_state
from tests.prerequisites import require
from tests.waiting import until

from trackboard.service import LocalService
from trackboard.workspace import Workspace

LOG = "runs/all/log?path=logs/a.txt"
MAIN = ("runs?open=all&pin=failed&baseline=all&column=loss", "runs/all", "charts")
OTHERS = (
    *("", "runs", "runs?group=state&column=loss", "runs/failed", "runs/job", LOG, f"{LOG}&find=t"),
    *("compare?run=all&run=failed", "compute", "trash", "api/v1"),
)  # fmt: skip
REFUSALS = ("nothing", "runs?where=loss+%3C%3C+3")  # the browser says that they failed
EVERYTHING = {
    "rules": {"target-size": {"enabled": True}}
}  # of WCAG 2.2, which is off as it is delivered
_FIND = """
const done = arguments[arguments.length - 1];
axe.run(document, arguments[0]).then(
  (found) => done(found.violations.map((each) => [each.id, each.help, each.nodes.map((node) => node.html)])),
  (error) => done([["error", String(error), []]]));
"""


def set_scheme(browser: Chrome, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def findings(browser: Chrome, axe: str, options: dict[str, Any]) -> list[Any]:
    browser.execute_script(axe)
    found: list[Any] = browser.execute_async_script(_FIND, options)
    return found


@pytest.fixture
def _every_state(workspace: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "code"
    source.mkdir()
    record_every_state(LocalService(workspace), source)


def check(browser: Chrome, url: str, addresses: Iterable[str]) -> None:
    axe = Path(require("axe-core")).read_text("utf-8")
    browser.set_script_timeout(60)
    wrong = []
    for address in addresses:
        browser.get(url + address)
        for scheme in ("light", "dark"):
            set_scheme(browser, scheme)
            rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else EVERYTHING
            found = findings(browser, axe, rules)
            wrong += [f"{address} ({scheme}): {each}" for each in found]
        said = complaints(browser)
        assert address in REFUSALS or said == [], (address, said)
    assert wrong == [], "\n".join(wrong)


@pytest.mark.usefixtures("_every_state")
def test_no_main_page_keeps_anybody_out(browser: Chrome, url: str) -> None:
    check(browser, url, MAIN)
    axe = Path(require("axe-core")).read_text("utf-8")
    browser.get(f"{url}runs")
    browser.find_element(By.NAME, "where").send_keys("o", Keys.ARROW_DOWN)
    until(lambda: text(browser, ".names:not([hidden]) li") != "", "no name is offered")
    browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert findings(browser, axe, EVERYTHING) == []
    browser.find_element(By.ID, "show-keys").click()
    assert findings(browser, axe, EVERYTHING) == []


@pytest.mark.long
@pytest.mark.usefixtures("_every_state")
def test_no_page_keeps_anybody_out(browser: Chrome, url: str) -> None:
    check(browser, url, (*OTHERS, *REFUSALS))
