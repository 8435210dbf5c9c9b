"""Two ways to use a page: by pointing at things, and by keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

FARTHEST = 200  # steps with the Tab key; nothing on a page should be farther


class Pointer:
    """Somebody with a mouse or a finger."""

    def press(self, what: Locator) -> None:
        """Press a button or follow a link."""
        what.click()

    def write(self, field: Locator, text: str) -> None:
        """Replace what a field says."""
        field.fill(text)


class Keyboard:
    """Somebody who touches nothing but keys."""

    def press(self, what: Locator) -> None:
        """Walk to a button or link, and press Enter."""
        self._walk_to(what)
        what.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        """Walk to a field, and type over what it says."""
        self._walk_to(field)
        field.page.keyboard.press("ControlOrMeta+a")
        field.page.keyboard.type(text)

    def _walk_to(self, what: Locator) -> None:
        page: Page = what.page
        what.wait_for(state="attached")
        for _ in range(FARTHEST):
            if what.evaluate("it => it === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"no way to {what} by keyboard")
