"""What a catalogue says: its badges, ranks, points and milestones. A file, the site and a past load have the same form."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Self

from app.domain.badging import criteria

MACHINE_WAYS = ("automatic", "checklist", "event")  # with a rule, nobody needs to decide
UNLOCKS = ("images", "messages", "nominating")
DEFAULT_STATE = "published"


class Entry:
    """A table of a catalogue. As data it leaves out whatever is as usual."""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The entry that a checked table describes."""
        return cls(**{name: _tidy(value) for name, value in data.items() if value is not None})

    def as_data(self) -> dict[str, Any]:
        """The table that describes the entry, in the order of its fields."""
        values = ((it, getattr(self, it.name)) for it in fields(self))  # type: ignore[arg-type]
        return {it.name: value for it, value in values if value != it.default and value is not None}


@dataclass(frozen=True)
class RankEntry(Entry):
    slug: str
    name: str
    points: int
    stars: int
    about: str
    unlocks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PointsEntry(Entry):
    slug: str
    kind: str
    amount: int
    says: str
    where: dict[str, Any] | None = None
    since: date | None = None
    until: date | None = None
    cap: str | None = None
    per_day: int | None = None
    per_pair: int | None = None

    @property
    def allowance(self) -> str:
        """What a day's points of this rule are added up under."""
        return self.cap or self.slug


@dataclass(frozen=True)
class MilestoneEntry(Entry):
    """What a member may claim, once, at so many points or with a badge; `choices` are sizes or the like."""

    slug: str
    name: str
    about: str
    points: int | None = None
    badge: str | None = None
    choices: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        return {name: value for name, value in super().as_data().items() if value != []}


@dataclass(frozen=True)
class BadgeEntry(Entry):
    """A badge. `how` is only what a rule cannot say: what to do where people decide."""

    slug: str
    name: str
    family: str
    tier: str
    glyph: str
    about: str
    state: str = DEFAULT_STATE
    ways: list[str] = field(default_factory=list)
    earn: dict[str, Any] | None = None
    how: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return super().from_data({"ways": ["automatic"], **data})

    def as_data(self) -> dict[str, Any]:
        data = super().as_data()
        if self.ways == ["automatic"]:
            del data["ways"]
        return data

    def words(self, names: Mapping[str, str]) -> str:
        """How to earn it, as members read it: the rule's own sentence, then on a line of its own `how`."""
        said = criteria.parse(self.earn).sentence(names) if self.earn else ""
        return "\n".join(filter(None, (said, self.how)))


@dataclass(frozen=True)
class Catalogue:
    """Badges, ranks, points and milestones under a name."""

    name: str
    title: str
    ranks: tuple[RankEntry, ...]
    points: tuple[PointsEntry, ...]
    badges: tuple[BadgeEntry, ...]
    milestones: tuple[MilestoneEntry, ...] = ()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The catalogue that checked data describes."""
        return cls(
            data["name"],
            data["title"],
            tuple(RankEntry.from_data(it) for it in data.get("rank", ())),
            tuple(PointsEntry.from_data(_dated(it)) for it in data.get("points", ())),
            tuple(BadgeEntry.from_data(it) for it in data.get("badge", ())),
            tuple(MilestoneEntry.from_data(it) for it in data.get("milestone", ())),
        )

    def as_data(self) -> dict[str, Any]:
        """The data that describes the catalogue."""
        return {
            "name": self.name,
            "title": self.title,
            "rank": [it.as_data() for it in self.ranks],
            "points": [it.as_data() for it in self.points],
            "badge": [it.as_data() for it in self.badges],
            "milestone": [it.as_data() for it in self.milestones],
        }

    @property
    def badge_names(self) -> dict[str, str]:
        return {badge.slug: badge.name for badge in self.badges}


def _tidy(value: Any) -> Any:
    """Texts may be broken over lines in a file; only their words count."""
    return " ".join(value.split()) if isinstance(value, str) else value


def _dated(data: Mapping[str, Any]) -> dict[str, Any]:
    """Dates are texts where data was kept as JSON."""
    return {k: date.fromisoformat(v) if k in ("since", "until") and isinstance(v, str) else v for k, v in data.items()}
