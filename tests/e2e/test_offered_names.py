"""Names are offered while one is typed, by the keyboard alone, and nothing depends on it."""

from __future__ import annotations

from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from tests.browsing import complaints, text
from tests.waiting import until

from trackboard.workspace import Workspace

OFFERED = ".names:not([hidden]) li .cut"
OF_CONDITION = (  # what is typed, what is offered first, and what stands there once it is chosen
    ("los", "loss", "loss"),
    ("lr > 0 and (LOS", "loss", "lr > 0 and (loss"),
    ("lr = 1 or not val", '"val loss"', 'lr = 1 or not "val loss"'),
    ('metrics."val', 'metrics."val loss"', 'metrics."val loss"'),
    ("tags.", "tags.team", "tags.team"),
    ("runn", "state = running", "state = running"),
    ("state=runn", "running", "state=running"),
    ("state in (failed, comp", "completed", "state in (failed, completed"),
    ('experiment = "dig', "digits", 'experiment = "digits"'),
)
OF_COLUMNS = (
    ("los", "loss", "loss"),
    ('"val loss", l', "loss", '"val loss", loss'),
    ("loss.min, params.", "params.lr", "loss.min, params.lr"),
)
NOTHING = ("loss > l", "tags.team = v", "lr = 1 or", "nothing.of.that")

SETTLE = """  // until what was typed is asked and answered: one more question comes behind it
const [address, done] = arguments;
setTimeout(() => fetch(address).then(() => setTimeout(done)), 300);
"""


def record(workspace: Workspace) -> None:
    run = workspace.recorder().create_run("digits")
    run.log("loss", 1.0)
    run.log("val loss", 1.0)
    run.set_parameter("lr", 1)
    run.set_tag("team", "vision")
    run.complete()
    workspace.drain()


def test_what_is_typed_is_found_and_chosen_by_the_keyboard(
    browser: Chrome, workspace: Workspace, url: str
) -> None:
    record(workspace)
    browser.get(f"{url}runs")

    def empty(name: str) -> WebElement:
        field = browser.find_element(By.NAME, name)
        field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACK_SPACE)
        until(lambda: text(browser, OFFERED) == "", "the names do not go")
        return field

    def says(expected: str) -> bool:
        return text(browser, OFFERED).startswith(expected)

    for name, table in (("where", OF_CONDITION), ("column", OF_COLUMNS)):
        for typed, offered, chosen in table:
            field = empty(name)
            field.send_keys(typed)
            until(lambda offered=offered: says(offered), f"{typed}: {offered} is not offered")  # type: ignore[misc]
            field.send_keys(Keys.ARROW_DOWN)
            active = field.get_attribute("aria-activedescendant")
            assert text(browser, f"#{active} .cut") == offered, "it is what is read aloud"
            field.send_keys(Keys.ENTER)
            assert field.get_attribute("value") == chosen
            assert field.get_attribute("aria-expanded") == "false", "chosen, and not sent"
    field = empty("where")
    field.send_keys("los")
    until(lambda: says("loss"), "nothing is offered")
    field.send_keys(Keys.ESCAPE)
    until(lambda: text(browser, OFFERED) == "", "the list does not go")
    assert field.get_attribute("value") == "los", "what was typed stays"
    assert browser.switch_to.active_element == field
    field.send_keys(Keys.ARROW_DOWN)
    until(lambda: says("loss"), "the list does not come back")
    field.send_keys(Keys.ARROW_UP, Keys.TAB)
    assert field.get_attribute("value") == '"val loss"', "the last one; Tab chooses as well"
    assert browser.switch_to.active_element != field, "and goes on"
    for typed in NOTHING:
        field = empty("where")
        field.send_keys(typed)
        browser.execute_async_script(SETTLE, f"{url}api/v1/names?match=o")
        assert text(browser, OFFERED) == "", typed
    empty("where").send_keys("loss > 0", Keys.ENTER)
    until(lambda: "where=loss" in browser.current_url, "Enter sends no condition")
    assert complaints(browser) == []


def test_without_script_it_is_a_plain_field(
    browser: Chrome, workspace: Workspace, url: str
) -> None:
    record(workspace)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(f"{url}runs")
    field = browser.find_element(By.NAME, "where")
    assert field.get_attribute("role") is None, "it promises nothing that it does not do"
    field.send_keys("loss > 0", Keys.ENTER)
    until(lambda: "where=loss" in browser.current_url, "the condition is not sent")
