"""Ways to use a page: by pointing at things, by touching them, and by keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

FARTHEST = 200  # steps with the Tab key; nothing on a page should be farther


class Pointer:
    """Somebody with a mouse, or one who touches what a mouse would click."""

    def press(self, what: Locator) -> None:
        """Press a button or follow a link."""
        what.click()

    def write(self, field: Locator, text: str) -> None:
        """Replace what a field says."""
        field.fill(text)


class Finger(Pointer):
    """Somebody who touches the screen."""

    def press(self, what: Locator) -> None:
        """Touch a button or a link."""
        what.tap()


class Keyboard:
    """Somebody who touches nothing but keys."""

    def press(self, what: Locator) -> None:
        """Walk to a button or link, and press Enter."""
        self.walk_to(what)
        what.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        """Walk to a field, and type over what it says."""
        self.walk_to(field)
        field.page.keyboard.press("ControlOrMeta+a")
        field.page.keyboard.type(text)

    def walk_to(self, what: Locator) -> None:
        """Press Tab until something has the focus."""
        page: Page = what.page
        what.wait_for(state="attached")
        for _ in range(FARTHEST):
            if what.evaluate("it => it === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"no way to {what} by keyboard")
