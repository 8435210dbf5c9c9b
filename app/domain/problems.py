"""What the community's rules may answer instead of doing something."""


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
