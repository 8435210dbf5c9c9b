"""Preferences: which letters members want, and how often. Security mail is none of these: it cannot be stopped."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Select, String, and_, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Among, Base, chunks, insert_into, now
from app.domain.people import introductions
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.words import _

NEVER = "never"
YES, NO = "yes", "no"
FREQUENCIES = {"immediately": "Immediately", "daily": "Daily", "weekly": "Weekly", NEVER: "Never"}
SUMMARIES = ("daily", "weekly")
HOURS = tuple(str(hour) for hour in range(24))
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Kind(NamedTuple):
    """A kind of letter that members choose about. Its texts are said through `_()`."""

    label: str
    hint: str
    about: str  # as in: we will not e-mail you about ... any more
    default: str


KINDS = {
    "answer": Kind(
        "Answers to my questions", "Somebody answers a question that you asked.", "answers to your questions",
        "immediately",
    ),
    "reply": Kind(
        "New posts in what I follow", "Threads, categories and members that you follow, and comments on your posts.",
        "new posts in what you follow", "weekly",
    ),
    "accepted": Kind(
        "My answer is accepted", "Somebody took your answer as the solution.", "accepted answers", "immediately"
    ),
    "mention": Kind("Somebody mentions me", "Anyone who writes your @username in a post.", "mentions", "immediately"),
    "reaction": Kind(
        "Reactions to my posts", "Upvotes, Insightfuls, and thanks for those that you gave.", "reactions", "weekly"
    ),
    "message": Kind("Direct messages", "Somebody writes to you alone.", "direct messages", "immediately"),
    "badge_earned": Kind(
        "Badges I earn", "Every new badge, also one that you requested.", "badges", "immediately"
    ),
    "request_update": Kind(
        "My badge requests", "A moderator asks you something, has to say no or invites you, or a badge you wait for opens.", "your badge requests", "immediately"
    ),
    "rank": Kind("My rank and swag", "A new rank, and what comes with it.", "your rank", "weekly"),
    "leaders": Kind("Weekly leaders", "How you did on the board of the week.", "the weekly leaders", "weekly"),
    "announcement": Kind(
        "Announcements", "News from the team.", "announcements", "weekly"
    ),
}  # fmt: skip

# Notices that have no setting of their own follow that of another kind.
FOLLOW = {
    "swag": "rank",
    "badge_revoked": "request_update",
    "badge_given_back": "request_update",
    "badge_open": "request_update",
    "queue": "request_update",
}
ANYTHING_ELSE = "announcement"


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(it) for it in values)})"


class Preference(Base):
    """What a member chose for one kind of letter. Without a row the default of the kind holds."""

    __tablename__ = "preferences"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint(_one_of("frequency", FREQUENCIES), name="frequency"),
        CheckConstraint(_one_of("before", FREQUENCIES), name="before"),
        {"sqlite_with_rowid": False},
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    frequency: Mapped[str] = mapped_column(String(12))
    before: Mapped[str] = mapped_column(String(12))  # what it was until then, for whoever takes a stop back
    chosen_at: Mapped[datetime] = mapped_column(default=now)


def row_of(kind: str) -> str:
    """The setting that notices of a kind follow."""
    return kind if kind in KINDS else FOLLOW.get(kind, ANYTHING_ELSE)


def frequency(session: Session, member_id: int, kind: str) -> str:
    """How often a member gets letters about notices of a kind, all considered."""
    return frequencies(session, [member_id], kind)[member_id]


def frequencies(session: Session, member_ids: Iterable[int], kind: str) -> dict[int, str]:
    """How often each of these members gets letters about notices of a kind, all considered."""
    return _found(session, _CHOSEN, member_ids, kind)


def wishes(session: Session, member_ids: Iterable[int], kind: str) -> dict[int, str]:
    """The same of those among them who have an address to write to."""
    return _found(session, _CHOSEN_BY_REACHABLE, member_ids, kind)


# Put together once: that costs more than the statement itself.
_CHOSEN = (
    select(Member.id, Member.mail_stopped_at, Preference.frequency)
    .outerjoin(Preference, and_(Preference.member_id == Member.id, Preference.kind == bindparam("row")))
    .where(Among(Member.id, "members"))
)
_CHOSEN_BY_REACHABLE = _CHOSEN.where(Member.email_verified_at.is_not(None), Member.deleted_at.is_(None))


def _found(session: Session, chosen: Select[*tuple[Any, ...]], member_ids: Iterable[int], kind: str) -> dict[int, str]:
    row, found = row_of(kind), {}
    for some in chunks(list(member_ids)):
        for it in session.execute(chosen, {"row": row, "members": some}):
            found[it.id] = NEVER if it.mail_stopped_at else it.frequency or KINDS[row].default
    return found


def of(session: Session, member: Member) -> dict[str, str]:
    """What a member chose for each kind, whether or not all e-mail is stopped."""
    own = select(Preference.kind, Preference.frequency).where(Preference.member_id == member.id)
    chosen = {it.kind: it.frequency for it in session.execute(own)}
    return {kind: it.default for kind, it in KINDS.items()} | chosen


def choose(session: Session, member: Member, wanted: Mapping[str, str], *, at: datetime | None = None) -> list[str]:
    """Set how often a member gets letters of some kinds; returns the kinds that changed. Raises Invalid."""
    if problems := _flaws(member, wanted):
        raise Invalid(**problems)
    before, moment = of(session, member), at or now()
    changed = [kind for kind in KINDS if wanted.get(kind, before[kind]) != before[kind]]
    for kind in changed:
        _set(session, member.id, kind, frequency=wanted[kind], before=before[kind], chosen_at=moment)
    return changed


def settings(session: Session, member: Member) -> dict[str, str]:
    """All that members decide about notices and letters, as a form shows it."""
    return of(session, member) | {
        "quiet": YES if member.quiet else NO, "digest_hour": str(member.digest_hour),
        "digest_day": str(member.digest_day), "zone": member.zone,
    }  # fmt: skip


def change(session: Session, member: Member, wanted: Mapping[str, str], *, at: datetime | None = None) -> list[str]:
    """Decide some of that anew; returns what is different now. Raises Invalid, and then nothing is."""
    if problems := _flaws(member, wanted):
        raise Invalid(**problems)
    before = settings(session, member)
    changed = [name for name, value in wanted.items() if value != before[name]]
    for name in changed:
        if name == "quiet":
            member.quiet = wanted[name] == YES
        elif name not in KINDS:
            setattr(member, name, wanted[name] if name == "zone" else int(wanted[name]))
    choose(session, member, {kind: wanted[kind] for kind in changed if kind in KINDS}, at=at)
    session.flush()
    return changed


def put_back(session: Session, member: Member, kinds: Iterable[str], *, at: datetime | None = None) -> list[str]:
    """Let kinds that were stopped come again as they did before; returns those that were."""
    stopped = select(Preference.kind, Preference.before).where(
        Preference.member_id == member.id, Preference.frequency == NEVER, Preference.kind.in_(list(kinds))
    )
    return choose(session, member, {it.kind: it.before for it in session.execute(stopped)}, at=at)


def stop_all(session: Session, member: Member, *, at: datetime | None = None) -> bool:
    """Send a member nothing any more but security mail; whether that was news. Their choices are kept."""
    if member.mail_stopped_at is not None:
        return False
    member.mail_stopped_at = at or now()
    session.flush()
    return True


def resume(session: Session, member: Member) -> bool:
    """Send a member letters again, as they chose before; whether that was news."""
    if member.mail_stopped_at is None:
        return False
    member.mail_stopped_at = None
    session.flush()
    return True


def _flaws(member: Member, wanted: Mapping[str, str]) -> dict[str, str]:
    """What cannot be chosen, and what to do about it."""
    known = {"quiet": (YES, NO), "digest_hour": HOURS, "digest_day": HOURS[: len(WEEKDAYS)]}
    known |= dict.fromkeys(KINDS, tuple(FREQUENCIES))
    if "zone" in wanted:
        known["zone"] = (member.zone, *introductions.zones())
    problems = {
        name: _("Choose something of the list.") for name, it in wanted.items() if it not in known.get(name, ())
    }
    return problems | {name: _("There is no such setting.") for name in wanted if name not in known}


def _set(session: Session, member_id: int, kind: str, **values: object) -> None:
    # Two windows, or a mail program and its reader, may say the same at the same moment.
    new = insert_into(session, Preference).values(member_id=member_id, kind=kind, **values)
    session.execute(new.on_conflict_do_update(index_elements=[Preference.member_id, Preference.kind], set_=values))
