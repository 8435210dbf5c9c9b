"""What is wrong with a page as it stands in the window."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDER_THAN_THE_WINDOW = """() => document.documentElement.scrollWidth > innerWidth ? [...document.querySelectorAll('body *')]
    .filter(it => it.getBoundingClientRect().right > innerWidth + 1).map(it => it.outerHTML.slice(0, 90)).slice(0, 3) : []"""


def broken_rules(page: Page) -> list[tuple[str, Any]]:
    """The rules of accessibility that a page breaks, each with its first places."""
    found = Axe().run(page).response["violations"]
    return [(it["id"], [(node["target"], node["html"][:200]) for node in it["nodes"][:2]]) for it in found]


def too_wide(page: Page) -> list[str]:
    """What makes a page scroll sideways."""
    found: list[str] = page.evaluate(WIDER_THAN_THE_WINDOW)
    return found


def flawless(page: Page) -> None:
    """No rule of accessibility is broken, and nothing is wider than the window."""
    assert broken_rules(page) == [], page.url
    assert too_wide(page) == [], page.url
