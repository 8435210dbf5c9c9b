"""How strict the brakes are on this installation."""

from flask import current_app


def is_easy() -> bool:
    """Whether somebody develops or tries the site out here, and much is done at once."""
    return not current_app.config["SETTINGS"].production
