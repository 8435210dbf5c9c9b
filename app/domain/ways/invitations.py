"""Invitations: the team invites a member to a badge, who accepts or declines. Nobody else can."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, Select, String, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.domain.awarding import awards
from app.domain.badging.badges import Badge
from app.domain.base import Base, now
from app.domain.notices import notifications
from app.domain.people.members import Member, admit
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import audit_log
from app.domain.ways import gifts
from app.domain.words import _

WORDS_MOST = 500
DAYS = (30, 90, 365)  # how long one may be open
OPEN = text("state = 'open'")
PER_PAGE = 50


class Invitation(Base):
    """A badge held out to a member. It is answered once, taken back, or lapses when its time is over."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'accepted', 'declined', 'withdrawn', 'lapsed')", name="state"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled"),
        Index("uq_invitations_one_open", "member_id", "badge_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_invitations_badge", "badge_id", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    words: Mapped[str] = mapped_column(String(WORDS_MOST))
    state: Mapped[str] = mapped_column(String(10), default="open")
    invited_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    badge: Mapped[Badge] = relationship()

    def is_open(self, moment: datetime) -> bool:
        """Whether it can still be answered."""
        return self.state == "open" and self.until > moment


class Invited(NamedTuple):
    """Who was invited now, whose invitation is open already, and to whom the badge cannot be given."""

    new: list[Member]
    open: list[Member]
    had: list[Member]


def invite(
    session: Session, badge: Badge, members: Sequence[Member], by: Member, words: str, *, days: int = DAYS[0],
    at: datetime | None = None,
) -> Invited:  # fmt: skip
    """Invite members to a badge, and tell them; who has it or is invited already is left alone."""
    moment, words = at or now(), checked(badge, words, days)
    session.execute(select(Badge.id).where(Badge.id == badge.id).with_for_update())  # two lists come one by one
    found = sort(session, badge, members, by, at=moment)
    _close_lapsed(session, badge, moment)
    until = moment + timedelta(days=days)
    made = [
        Invitation(badge_id=badge.id, member_id=it.id, by_id=by.id, words=words, invited_at=moment, until=until)
        for it in found.new
    ]
    session.add_all(made)
    session.flush()
    facts = {"badge": badge.slug, "name": badge.name, "state": "invited", "message": words}
    notices = [
        {"member_id": it.member_id, "kind": "request_update", "key": f"invitation:{it.id}", "actor_id": by.id,
         "facts": facts | {"invitation": it.id}}
        for it in made
    ]  # fmt: skip
    notifications.tell(session, notices)
    for member in found.new:
        audit_log.record(session, by, "invitation", member=member, subject=badge.name, reason=words, at=moment)
    return found


def sort(
    session: Session, badge: Badge, members: Sequence[Member], by: Member, *, at: datetime | None = None
) -> Invited:
    """What inviting a list would do, without doing it."""
    known = gifts.sort(session, badge, members, by)
    waiting = select(Invitation.member_id).where(Invitation.badge_id == badge.id, Invitation.state == "open")
    still_open = set(session.scalars(waiting.where(Invitation.until > (at or now()))))
    found = Invited([], [], known.had + known.revoked + known.oneself)
    for member in known.new:
        (found.open if member.id in still_open else found.new).append(member)
    return found


def checked(badge: Badge, words: str, days: int) -> str:
    """The word that goes with it as it is kept; raises Invalid, or Refused where nobody is invited to the badge."""
    if badge.state != "published" or "invitation" not in badge.ways:
        raise Refused(_("%(badge)s is not a badge that members are invited to.", badge=badge.name))
    words, problems = words.replace("\x00", "").strip(), {}
    if not words:
        problems["words"] = _("Write a word: the member reads it, and it stays with the badge.")
    elif len(words) > WORDS_MOST:
        problems["words"] = _("Make it shorter: at most %(most)s characters.", most=WORDS_MOST)
    if days not in DAYS:
        problems["days"] = _("Choose one of the list.")
    if problems:
        raise Invalid(**problems)
    return words


def accept(session: Session, it: Invitation, member: Member, *, at: datetime | None = None) -> None:
    """Take the badge one was invited to; raises Conflict where it is settled, Refused for anybody else."""
    moment = at or now()
    admit(member, moment)
    session.execute(select(Badge.id).where(Badge.id == it.badge_id).with_for_update())
    _settle(session, it, member, "accepted", moment)
    inviter = session.get(Member, it.by_id)
    awards.grant(session, it.badge, member, by=inviter, way="invitation", reason=it.words, at=moment)


def decline(session: Session, it: Invitation, member: Member, *, at: datetime | None = None) -> None:
    """Say no, thank you. One can be invited again."""
    _settle(session, it, member, "declined", at or now())


def withdraw(session: Session, it: Invitation, by: Member, *, at: datetime | None = None) -> None:
    """Take an invitation back before it is answered."""
    moment = at or now()
    _settle(session, it, None, "withdrawn", moment)
    whom = session.get(Member, it.member_id)
    audit_log.record(
        session, by, "invitation", member=whom, subject=it.badge.name, after={"state": "withdrawn"}, at=moment
    )


def open_to(session: Session, member_id: int, badge_id: int, *, at: datetime | None = None) -> Invitation | None:
    """The invitation to a badge that a member can answer."""
    mine = select(Invitation).where(Invitation.member_id == member_id, Invitation.badge_id == badge_id)
    return session.scalars(mine.where(Invitation.state == "open", Invitation.until > (at or now()))).first()


def of(session: Session, member: Member) -> Sequence[Invitation]:
    """A member's invitations, the latest first; not those that were taken back."""
    mine = select(Invitation).where(Invitation.member_id == member.id, Invitation.state != "withdrawn")
    return session.scalars(mine.order_by(Invitation.id.desc()).limit(PER_PAGE)).all()


def listed(session: Session, badge: Badge) -> Sequence[Row]:
    """Who was invited to a badge lately, as staff see it."""
    rows = (
        select(Invitation, Member.username, Member.name, Member.photo, Member.id.label("author_id"))
        .outerjoin(Member, (Member.id == Invitation.member_id) & Member.deleted_at.is_(None))
        .where(Invitation.badge_id == badge.id)
        .order_by(Invitation.id.desc())
        .limit(PER_PAGE)
    )
    return session.execute(rows).all()


def for_export(member_id: int) -> Select[*tuple[Any, ...]]:
    """The statement for what a member was invited to."""
    rows = select(Badge.name.label("badge"), Invitation.words, Invitation.state, Invitation.invited_at,
                  Invitation.until, Invitation.settled_at)  # fmt: skip
    mine = rows.join(Badge, Badge.id == Invitation.badge_id).where(Invitation.member_id == member_id)
    return mine.where(Invitation.state != "withdrawn").order_by(Invitation.id)


def _close_lapsed(session: Session, badge: Badge, moment: datetime) -> None:
    """Close the invitations whose time is over, so that others can take their place."""
    over = update(Invitation).where(Invitation.badge_id == badge.id, Invitation.state == "open")
    session.execute(over.where(Invitation.until <= moment).values(state="lapsed", settled_at=moment))


def _settle(session: Session, it: Invitation, member: Member | None, state: str, moment: datetime) -> None:
    session.flush()  # or what was not written yet would be forgotten
    session.refresh(it, with_for_update=True)
    if member is not None and it.member_id != member.id:
        raise Refused(_("Only who was invited can answer."))
    if it.state == "withdrawn":
        raise Conflict(_("The team has taken this invitation back."))
    if it.state in ("accepted", "declined"):
        raise Conflict(_("This was answered already."))
    if not it.is_open(moment):
        raise Conflict(_("The time of this invitation is over. Write to the team if you still want it."))
    it.state, it.settled_at = state, moment
    session.flush()
