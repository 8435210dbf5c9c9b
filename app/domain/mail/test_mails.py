"""Test mails: a letter to oneself, to see that letters leave."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.mail import deliveries
from app.domain.mail.deliveries import Delivery
from app.domain.people.members import Member
from app.domain.record import audit_log

KIND = "test_mail"


def owe(session: Session, by: Member) -> Delivery:
    """Write down that one is to be sent, the way all others go."""
    audit_log.record(session, by, "test-mail", member=by)
    return deliveries.owe(session, KIND, by)


def latest(session: Session, member_id: int) -> Delivery | None:
    """The last one of a member, with what became of it."""
    theirs = select(Delivery).where(Delivery.member_id == member_id, Delivery.kind == KIND)
    return session.scalars(theirs.order_by(Delivery.id.desc()).limit(1)).first()
