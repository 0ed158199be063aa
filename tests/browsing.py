"""What a browser shows, and what it complains of."""

from __future__ import annotations

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By


def text(browser: Chrome, selector: str) -> str:
    return " ".join(each.text for each in browser.find_elements(By.CSS_SELECTOR, selector))


def complaints(browser: Chrome) -> list[str]:
    found: list[str] = [each["message"] for each in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    return found
