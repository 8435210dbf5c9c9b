"""Flags: members point moderators to a post. All flags on a post until a decision are one case."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Base, now
from app.domain.forum import threads
from app.domain.forum.threads import Post
from app.domain.moderation import suspensions, warnings_given
from app.domain.people import members
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import audit_log
from app.domain.words import _
from app.domain.writing import removals

REASONS = ("spam", "off-topic", "abuse", "other")
DECISIONS = ("hide", "warn", "suspend", "dismiss")
WORDS_MOST, ANSWER_MOST = 1000, 1000
CLAIM_LASTS = timedelta(minutes=30)


class FlagCase(Base):
    """What moderators decide about: a post that was flagged. Only one case of a post is open at a time."""

    __tablename__ = "flag_cases"
    __table_args__ = (
        CheckConstraint("decision IN ('hide', 'warn', 'suspend', 'dismiss')", name="decision"),
        CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name="decided"),
        Index("uq_flag_cases_one_open", "post_id", unique=True,
              sqlite_where=text("decided_at IS NULL"), postgresql_where=text("decided_at IS NULL")),
        Index("ix_flag_cases_post_id", "post_id"),
        Index("ix_flag_cases_decided_at", "decided_at", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    opened_at: Mapped[datetime] = mapped_column(default=now)
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    claimed_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(suspensions.REASON_MOST), default="")
    answer: Mapped[str] = mapped_column(String(ANSWER_MOST), default="")  # to whoever flagged

    def is_claimed(self, moment: datetime) -> bool:
        return self.claimed_at is not None and self.claimed_at > moment - CLAIM_LASTS


class Flag(Base):
    """One member's hint about a post; once a member and post."""

    __tablename__ = "flags"
    __table_args__ = (
        UniqueConstraint("post_id", "member_id"),
        CheckConstraint("reason IN ('spam', 'off-topic', 'abuse', 'other')", name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("flag_cases.id"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    reason: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(String(WORDS_MOST), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


def flag(
    session: Session, post: Post, member: Member, reason: str, words: str = "", *, at: datetime | None = None
) -> Flag:
    """Point moderators to a post."""
    moment, words = at or now(), words.replace("\x00", "").strip()
    members.admit(member, moment)
    _check(reason, words)
    threads.hold_post(session, post)
    refuse(session, post, member)

    case = session.scalars(select(FlagCase).where(FlagCase.post_id == post.id, FlagCase.decided_at.is_(None))).first()
    if case is None:
        case = FlagCase(post_id=post.id, opened_at=moment)
        session.add(case)
        session.flush()
    given = Flag(
        case_id=case.id, post_id=post.id, member_id=member.id, reason=reason, words=words, created_at=moment
    )  # fmt: skip
    session.add(given)
    session.flush()
    return given


def refuse(session: Session, post: Post, member: Member) -> None:
    """Raise Refused or Conflict where a member cannot flag a post."""
    if post.author_id == member.id:
        raise Refused(_("This is your own post. You can edit or remove it yourself."))
    if post.deleted_at is not None or post.thread.deleted_at is not None:
        raise Conflict(_("This post was removed meanwhile."))
    if by_member(session, post.id, member.id) is not None:
        raise Conflict(_("You have flagged this post already."))


def by_member(session: Session, post_id: int, member_id: int) -> Row | None:
    """A member's flag on a post and its case, or None."""
    both = select(Flag, FlagCase).join(FlagCase, FlagCase.id == Flag.case_id)
    return session.execute(both.where(Flag.post_id == post_id, Flag.member_id == member_id)).first()


def claim(session: Session, case: FlagCase, by: Member, *, at: datetime | None = None) -> None:
    """Say that one is looking at a case, so that nobody else does the same work. Claiming again gives more time."""
    moment = at or now()
    post = _hold(session, case)
    _refuse_decision(session, case, post, by, moment)
    case.claimed_by_id, case.claimed_at = by.id, moment


def release(session: Session, case: FlagCase, by: Member) -> None:
    """Leave a case to others."""
    _hold(session, case)
    if case.claimed_by_id == by.id and case.decided_at is None:
        case.claimed_by_id = case.claimed_at = None


def decide(
    session: Session, case: FlagCase, by: Member, decision: str, *, reason: str, answer: str = "", hide: bool = False,
    days: int = 0, at: datetime | None = None,
) -> None:  # fmt: skip
    """Decide about a flagged post: hide it, warn or suspend its author (and hide it or not), or find nothing wrong."""
    moment, answer = at or now(), answer.replace("\x00", "").strip()
    members.admit(by, moment)
    _check_decision(decision, answer)
    reason = suspensions.checked_reason(reason)
    post = _hold(session, case)
    _refuse_decision(session, case, post, by, moment)

    case.decided_at, case.decided_by_id, case.decision = moment, by.id, decision
    case.reason, case.answer = reason, answer
    if decision == "warn":
        warnings_given.warn(session, _author(post), by, reason, post=post, at=moment)
    elif decision == "suspend":
        suspensions.suspend(session, _author(post), by, days, reason, post=post, at=moment)
    elif decision == "dismiss":
        audit_log.record(session, by, "dismiss", post=post, reason=reason, at=moment)
    if decision == "hide" and post.author is not None:
        post.author.warned_at = moment
    if decision == "hide" or (hide and decision != "dismiss"):
        removals.remove(session, post, by, at=moment)
        audit_log.record(session, by, "hide", post=post, reason=reason, at=moment)


def restore(session: Session, case: FlagCase, by: Member, reason: str, *, at: datetime | None = None) -> None:
    """Bring back a post that was hidden by a decision, or by anybody."""
    moment, reason = at or now(), suspensions.checked_reason(reason)
    post = _hold(session, case)
    if post.author_id == by.id:
        raise Refused(_("This is your own post. Another moderator decides about it."))
    if not removals.restore(session, post, by):
        raise Conflict(_("This post is back already."))
    audit_log.record(session, by, "restore", post=post, reason=reason, at=moment)


def _hold(session: Session, case: FlagCase) -> Post:
    """See a case and its post as they are now; others wait."""
    post = session.get_one(Post, case.post_id)
    threads.hold_post(session, post)
    session.refresh(case, with_for_update=True)
    return post


def _refuse_decision(session: Session, case: FlagCase, post: Post, by: Member, moment: datetime) -> None:
    if post.author_id == by.id:
        raise Refused(_("This is your own post. Another moderator decides about it."))
    if case.decided_at is not None:
        raise Conflict(_what_was_decided(session, case))
    if case.is_claimed(moment) and case.claimed_by_id != by.id:
        raise Conflict(_("%(name)s is looking at this one.", name=_name(session, case.claimed_by_id)))


def _what_was_decided(session: Session, case: FlagCase) -> str:
    name = _name(session, case.decided_by_id)
    return {
        "hide": _("%(name)s hid this post already.", name=name),
        "warn": _("%(name)s warned its author already.", name=name),
        "suspend": _("%(name)s suspended its author already.", name=name),
        "dismiss": _("%(name)s found nothing wrong with this post.", name=name),
    }[case.decision or ""]


def _name(session: Session, member_id: int | None) -> str:
    member = session.get(Member, member_id) if member_id else None
    return member.name if member and member.deleted_at is None else _("A former member")


def _author(post: Post) -> Member:
    if post.author is None or post.author.deleted_at is not None:
        raise Refused(_("Its author has left. You can hide the post."))
    return post.author


def _check(reason: str, words: str) -> None:
    if reason not in REASONS:
        raise Invalid(reason=_("Choose what is wrong."))
    if len(words) > WORDS_MOST:
        raise Invalid(words=_("Make it shorter: at most %(most)s characters.", most=WORDS_MOST))
    if reason == "other" and not words:
        raise Invalid(words=_("Say what is wrong, so that we know what to look at."))


def _check_decision(decision: str, answer: str) -> None:
    if decision not in DECISIONS:
        raise Invalid(decision=_("Choose what to do."))
    if len(answer) > ANSWER_MOST:
        raise Invalid(answer=_("Make it shorter: at most %(most)s characters.", most=ANSWER_MOST))


def reasons_given(session: Session, case_id: int) -> Sequence[Row]:
    """The flags of a case, the first one first, with who gave them."""
    flags = (
        select(Flag.id, Flag.reason, Flag.words, Flag.created_at, Member.username, Member.name)
        .outerjoin(Member, (Member.id == Flag.member_id) & Member.deleted_at.is_(None))
        .where(Flag.case_id == case_id)
        .order_by(Flag.id)
        .limit(100)
    )
    return session.execute(flags).all()
