"""Charts of `trackboard up` in a real browser: zoom, hover, axes, their address, and how many are drawn."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from tests.browsing import complaints, text
from tests.waiting import until

from trackboard.workspace import Workspace

RUNS, POINTS, NAMES = 3, 3000, 120
MOST_MOUNTED = 20


def find(browser: Chrome, selector: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, selector)


def mounted(browser: Chrome) -> int:
    return len(browser.find_elements(By.CSS_SELECTOR, ".plot .uplot"))


def colors(browser: Chrome, selector: str, name: str) -> list[str]:
    """Read in one go: TensorBoard may draw its table anew at any moment."""
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])]"
        ".map((each) => getComputedStyle(each)[arguments[1]])",
        selector,
        name,
    )
    return found


def smoothed(values: Sequence[float | None], weight: float) -> list[float | None]:
    """Each value is the mean of those up to it, one weighing `weight` times as much as the next one."""
    found: list[float | None] = []
    for end in range(1, len(values) + 1):
        known = [value for value in values[:end] if value is not None]
        weights = [weight**age for age in reversed(range(len(known)))]
        mean = sum(map(float.__mul__, known, weights)) / sum(weights)
        found.append(None if values[end - 1] is None else mean)
    return found


def check_smoothing(browser: Chrome, url: str) -> None:
    values = [3.0, 1.0, None, 4.0, 1.5]
    found = browser.execute_async_script(
        "const [at, values, weight, done] = arguments;"
        "import(at).then((curves) => done(curves.smooth(values, weight)))",
        f"{url}assets/curves.js",
        values,
        0.6,
    )
    assert found == pytest.approx(smoothed(values, 0.6))


def drag(browser: Chrome, over: WebElement, begin: float, end: float) -> None:
    """Drag over a part of a chart, from one share of its width to another."""
    width = over.size["width"]
    actions = ActionChains(browser)
    actions.move_to_element_with_offset(over, int((begin - 0.5) * width), 0).click_and_hold()
    actions.move_to_element_with_offset(over, int((end - 0.5) * width), 0).release().perform()


def test_charts_are_zoomed_followed_and_lit(
    browser: Chrome, workspace: Workspace, url: str
) -> None:
    lives = [
        workspace.recorder().create_run("digits", run_id=f"r{number}", name=f"try {number}")
        for number in range(RUNS)
    ]
    for number, run in enumerate(lives):
        for step in range(POINTS):
            run.log("train/loss", number + 1 / (step + 1), step=step)
        run.log("val/acc", float("nan"))
    workspace.drain()
    browser.get(f"{url}charts")
    loss = "[data-metric='train/loss']"
    until(lambda: mounted(browser) == 2, "the charts are not drawn")
    assert text(browser, f"{loss} .said") == "900 of 9,000 points, all peaks"
    assert "3 NaN" in text(browser, "[data-metric='val/acc'] .said")
    assert text(browser, ".group > summary") == "train (1) val (1)"

    over = find(browser, f"{loss} .u-over")
    drag(browser, over, 0.5, 0.6)
    until(lambda: "of 9,000 in all" in text(browser, f"{loss} .said"), "it is not zoomed")
    assert "points · of" in text(browser, f"{loss} .said"), "every point of the part is drawn"
    zoomed = text(browser, f"{loss} .said")
    lives[0].log("train/loss", 0.5, step=POINTS)
    until(
        lambda: "of 9,001 in all" in text(browser, f"{loss} .said"), "what is new is not followed"
    )
    assert zoomed.partition(" ")[0] == text(browser, f"{loss} .said").partition(" ")[0]
    ActionChains(browser).double_click(over).perform()
    until(lambda: text(browser, f"{loss} .said").startswith("900 of 9,001"), "it is not as before")

    ActionChains(browser).move_to_element_with_offset(
        over, 0, over.size["height"] // 2 - 4
    ).perform()
    until(lambda: "try 0" in text(browser, ".lit"), "the run under the pointer is not lit")
    assert text(browser, f"{loss} .tip").startswith("digits/try 0 · step ")
    find(browser, "#charts > .group > summary").click()  # elsewhere

    find(browser, ".chart-controls input[type=search]").send_keys("loss")
    for box in browser.find_elements(By.CSS_SELECTOR, ".chart-controls input[type=checkbox]")[1:]:
        box.click()
    find(browser, "#chart-x option[value=relative]").click()
    address = browser.current_url
    assert address.partition("?")[2] == "metric=loss&logy=1&band=1&x=relative"
    find(browser, "#charts > .group > summary").click()
    until(lambda: "mean, deviation and extremes of 3 runs" in text(browser, ".said"), "no band")
    browser.get(address)
    until(lambda: "mean, deviation and extremes of 3 runs" in text(browser, ".said"), "forgotten")
    assert mounted(browser) == 1
    check_smoothing(browser, url)
    assert complaints(browser) == []

    ours = colors(browser, "#legend [data-run]", "color")
    browser.get(f"{url}tb/digits/")
    browser.switch_to.frame(find(browser, "iframe"))
    swatches = "runs-data-table .run-color-swatch"
    theirs = ours[::-1]  # ours are newest first
    until(lambda: colors(browser, swatches, "backgroundColor") == theirs, "not TensorBoard's")


def test_only_charts_on_the_screen_are_drawn(
    browser: Chrome, workspace: Workspace, url: str
) -> None:
    run = workspace.recorder().create_run("digits", run_id="many")
    for number in range(NAMES):
        run.log(f"layer/{number:03}", number)
    workspace.drain()
    browser.get(f"{url}runs/many")
    until(lambda: mounted(browser) > 0, "nothing is drawn")
    assert len(browser.find_elements(By.CSS_SELECTOR, ".plot")) == NAMES
    for share in (0.25, 0.5, 0.75):
        name = f"layer/{int(NAMES * share):03}"
        browser.execute_script(
            "document.querySelector(`[data-metric='${arguments[0]}']`).scrollIntoView()", name
        )
        drawn = f"[data-metric='{name}'] .uplot"
        until(lambda drawn=drawn: browser.find_elements(By.CSS_SELECTOR, drawn), "not drawn")  # type: ignore[misc]
        until(lambda: mounted(browser) <= MOST_MOUNTED, "too many are drawn")
    assert complaints(browser) == []
