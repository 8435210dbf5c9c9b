"""Departures: a member leaves for good. What they gave the community stays, without a name; what is theirs alone goes.

Posts, reactions, awards and the ledger are what other members' pages, points and badges stand on. They stay with
the member's row, which tells nobody any more whose it was.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.domain.base import now
from app.domain.catalogue.planned import BadgeFollow
from app.domain.forum.bookmarks import Bookmark
from app.domain.forum.drafts import Draft
from app.domain.forum.follows import Follow
from app.domain.forum.reads import Reader, ThreadRead
from app.domain.leaving import exports
from app.domain.mail.deliveries import Delivery
from app.domain.mail.mailings import DigestDue, DigestItem
from app.domain.mail.preferences import Preference
from app.domain.membership import blocked_names, second_factors, sessions
from app.domain.membership.links import Link
from app.domain.notices.notifications import Notification
from app.domain.people.blocks import Block
from app.domain.people.members import Member, Role
from app.domain.people.pictures import Picture, Use
from app.domain.problems import Invalid, Refused
from app.domain.rewards import swag
from app.domain.ways import requests
from app.domain.ways.events import Guest
from app.domain.ways.invitations import Invitation
from app.domain.ways.lessons import LessonPass
from app.domain.words import _
from app.domain.writing.sendings import Sending

# Whatever names a member has to be thought about: a test holds this list and those that stay against the tables.
THEIRS_ALONE: tuple[InstrumentedAttribute, ...] = (
    BadgeFollow.member_id, Block.member_id, Block.blocked_id, Bookmark.member_id, DigestDue.member_id,
    DigestItem.member_id, Draft.member_id, Follow.member_id, Follow.followed_id, Guest.member_id, Invitation.member_id,
    LessonPass.member_id, Link.member_id, Preference.member_id, Reader.member_id, Sending.member_id, ThreadRead.member_id,
)  # fmt: skip
TO_CONFIRM = timedelta(days=30)
AT_ONCE = 100
ON_THEIR_WAY = ("sending", "handover")  # letters that a worker holds in its hands


def leave(session: Session, member: Member, typed: str, *, at: datetime | None = None) -> None:
    """Delete an account, for a member who typed its username to be sure; raises Invalid or Refused."""
    moment = at or now()
    if typed.strip().lower() != member.username_key:
        raise Invalid(typed=_("Type %(username)s here, if you really want to leave.", username=member.username))
    _refuse_the_last_administrator(session, member)

    blocked_names.block(session, member.username, at=moment)
    _forget(session, member, moment)


def forget_unconfirmed(session: Session, *, at: datetime | None = None) -> int:
    """Delete some accounts whose address nobody confirmed, nor looked in, for a month; how many.

    Whoever was never signed in leaves no row behind.
    """
    moment = at or now()
    only_claimed = and_(Member.email_verified_at.is_(None), Member.email.is_(None), Member.claimed_email.is_not(None))
    idle = func.coalesce(Member.seen_at, Member.joined_at) < moment - TO_CONFIRM
    old = select(Member).where(only_claimed, idle, Member.deleted_at.is_(None)).order_by(Member.id).limit(AT_ONCE)
    found = session.scalars(old.with_for_update(skip_locked=True)).all()
    for member in found:
        _forget(session, member, moment)
        session.flush()
        with suppress(IntegrityError), session.begin_nested():
            session.execute(delete(Member).where(Member.id == member.id))
    return len(found)


def _forget(session: Session, member: Member, moment: datetime) -> None:
    """Forget what is a member's alone, and who they were."""
    sessions.end_all(session, member)
    second_factors.turn_off(session, member)
    exports.forget(session, member)
    swag.forget_member(session, member)
    requests.forget_member(session, member, at=moment)
    for column in THEIRS_ALONE:
        session.execute(delete(column.class_).where(column == member.id))
    _forget_letters(session, member)
    session.execute(delete(Picture).where(Picture.member_id == member.id, Picture.use == Use.PHOTO))
    _make_nameless(member, moment)


def _refuse_the_last_administrator(session: Session, member: Member) -> None:
    # Held, so that the last two cannot leave at the same moment.
    held = select(Member.id).where(Member.role == Role.ADMINISTRATOR, Member.deleted_at.is_(None)).order_by(Member.id)
    if session.scalars(held.with_for_update(key_share=True)).all() == [member.id]:
        raise Refused(
            _("You are the only administrator. Make somebody else one first, so that the site stays in hands.")
        )


def _forget_letters(session: Session, member: Member) -> None:
    waiting = delete(Delivery).where(Delivery.member_id == member.id, Delivery.state.not_in(ON_THEIR_WAY))
    session.execute(waiting)
    told = delete(Notification).where(Notification.member_id == member.id)
    session.execute(told.where(~select(Delivery.id).where(Delivery.notification_id == Notification.id).exists()))


def _make_nameless(member: Member, moment: datetime) -> None:
    """Leave nothing in the row that says who it was. No username that can be chosen begins with a tilde."""
    member.username = member.username_key = f"~{member.id}"
    member.name = "Former member"
    member.email = member.claimed_email = member.email_verified_at = member.password_hash = None
    member.title = member.location = member.website = member.links = member.about = member.about_html = ""
    member.photo = member.portrait = member.seen_at = None
    member.zone, member.digest_hour, member.digest_day, member.quiet, member.mail_stopped_at = "UTC", 8, 0, False, None
    member.role, member.deleted_at = Role.MEMBER, moment
