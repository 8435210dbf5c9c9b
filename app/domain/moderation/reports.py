"""Reports: one of two members shows their conversation to the moderators. Until then none of them can read it.

A moderator opens it, which the audit log keeps, reads what had been written when it was reported, and decides. It is
open to that moderator alone, for half an hour or until it is decided, and then as private as before.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, String, func, select, text
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.domain.base import Base, now
from app.domain.moderation import suspensions, warnings_given
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import audit_log
from app.domain.words import _
from app.domain.writing import conversations
from app.domain.writing.conversations import Conversation, Part

REASONS = ("spam", "abuse", "other")
DECISIONS = ("warn", "suspend", "dismiss")
STATES = ("open", "decided")
WORDS_MOST, ANSWER_MOST = 1000, 1000
OPEN_FOR = timedelta(minutes=30)
PER_PAGE = 30


class Report(Base):
    """A conversation that one of the two reported, up to its newest message then."""

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("reason IN ('spam', 'abuse', 'other')", name="reason"),
        CheckConstraint("decision IN ('warn', 'suspend', 'dismiss')", name="decision"),
        CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name="decided"),
        Index("uq_reports_one_open", "conversation_id", "by_id", unique=True,
              sqlite_where=text("decided_at IS NULL"), postgresql_where=text("decided_at IS NULL")),
        Index("ix_reports_decided_at", "decided_at", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    about_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    until_id: Mapped[int]  # the last message that a moderator may see
    reason: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(String(WORDS_MOST), default="")
    reported_at: Mapped[datetime] = mapped_column(default=now)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    opened_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(String(10))
    answer: Mapped[str] = mapped_column(String(ANSWER_MOST), default="")  # to whoever reported

    def is_opened_by(self, member: Member, moment: datetime) -> bool:
        """Whether a moderator has it open to read."""
        return self.decided_at is None and self.opened_by_id == member.id and self.is_opened(moment)

    def is_opened(self, moment: datetime) -> bool:
        """Whether any moderator has it open."""
        return self.opened_at is not None and self.opened_at > moment - OPEN_FOR


def report(
    session: Session, conversation: Conversation, by: Member, reason: str, words: str = "", *,
    at: datetime | None = None,
) -> Report:  # fmt: skip
    """Show a conversation, as it stands, to the moderators."""
    words = words.replace("\x00", "").strip()
    if by.id not in (conversation.low_id, conversation.high_id):
        raise Refused(_("Only the two who write can report a conversation."))
    if reason not in REASONS:
        raise Invalid(reason=_("Choose what is wrong."))
    if reason == "other" and not words:
        raise Invalid(words=_("Tell us in a sentence what is wrong."))
    if len(words) > WORDS_MOST:
        raise Invalid(words=_("Make it shorter: at most %(most)s characters.", most=WORDS_MOST))
    session.refresh(conversation, with_for_update=True)
    before = latest(session, conversation, by)
    if before and before.decided_at is None:
        raise Conflict(_("You have reported this conversation already. A moderator will look at it."))

    about = conversation.high_id if by.id == conversation.low_id else conversation.low_id
    made = Report(conversation_id=conversation.id, by_id=by.id, about_id=about, until_id=conversation.latest_id,
                  reason=reason, words=words, reported_at=at or now())  # fmt: skip
    session.add(made)
    session.flush()
    return made


def latest(session: Session, conversation: Conversation, by: Member) -> Report | None:
    """What a member reported last of a conversation."""
    theirs = select(Report).where(Report.conversation_id == conversation.id, Report.by_id == by.id)
    return session.scalars(theirs.order_by(Report.id.desc()).limit(1)).first()


def open_to_read(session: Session, it: Report, moderator: Member, *, at: datetime | None = None) -> None:
    """Let a moderator read a reported conversation; the log keeps who did and when."""
    moment = at or now()
    session.refresh(it, with_for_update=True)
    _refuse(session, it, moderator)
    if it.is_opened(moment) and it.opened_by_id != moderator.id:
        name = session.get_one(Member, it.opened_by_id).name
        raise Conflict(_("%(name)s is reading it at the moment.", name=name))
    it.opened_by_id, it.opened_at = moderator.id, moment
    reporter = session.get_one(Member, it.by_id)
    about = session.get_one(Member, it.about_id)
    audit_log.record(
        session, moderator, "look", member=about, at=moment, after={"report": it.id, "by": reporter.username}
    )


def part(
    session: Session, it: Report, moderator: Member, *, before: int | None = None, at: datetime | None = None
) -> Part | None:
    """What a moderator may read of a reported conversation; None unless they have opened it."""
    if not it.is_opened_by(moderator, at or now()):
        return None
    conversation = session.get_one(Conversation, it.conversation_id)
    return conversations.part(session, conversation, before=before, until=it.until_id)


def decide(
    session: Session, it: Report, moderator: Member, decision: str, *, reason: str = "", answer: str = "",
    days: int = 0, at: datetime | None = None,
) -> None:  # fmt: skip
    """Warn or suspend the one who was reported, or find nothing wrong. `answer` is for whoever reported."""
    moment, answer = at or now(), answer.replace("\x00", "").strip()
    session.refresh(it, with_for_update=True)
    _refuse(session, it, moderator)
    if decision not in DECISIONS:
        raise Invalid(decision=_("Choose what to do."))
    if len(answer) > ANSWER_MOST:
        raise Invalid(answer=_("Make it shorter: at most %(most)s characters.", most=ANSWER_MOST))
    if not it.is_opened_by(moderator, moment):
        raise Refused(_("Read the conversation first: nobody is judged unheard."))

    about = session.get_one(Member, it.about_id)
    if decision == "warn":
        warnings_given.warn(session, about, moderator, reason, at=moment)
    elif decision == "suspend":
        suspensions.suspend(session, about, moderator, days, reason, at=moment)
    it.decision, it.decided_at, it.decided_by_id, it.answer = decision, moment, moderator.id, answer
    session.flush()
    audit_log.record(
        session, moderator, "report", member=about, reason=reason.strip(), at=moment,
        after={"report": it.id, "decision": decision},
    )  # fmt: skip


def _refuse(session: Session, it: Report, moderator: Member) -> None:
    if moderator.id in (it.by_id, it.about_id):
        raise Refused(_("This is about yourself. Ask another moderator."))
    if it.decided_at is not None:
        name = session.get_one(Member, it.decided_by_id).name
        raise Conflict(_("%(name)s has decided about it already.", name=name))


def page(session: Session, state: str, number: int = 1) -> tuple[Sequence[Row], bool]:
    """A page of reports: the open ones by age, of the decided ones the latest first; and whether there is more."""
    by, about, opener, decider = (aliased(Member) for _one in range(4))
    rows = (
        select(
            Report, about.username, about.name, about.photo, about.id.label("author_id"), by.username.label("by_username"),
            by.name.label("by_name"), opener.name.label("opener"), decider.name.label("decider"),
        )
        .outerjoin(about, (about.id == Report.about_id) & about.deleted_at.is_(None))
        .outerjoin(by, (by.id == Report.by_id) & by.deleted_at.is_(None))
        .outerjoin(opener, opener.id == Report.opened_by_id)
        .outerjoin(decider, decider.id == Report.decided_by_id)
        .limit(PER_PAGE + 1)
        .offset((number - 1) * PER_PAGE)
    )  # fmt: skip
    if state == "open":
        rows = rows.where(Report.decided_at.is_(None)).order_by(Report.id)
    else:
        rows = rows.where(Report.decided_at.is_not(None)).order_by(Report.decided_at.desc(), Report.id.desc())
    found = session.execute(rows).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def waiting(session: Session) -> int:
    """How many reports wait for a decision."""
    return session.scalar(select(func.count()).where(Report.decided_at.is_(None))) or 0
