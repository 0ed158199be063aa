"""The pages of `trackboard up` in a real browser: they follow what is recorded, and run only our script."""

from __future__ import annotations

from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from tests.browsing import complaints, text
from tests.serving import Up
from tests.unit.server.test_troubles import damage
from tests.waiting import until

from trackboard.workspace import Workspace

HOSTILE = "<img src=x onerror=\"document.title='bad'\"><script>document.title='bad'</script>"


def test_a_run_appears_in_the_table_and_its_curve_moves(
    browser: Chrome, workspace: Workspace, url: str
) -> None:
    browser.get(f"{url}runs?order=-loss&column=loss")
    assert "no run has" in text(browser, "#result"), "nothing of that name was logged yet"
    complaints(browser)  # of the answer 404
    first = workspace.recorder().create_run("digits", name="first")
    first.log("loss", 0.5, step=0)
    until(lambda: "first" in text(browser, "#result"), "the run does not appear")
    box = browser.find_element(By.CSS_SELECTOR, "#runs tbody input")
    box.click()
    second = workspace.recorder().create_run("digits", name="second")
    second.log("loss", 0.25, step=0)
    until(lambda: "second" in text(browser, "#result"), "the second does not appear")
    rows = [each.text for each in browser.find_elements(By.CSS_SELECTOR, "#runs tbody tr")]
    assert ["second" in row for row in rows] == [True, False]
    boxes = browser.find_elements(By.CSS_SELECTOR, "#runs tbody input")
    assert [each.is_selected() for each in boxes] == [False, True], "what was chosen stays"
    browser.find_element(By.LINK_TEXT, "first").click()
    until(lambda: "1 point" in text(browser, "#charts"), "no chart")
    for step in range(1, 50):
        first.log("loss", 0.5 / step, step=step)
    until(lambda: "50 points" in text(browser, "#charts"), "the curve does not move")
    first.complete()
    until(lambda: text(browser, "#state") == "completed", "its end is not shown")
    second.complete()
    assert complaints(browser) == []


def test_nothing_that_people_wrote_is_run(browser: Chrome, workspace: Workspace, url: str) -> None:
    run = workspace.recorder().create_run("digits", run_id="evil", name=HOSTILE)
    run.set_tag(HOSTILE, HOSTILE)
    run.set_parameter(HOSTILE, HOSTILE)
    run.log(HOSTILE, 1.0)
    run.append_bytes("logs/a.txt", 0, HOSTILE.encode())
    page = f"<title>page</title>{HOSTILE}".encode()
    run.append_bytes("outputs/page.html", 0, page)
    plot = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    run.append_bytes("outputs/plot.svg", 0, plot)
    run.complete()
    workspace.drain()
    for address in (
        "",
        "runs",
        "runs/evil",
        "runs/evil/log",
        "runs/evil/file?path=outputs/page.html",
        "runs/evil/file?path=outputs/plot.svg",
        "compare?run=evil&run=evil",
        "nothing",
    ):
        browser.get(url + address)
        assert browser.title.endswith("trackboard"), address
        assert not [each for each in complaints(browser) if "Failed to load" not in each]
    browser.get(f"{url}api/v1/runs/evil/file?path=outputs/plot.svg")
    assert "Blocked script execution" in " ".join(complaints(browser))
    browser.get(f"{url}runs/evil")
    assert HOSTILE in text(browser, "h1")
    note = f"[x](javascript:document.title='bad') **bold** {HOSTILE}"
    browser.find_element(By.ID, "note").send_keys(note)
    browser.find_element(By.XPATH, "//button[text()='Save the note']").click()
    until(lambda: text(browser, ".note strong") == "bold", "the note is not shown")
    assert HOSTILE in text(browser, ".note")
    assert browser.find_elements(By.CSS_SELECTOR, ".note a, .note img, .note script") == []
    assert browser.title.endswith("trackboard")


def test_the_tab_in_tensorboard_leads_to_the_page_of_a_run(
    browser: Chrome, workspace: Workspace, url: str
) -> None:
    for name in (HOSTILE, "second"):
        run = workspace.recorder().create_run("digits", name=name)
        run.log("loss", 0.5)
        run.complete()
    workspace.drain()
    browser.get(f"{url}tb/-/#trackboard_runs")
    until(lambda: browser.find_elements(By.CSS_SELECTOR, "iframe[src*=trackboard_runs]"), "no tab")
    browser.switch_to.frame(browser.find_element(By.CSS_SELECTOR, "iframe[src*=trackboard_runs]"))
    until(lambda: HOSTILE in text(browser, "#runs"), "the run is not in the table")
    assert browser.find_elements(By.CSS_SELECTOR, "#runs img") == []
    browser.find_element(By.NAME, "where").send_keys("name = second", Keys.ENTER)
    until(lambda: text(browser, "#said").startswith("1 run"), "the condition is not sent")
    first, *others = browser.window_handles
    browser.find_element(By.CSS_SELECTOR, "#runs tbody th a").click()
    until(lambda: len(browser.window_handles) > 1 + len(others), "the page does not open")
    (page,) = {*browser.window_handles} - {first, *others}
    browser.switch_to.window(page)
    until(lambda: text(browser, "h1") == "digits/second", "it is another page")


def test_the_keyboard_finds_chooses_and_compares(
    browser: Chrome, workspace: Workspace, url: str
) -> None:
    recorder = workspace.recorder()
    runs = [recorder.create_run("digits", run_id=f"r{n}", name=f"try {n}") for n in range(4)]
    for number, run in enumerate(runs):
        run.log("loss", number)
    workspace.drain()
    browser.get(f"{url}runs?order=loss")
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys("/")
    browser.switch_to.active_element.send_keys("loss > 0", Keys.ENTER)
    until(lambda: "where=loss" in browser.current_url, "the condition is not sent")
    assert "3 runs" in text(browser, "#pages")

    def press(*keys: str) -> str:
        """Press keys, and return where that leads to."""
        for key in keys:
            browser.switch_to.active_element.send_keys(key)
        return browser.switch_to.active_element.text

    def chosen() -> list[bool]:
        boxes = browser.find_elements(By.CSS_SELECTOR, "#runs tbody input")
        return [each.is_selected() for each in boxes]

    press("?")
    until(lambda: "Shift x" in text(browser, "dialog[open] dt"), "the keys are not listed")
    press("j", Keys.ESCAPE)
    until(lambda: text(browser, "dialog[open]") == "", "the list does not go")
    assert press("j", "x", "j", "j") == "try 1", "the third; Enter would open it"
    runs[1].log("loss", 10.0)
    until(lambda: text(browser, "#runs tbody th").startswith("try 1"), "it does not move up")
    assert press() == "try 1", "the focus moves with its row"
    assert chosen() == [False, True, False], "and what is chosen stays"
    assert press("j", "j", "X") == "try 2"
    assert chosen() == [False, True, True], "all from the one chosen last, wherever that is"
    press("k", "x", "k", "x", "c")
    until(lambda: "side by side" in text(browser, "h1"), "the chosen are not compared")
    assert "run=r1&run=r2" in browser.current_url
    assert complaints(browser) == []
    for run in runs:
        run.complete()


def test_deleting_is_undone_by_one_button(browser: Chrome, workspace: Workspace, url: str) -> None:
    workspace.recorder().create_run("digits", run_id="r0", name="mistake").complete()
    workspace.drain()
    browser.get(f"{url}runs/r0")
    browser.find_element(By.CSS_SELECTOR, "button.danger").click()
    until(lambda: "is in the trash" in text(browser, "main"), "it is not deleted")
    assert "No run matches" in text(browser, "#runs")
    browser.find_element(By.XPATH, "//button[text()='Undo']").click()
    until(lambda: text(browser, "h1") == "digits/mistake", "it does not come back")
    assert complaints(browser) == []


def test_health_over_a_damaged_history_is_a_page_that_says_so(
    browser: Chrome, workspace: Workspace
) -> None:
    workspace.recorder().create_run("digits", run_id="r0").complete()
    workspace.drain()
    workspace.recorder().close()
    workspace.close()
    damage(workspace.folder / "trackboard.db", "writer")
    up = Up(workspace.folder)
    try:
        status, said = up.get("/health")
        assert (status, b'"damaged"' in said) == (503, True)
        browser.get(f"{up.url}health")
        assert text(browser, "h1") == "Service Unavailable"
        assert "is damaged" in text(browser, ".problem")
        assert "backup" in text(browser, ".hint")
        browser.get(f"{up.url}runs")
        assert "is damaged" in text(browser, "#damage")
    finally:
        up.process.terminate()  # what it says of the damage is no failure of its end
        up.process.communicate()
