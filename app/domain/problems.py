"""What the community's rules may answer instead of doing something."""

from datetime import timedelta

from app.domain.words import _, ngettext


class Problem(Exception):
    """A deed that cannot be done; its text is for the person who tried."""


class Invalid(Problem):
    """Something typed needs another look; `fields` maps each field to what to do about it."""

    def __init__(self, **fields: str) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class Refused(Problem):
    """The community's rules do not allow this, and one may know why."""


class Conflict(Problem):
    """Somebody else was faster; the text says what they did."""


class TooSoon(Invalid):
    """Too much in too short a time; `wait` is how long until it may be done again. What was typed is kept."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(body=_("That was quick: try again in %(wait)s. Your text is kept.", wait=duration(wait)))
        self.wait = wait


def duration(wait: timedelta) -> str:
    """How long to wait, in round words."""
    seconds = max(1, round(wait.total_seconds()))
    if seconds < 60:
        return ngettext("%(num)s second", "%(num)s seconds", seconds)
    if seconds < 3600:
        return ngettext("%(num)s minute", "%(num)s minutes", -(-seconds // 60))
    return ngettext("%(num)s hour", "%(num)s hours", -(-seconds // 3600))
