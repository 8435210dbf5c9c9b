"""Takes the pictures of the README from a running site: `.venv/bin/python tools/tour.py ADDRESS USERNAME PASSWORD`.

Followed by a moderator's USERNAME and PASSWORD it takes those of the team's pages too.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent / "tour"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
STOPS = (
    # file, address, width, theme, what to hover before
    ("home", "/", 1280, "light", None),
    ("home-dark", "/", 1280, "dark", None),
    ("home-phone", "/", 390, "dark", None),
    ("thread", "/t/1/welcome", 1280, "light", None),
    ("thread-dark", "/t/1/welcome", 1280, "dark", None),
    ("thread-phone", "/t/1/welcome", 390, "light", None),
    ("write", "/t/new", 1280, "light", None),
    ("search", "/search?q=report", 1280, "light", None),
    ("badging", "/u/{username}/badges", 1280, "light", "[data-badge][data-state=locked] [interestfor]"),
    ("badging-dark", "/u/{username}/badges", 1280, "dark", None),
    ("profile", "/u/{username}", 1280, "light", None),
    ("profile-dark", "/u/{username}", 1280, "dark", None),
    ("profile-phone", "/u/{username}", 390, "dark", None),
    ("badge", "/badges/smooth-landing", 1280, "light", None),
    ("library-dark", "/badges", 1280, "dark", None),
    ("request", "/badges/black-box/request", 390, "light", None),
    ("checklist", "/checklist", 1280, "light", None),
    ("points", "/u/{username}/points", 1280, "light", None),
    ("leaders", "/leaders", 1280, "light", None),
    ("leaders-dark", "/leaders", 1280, "dark", None),
    ("notifications", "/notifications", 1280, "light", None),
    ("settings", "/settings/notifications", 1280, "dark", None),
)
TEAM_STOPS = (
    ("queue", "/moderation/requests", 1280, "light", None),
    ("queue-phone", "/moderation/requests", 390, "dark", None),
)


def main(address: str, username: str, password: str, *moderator: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    stops = [(it, (username, password)) for it in STOPS] + [(it, moderator) for it in TEAM_STOPS if moderator]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for (name, path, width, theme, hovered), log_in in stops:
            page = _window(browser, address, width, theme)
            _log_in(page, *log_in)
            page.goto(_thread(page) if name.startswith("thread") else path.format(username=log_in[0]))
            if hovered:
                page.hover(f"{hovered} >> nth=6")
            page.wait_for_timeout(700)
            _keep(page.screenshot(), PICTURES / f"{name}.png")
            page.context.close()
        browser.close()


def _window(browser: Browser, address: str, width: int, theme: str) -> Page:
    height = 820 if width > 800 else 844
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
    )
    return context.new_page()


def _log_in(page: Page, username: str, password: str) -> None:
    page.goto("/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.click("main form button")
    page.wait_for_load_state()


def _thread(page: Page) -> str:
    """The address of the busiest answered thread on the first page."""
    page.goto("/")
    return page.eval_on_selector_all(
        ".threads > li",
        """rows => rows.filter(it => it.textContent.includes("Answered"))
            .sort((a, b) => Number(b.querySelector(".tally")?.textContent.match(/\\d+/)) -
                            Number(a.querySelector(".tally")?.textContent.match(/\\d+/)))[0]
            .querySelector("a").getAttribute("href")""",
    )


def _keep(picture: bytes, file: Path) -> None:
    """Keep a picture with 256 colours: the pages have few, and a repository should stay small."""
    Image.open(BytesIO(picture)).convert("RGB").quantize(256).save(file, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 6):
        sys.exit(f"Use: {sys.argv[0]} ADDRESS USERNAME PASSWORD [MODERATOR PASSWORD]")
    main(*sys.argv[1:])
