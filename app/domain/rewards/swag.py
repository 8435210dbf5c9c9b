"""Swag: milestones make members eligible for a present, each once. The address is asked only then, and soon forgotten."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    UniqueConstraint,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.badging.badges import Award, Badge
from app.domain.base import Base, Instant, insert_into, now
from app.domain.notices import notifications
from app.domain.people.members import Member, admit
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import audit_log
from app.domain.spreadsheets import harmless
from app.domain.words import _

STATES = ("claimed", "eligible", "sent", "declined")
ADDRESS_KEPT = timedelta(days=90)
NAME_MOST, ADDRESS_MOST, COUNTRY_MOST, CHOICE_MOST, NOTE_MOST, REASON_MOST = 120, 500, 60, 40, 500, 500
PER_PAGE = 50
FORM = ("recipient", "address", "country", "choice", "note")
FILE_HEAD = (
    "milestone",
    "member",
    "state",
    "eligible_at",
    "claimed_at",
    "name",
    "address",
    "country",
    "choice",
    "note",
)


class Milestone(Base):
    """What may become somebody's at so many points, or with a badge. One no longer offered is kept for its claims."""

    __tablename__ = "milestones"
    __table_args__ = (CheckConstraint("(points IS NULL) <> (badge IS NULL)", name="points_or_badge"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(String(300))
    points: Mapped[int | None]
    badge: Mapped[str | None] = mapped_column(String(60))  # its slug
    choices: Mapped[list[str]]
    offered: Mapped[bool] = mapped_column(default=True)


class Swag(Base):
    """A member's right to one milestone's present, and what became of it. Once given it stays."""

    __tablename__ = "swag"
    __table_args__ = (
        UniqueConstraint("milestone_id", "member_id"),
        CheckConstraint("state IN ('eligible', 'claimed', 'sent', 'declined')", name="state"),
        CheckConstraint("state = 'claimed' OR address = ''", name="address_only_while_claimed"),
        Index("ix_swag_member", "member_id"),
        Index("ix_swag_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestones.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    state: Mapped[str] = mapped_column(String(10), default="eligible")
    eligible_at: Mapped[datetime] = mapped_column(default=now)
    claimed_at: Mapped[datetime | None]
    recipient: Mapped[str] = mapped_column(String(NAME_MOST), default="", server_default="")
    address: Mapped[str] = mapped_column(String(ADDRESS_MOST), default="", server_default="")
    country: Mapped[str] = mapped_column(String(COUNTRY_MOST), default="", server_default="")
    choice: Mapped[str] = mapped_column(String(CHOICE_MOST), default="", server_default="")
    note: Mapped[str] = mapped_column(String(NOTE_MOST), default="", server_default="")
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(String(REASON_MOST), default="", server_default="")


def grant(session: Session, *, at: datetime | None = None) -> int:
    """Make eligible whoever has reached a milestone and was not yet, and tell them; how many.

    One statement for everybody: the unique key gives each right once, however often and wherever this runs.
    """
    moment = at or now()
    there = (Member.deleted_at.is_(None), Member.email_verified_at.is_not(None))
    by_points = select(Milestone.id, Member.id).join(Member, Member.points >= Milestone.points)
    by_badge = (
        select(Milestone.id, Member.id)
        .join(Badge, Badge.slug == Milestone.badge)
        .join(Award, Award.badge_id == Badge.id)
        .join(Member, Member.id == Award.member_id)
        .where(Award.revoked_at.is_(None))
    )
    has = select(Swag.id).where(Swag.milestone_id == Milestone.id, Swag.member_id == Member.id).exists()
    reached = union_all(
        *(it.where(*there, Milestone.offered.is_(True), ~has) for it in (by_points, by_badge))
    ).subquery()
    milestone, member = reached.c
    rows = select(milestone, member, literal("eligible"), literal(moment, Instant())).where(milestone > 0).distinct()
    new = insert_into(session, Swag).from_select(["milestone_id", "member_id", "state", "eligible_at"], rows)
    given = session.execute(new.on_conflict_do_nothing().returning(Swag.milestone_id, Swag.member_id)).all()
    if given:
        names = dict(session.execute(select(Milestone.id, Milestone.name)).all())
        notices = [_notice(it.member_id, it.milestone_id, names[it.milestone_id], "eligible") for it in given]
        notifications.tell(session, notices)
    return len(given)


def of(session: Session, member: Member) -> Sequence[Row]:
    """Every milestone on offer as it is to a member, and those they reached when they still were."""
    mine = (Swag.milestone_id == Milestone.id) & (Swag.member_id == member.id)
    offers = (
        select(Milestone, Swag, Badge.name.label("badge_name"))
        .outerjoin(Swag, mine)
        .outerjoin(Badge, Badge.slug == Milestone.badge)
        .where(Milestone.offered.is_(True) | Swag.id.is_not(None))
    )
    return session.execute(offers.order_by(Milestone.position, Milestone.id)).all()


def claim(
    session: Session, milestone: str, member: Member, typed: Mapping[str, str], *, at: datetime | None = None
) -> Swag:
    """Say where a present shall be sent; until it is on its way that can be changed. `typed` holds the fields of FORM."""
    moment = at or now()
    admit(member, moment)
    offer, mine = _find(session, milestone, member)
    if mine is None:
        raise Refused(_("This is not yours yet."))
    if mine.state in ("sent", "declined"):
        raise Conflict(_("This has been dealt with already: have a look at the list."))

    for field, value in _checked(offer, typed).items():
        setattr(mine, field, value)
    mine.state, mine.claimed_at = "claimed", moment
    return mine


def send(session: Session, it: Swag, by: Member, *, at: datetime | None = None) -> None:
    """Note that it is on its way; the address is forgotten."""
    _settle(session, it, by, "sent", "", at or now())


def decline(session: Session, it: Swag, by: Member, reason: str, *, at: datetime | None = None) -> None:
    """Note that it will not be sent, and why; the address is forgotten and the member is told."""
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise Invalid(reason=_("Say why: the member reads it."))
    if len(reason) > REASON_MOST:
        raise Invalid(reason=_("Make it shorter: at most %(most)s characters.", most=REASON_MOST))
    _settle(session, it, by, "declined", reason, at or now())


def forget_addresses(session: Session, *, at: datetime | None = None) -> int:
    """Forget addresses that were given long ago and never used; they can be given again. How many."""
    old = update(Swag).where(Swag.state == "claimed", Swag.claimed_at <= (at or now()) - ADDRESS_KEPT)
    blank = {"state": "eligible", "claimed_at": None} | _NO_ADDRESS
    return len(session.execute(old.values(blank).returning(Swag.id)).all())


def forget_member(session: Session, member: Member) -> None:
    """Forget where somebody who leaves lives; what they have not been sent lapses."""
    theirs = update(Swag).where(Swag.member_id == member.id, Swag.state.in_(("eligible", "claimed")))
    session.execute(theirs.values({"state": "declined", "reason": "", "settled_at": now()} | _NO_ADDRESS))


def page(session: Session, state: str, milestone: str = "", number: int = 1) -> tuple[Sequence[Row], bool]:
    """A page of what members may get, those who wait longest first; and whether there is more."""
    rows = _listed(state, milestone).limit(PER_PAGE + 1).offset((number - 1) * PER_PAGE)
    found = session.execute(rows).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def counts(session: Session) -> dict[str, int]:
    """How many there are in each state."""
    found = dict(session.execute(select(Swag.state, func.count()).group_by(Swag.state)).all())
    return {state: found.get(state, 0) for state in STATES}


def milestones(session: Session) -> Sequence[Milestone]:
    """All milestones, also those no longer offered."""
    return session.scalars(select(Milestone).order_by(Milestone.position, Milestone.id)).all()


def export(session: Session, by: Member, state: str, milestone: str = "") -> Iterator[tuple[str, ...]]:
    """The list as rows of a file; who took it is kept in the log, for there are addresses in it."""
    found = session.execute(_listed(state, milestone)).all()
    audit_log.record(session, by, "swag-export", after={"state": state, "milestone": milestone, "rows": len(found)})
    yield FILE_HEAD
    for it in found:
        mine = it.Swag
        times = (_iso(mine.eligible_at), _iso(mine.claimed_at))
        typed = (mine.recipient, mine.address, mine.country, mine.choice, mine.note)
        yield tuple(map(harmless, (it.milestone, it.username or "", mine.state, *times, *typed)))


def for_export(member_id: int) -> Select[*tuple[Any, ...]]:
    """The statement for what a member may get and got, with the address where it is still known."""
    typed = (getattr(Swag, field) for field in FORM)
    rows = select(Milestone.name.label("milestone"), Swag.state, Swag.eligible_at, Swag.claimed_at, *typed,
                  Swag.settled_at, Swag.reason)  # fmt: skip
    return rows.join(Milestone, Milestone.id == Swag.milestone_id).where(Swag.member_id == member_id).order_by(Swag.id)


_NO_ADDRESS = dict.fromkeys(FORM, "")


def _listed(state: str, milestone: str) -> Select[*tuple[Any, ...]]:
    rows = (
        select(Swag, Milestone.name.label("milestone"), Member.username, Member.name, Member.photo,
               Member.id.label("author_id"))
        .join(Milestone, Milestone.id == Swag.milestone_id)
        .outerjoin(Member, (Member.id == Swag.member_id) & Member.deleted_at.is_(None))
        .where(Swag.state == state)
        .order_by(func.coalesce(Swag.settled_at, Swag.claimed_at, Swag.eligible_at), Swag.id)
    )  # fmt: skip
    return rows.where(Milestone.slug == milestone) if milestone else rows


def _find(session: Session, slug: str, member: Member) -> tuple[Milestone, Swag | None]:
    offer = session.scalars(select(Milestone).where(Milestone.slug == slug)).first()
    if offer is None:
        raise Refused(_("There is no such milestone."))
    mine = select(Swag).where(Swag.milestone_id == offer.id, Swag.member_id == member.id)
    return offer, session.scalars(mine.with_for_update()).first()


def _checked(offer: Milestone, typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed as it is kept; raises Invalid with all that needs another look."""
    most = {"recipient": NAME_MOST, "address": ADDRESS_MOST, "country": COUNTRY_MOST, "note": NOTE_MOST}
    missing = {
        "recipient": _("Write the name that belongs on the parcel."),
        "address": _("Write where it shall go: street and number, postal code and town."),
        "country": _("Write the country."),
    }
    found = {
        field: value.replace("\x00", "").replace("\r\n", "\n").strip()
        for field, value in ((it, typed.get(it, "")) for it in FORM)
    }
    problems = {field: words for field, words in missing.items() if not found[field]}
    for field, longest in most.items():
        if len(found[field]) > longest:
            problems[field] = _("Make it shorter: at most %(most)s characters.", most=longest)
    if offer.choices and found["choice"] not in offer.choices:
        problems["choice"] = _("Choose one.")
    if problems:
        raise Invalid(**problems)
    return found | ({} if offer.choices else {"choice": ""})


def _settle(session: Session, it: Swag, by: Member, state: str, reason: str, moment: datetime) -> None:
    session.refresh(it, with_for_update=True)
    if it.state in ("sent", "declined") or (state == "sent" and it.state != "claimed"):
        raise Conflict(_("Somebody was faster, or the member has not claimed it yet: have a look at the list."))
    offer, whose = session.get_one(Milestone, it.milestone_id), session.get_one(Member, it.member_id)
    it.state, it.reason, it.settled_at, it.settled_by_id = state, reason, moment, by.id
    for field, blank in _NO_ADDRESS.items():
        setattr(it, field, blank)
    session.flush()
    notifications.tell(session, [_notice(whose.id, offer.id, offer.name, state)])
    audit_log.record(
        session, by, "swag", member=whose, subject=offer.name, reason=reason, at=moment, after={"state": state}
    )


def _notice(member_id: int, milestone_id: int, name: str, state: str) -> dict[str, object]:
    facts = {"milestone": name, "state": state}
    return {"member_id": member_id, "kind": "swag", "key": f"swag:{milestone_id}:{state}", "facts": facts}


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
