"""What a browser shows, and what it complains of."""

from __future__ import annotations

from selenium.webdriver import Chrome


def text(browser: Chrome, selector: str) -> str:
    """What is read there, in one go: a page may be changing itself meanwhile."""
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText.trim())",
        selector,
    )
    return " ".join(found)


def complaints(browser: Chrome) -> list[str]:
    found: list[str] = [each["message"] for each in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    return found
