"""What a catalogue says, table by table. A file, the site and a past load have the same form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from app.domain.badging import criteria

MACHINE_WAYS = ("automatic", "checklist", "event")  # with a rule, nobody needs to decide
UNLOCKS = ("images", "messages", "nominating")
DEFAULT_STATE = "published"


class Entry:
    """A table of a catalogue. As data it leaves out whatever is as usual."""

    in_lines: ClassVar[Sequence[str]] = ()  # of these texts the lines count, of others only the words

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The entry that a checked table describes."""
        return cls(**{name: _tidy(value, name in cls.in_lines) for name, value in data.items() if value is not None})

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

    @property
    def called(self) -> str:
        return self.name


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

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        days = {key: date.fromisoformat(data[key]) for key in ("since", "until") if isinstance(data.get(key), str)}
        return super().from_data({**data, **days})

    @property
    def called(self) -> str:
        return self.says

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

    @property
    def called(self) -> str:
        return self.name

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

    @property
    def called(self) -> str:
        return self.name

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
class LessonEntry(Entry):
    """A lesson: its text with the questions below it."""

    slug: str
    text: str
    offered: bool = True

    in_lines = ("text",)

    @property
    def called(self) -> str:
        return self.text.partition("\n")[0].lstrip("# ")

    def retired(self) -> Self:
        """The lesson as nobody is offered it any more; whoever finished it has."""
        return replace(self, offered=False)


@dataclass(frozen=True)
class ReplyEntry(Entry):
    """A reply that moderators keep prepared; it goes by its name."""

    name: str
    suits: str
    body: str

    in_lines = ("body",)

    @property
    def slug(self) -> str:
        return self.name

    @property
    def called(self) -> str:
        return self.suits

    def retired(self) -> None:
        """Nothing is left of it."""


@dataclass(frozen=True)
class EventEntry(Entry):
    """An event that is still to come. Who is on a list of guests, and who was there, is in no file."""

    slug: str
    title: str
    begins: datetime
    ends: datetime
    zone: str = "UTC"
    place: str = ""
    about: str = ""
    gives_points: bool = False
    badge: str | None = None
    audience: str = "everybody"
    rank: str | None = None
    group: str = ""
    called_off: bool = False

    in_lines = ("about",)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        zone = ZoneInfo(data.get("zone", "UTC"))
        return super().from_data({**data, "begins": _moment(data["begins"], zone), "ends": _moment(data["ends"], zone)})

    @property
    def called(self) -> str:
        return self.title

    def retired(self) -> Self:
        """The event as it does not take place."""
        return replace(self, called_off=True)


Extra = LessonEntry | ReplyEntry | EventEntry
EXTRAS: dict[str, type[Extra]] = {"lesson": LessonEntry, "reply": ReplyEntry, "event": EventEntry}


@dataclass(frozen=True)
class Catalogue:
    """Badges, ranks, points and milestones under a name.

    `extras` has lessons, replies and events by the name of their table. Of a table that is not there a file says
    nothing.
    """

    name: str
    title: str
    ranks: tuple[RankEntry, ...]
    points: tuple[PointsEntry, ...]
    badges: tuple[BadgeEntry, ...]
    milestones: tuple[MilestoneEntry, ...] = ()
    extras: Mapping[str, tuple[Extra, ...]] = field(default_factory=dict)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The catalogue that checked data describes."""
        return cls(
            data["name"],
            data["title"],
            tuple(RankEntry.from_data(it) for it in data.get("rank", ())),
            tuple(PointsEntry.from_data(it) for it in data.get("points", ())),
            tuple(BadgeEntry.from_data(it) for it in data.get("badge", ())),
            tuple(MilestoneEntry.from_data(it) for it in data.get("milestone", ())),
            {table: tuple(map(entry.from_data, data[table])) for table, entry in EXTRAS.items() if table in data},
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
            **{table: [it.as_data() for it in entries] for table, entries in self.extras.items()},
        }

    @property
    def badge_names(self) -> dict[str, str]:
        return {badge.slug: badge.name for badge in self.badges}


def _tidy(value: Any, in_lines: bool) -> Any:
    """Texts may be broken over lines in a file; where lines do not count, only the words do."""
    if not isinstance(value, str):
        return value
    return value.replace("\x00", "").replace("\r\n", "\n").strip() if in_lines else " ".join(value.split())


def _moment(value: datetime | str, zone: ZoneInfo) -> datetime:
    """A moment as it is written in its zone; a text where data was kept as JSON."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
