"""The moderators' half: take a request on, approve it, decline it or ask for more. Nobody decides their own."""

from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.domain.awarding import awards
from app.domain.base import now
from app.domain.mail.deliveries import Delivery
from app.domain.notices import notifications
from app.domain.notices.notifications import Notification
from app.domain.people import members
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import activities, audit_log
from app.domain.record.activities import Activity
from app.domain.ways import attendance, events
from app.domain.ways.requests import reading, steps
from app.domain.ways.requests.tables import (
    ASK_AGAIN_AFTER,
    CLAIM_LASTS,
    EVENT_REASON_MOST,
    EVENT_STATES,
    MESSAGE_MOST,
    OPEN,
    PRAISE_MOST,
    REMARK_MOST,
    BadgeRequest,
    RequestEntry,
    RequestEvent,
)
from app.domain.words import _

# Put together once: that costs more than the statement itself.
_twin = aliased(BadgeRequest)
_BESIDE = (
    select(RequestEvent.id, _twin.id)
    .select_from(BadgeRequest)
    .outerjoin(RequestEvent, and_(RequestEvent.request_id == BadgeRequest.id, RequestEvent.state == "accepted"))
    .outerjoin(
        _twin,
        and_(
            _twin.badge_id == BadgeRequest.badge_id, _twin.member_id == BadgeRequest.member_id,
            _twin.id != BadgeRequest.id, _twin.state.in_(OPEN),
        ),
    )
    .where(BadgeRequest.id == bindparam("request"))
    .order_by(RequestEvent.id)
)  # fmt: skip


def claim(session: Session, request: BadgeRequest, by: Member, *, at: datetime | None = None) -> None:
    """Say that one is looking at a request, so that nobody else does the same work. Claiming again gives more time."""
    moment = at or now()
    _admit(request, by, moment)
    free = or_(BadgeRequest.claimed_until.is_(None), BadgeRequest.claimed_until <= moment)
    mine = update(BadgeRequest).where(
        BadgeRequest.id == request.id, BadgeRequest.state.in_(OPEN), or_(free, BadgeRequest.claimed_by_id == by.id)
    )
    taken = mine.values(claimed_by_id=by.id, claimed_until=moment + CLAIM_LASTS).returning(BadgeRequest.id)
    got = session.execute(taken.execution_options(synchronize_session=False)).first()
    session.refresh(request)
    if got is None:
        raise Conflict(steps.claimed(session, request) if request.is_open else steps.what_happened(session, request))


def release(session: Session, request: BadgeRequest, by: Member) -> None:
    """Leave a request to others."""
    mine = update(BadgeRequest).where(BadgeRequest.id == request.id, BadgeRequest.claimed_by_id == by.id)
    session.execute(mine.values(claimed_by_id=None, claimed_until=None).execution_options(synchronize_session=False))
    session.refresh(request)


def approve(
    session: Session, request: BadgeRequest, by: Member, message: str = "", *, version: int, at: datetime | None = None
) -> int:
    """Give the badge, with some words if one likes; its award. Raises Conflict where somebody else decided."""
    moment = at or now()
    message = steps.checked(message, PRAISE_MOST, "")
    _decide(session, request, by, version, "approved", message, moment)
    badge, member = request.badge, request.member
    made = awards.give(session, badge, [member], by=by, way="request", reason=message, at=moment)
    award_id = made[member.id] if made else awards.refuse(session, badge, member)
    if request.is_nomination and request.names_asker:
        notifications.name_nominator(session, award_id, request.by_id)
    accepted, twin = _beside(session, request)
    for event in accepted:
        _count(session, request, event, by, moment)
    _thank(session, request, by, moment)
    if twin is not None:
        _close_twin(session, twin, request, by, moment)
    return award_id


def decline(
    session: Session, request: BadgeRequest, by: Member, message: str, *, version: int,
    again_after: timedelta | None = ASK_AGAIN_AFTER, at: datetime | None = None,
) -> None:  # fmt: skip
    """Refuse a request and say why, and after how long it may be asked again; None is never."""
    moment = at or now()
    message = steps.checked(message, MESSAGE_MOST, _("Say why: the member reads it."))
    again = moment + again_after if again_after is not None else None
    _decide(session, request, by, version, "declined", message, moment, again)
    _tell(session, request, by)


def ask(
    session: Session, request: BadgeRequest, by: Member, message: str, *, version: int, at: datetime | None = None
) -> None:
    """Ask the member for what is missing."""
    moment = at or now()
    message = steps.checked(message, MESSAGE_MOST, _("Write what you need to know: the member reads it."))
    _decide(session, request, by, version, "asked", message, moment)
    _tell(session, request, by)


def undo(session: Session, request: BadgeRequest, by: Member, *, version: int, at: datetime | None = None) -> None:
    """Take back one's refusal or question of a moment ago: the request waits as before, and the notice goes."""
    moment = at or now()
    members.admit(by, moment)
    was, decided_by = request.state, request.decided_by_id
    if request.version == version and decided_by is not None and decided_by != by.id:
        raise Refused(_("Only who decided can take it back."))
    if request.version == version and not reading.can_be_undone(request, by, moment):
        raise Conflict(_("This can no longer be taken back."))
    _refuse_second(session, request)
    steps.move(session, request, version, ("declined", "asked"), "waiting", at=moment)
    _untell(session, request, version)
    _record(session, request, by, "undone", was, moment, for_staff=True)


def decide_event(
    session: Session, event: RequestEvent, by: Member, state: str, reason: str = "", *, at: datetime | None = None
) -> None:
    """Accept, refuse or park one event of the evidence; an accepted one counts as soon as the request is approved."""
    moment, request = at or now(), session.get_one(BadgeRequest, event.request_id)
    _admit(request, by, moment)
    missing = _("Say why: the member reads it.") if state == "refused" else ""
    reason = steps.checked(reason, EVENT_REASON_MOST, missing, field="reason")
    if state not in EVENT_STATES:
        raise Invalid(state=_("Choose what to do."))
    if state == "accepted" and event.on > moment.date():
        raise Refused(_("This event is still to come: park it until it has taken place."))

    session.refresh(request, with_for_update={"of": BadgeRequest})
    session.refresh(event, with_for_update=True)
    parked_since = request.state == "approved" and event.state == "parked"
    if not request.is_open and not parked_since:
        raise Conflict(steps.what_happened(session, request))
    if (event.state, event.reason) == (state, reason):
        return
    before, event.state, event.reason = event.state, state, reason
    if parked_since and state == "accepted":
        _count(session, request, event, by, moment)
    audit_log.record(
        session, by, "request", member=request.member, subject=event.title, reason=reason, at=moment,
        before={"event": before}, after={"event": state},
    )  # fmt: skip


def remark(session: Session, request: BadgeRequest, by: Member, words: str, *, at: datetime | None = None) -> None:
    """Write something to a request that only staff read."""
    moment = at or now()
    _admit(request, by, moment)
    words = steps.checked(words, REMARK_MOST, _("Write something first."), field="remark")
    session.add(RequestEntry(request_id=request.id, at=moment, by_id=by.id, what="remark", text=words, for_staff=True))


def _decide(
    session: Session, request: BadgeRequest, by: Member, version: int, to: str, message: str, moment: datetime,
    again: datetime | None = None,
) -> None:  # fmt: skip
    _admit(request, by, moment)
    steps.move(
        session, request, version, OPEN, to, at=moment, by=by, message=message, may_ask_again_at=again, heeds_claims=True
    )  # fmt: skip
    _record(session, request, by, to, message, moment)


def _admit(request: BadgeRequest, by: Member, moment: datetime) -> None:
    members.admit(by, moment)
    if by.id in (request.member_id, request.by_id):
        raise Refused(_("This is your own request. Another moderator decides about it."))
    if any(members.share_a_mailbox(by.email, it.email) for it in {request.member, request.by}):
        raise Refused(_("This is from an account with your own e-mail address. Another moderator decides about it."))


def _record(
    session: Session, request: BadgeRequest, by: Member, what: str, words: str, moment: datetime, *,
    for_staff: bool = False,
) -> None:  # fmt: skip
    session.add(RequestEntry(request_id=request.id, at=moment, by_id=by.id, what=what, text=words, for_staff=for_staff))
    audit_log.record(
        session, by, "request", member=request.member, subject=request.badge.name, reason=words, at=moment,
        after={"request": request.id, "state": what},
    )  # fmt: skip


def _tell(session: Session, request: BadgeRequest, by: Member) -> None:
    again = request.may_ask_again_at
    facts = {
        "request": request.id, "state": request.state, "badge": request.badge.name, "slug": request.badge.slug,
        "message": request.message, "again": again.isoformat(timespec="seconds") if again else None,
    }  # fmt: skip
    notice = {"kind": "request_update", "key": _key(request, request.version), "facts": facts, "actor_id": by.id}
    notifications.tell(session, [notice | {"member_id": request.by_id}])


def _untell(session: Session, request: BadgeRequest, version: int) -> None:
    """Forget a notice that no longer holds, and its letter if that has not left yet."""
    told = select(Notification.id).where(
        Notification.member_id == request.by_id, Notification.key == _key(request, version)
    )
    waiting = delete(Delivery).where(Delivery.notification_id.in_(told), Delivery.state == "queued")
    session.execute(waiting.execution_options(synchronize_session=False))
    has_letter = select(Delivery.id).where(Delivery.notification_id == Notification.id).exists()
    gone = delete(Notification).where(Notification.id.in_(told), ~has_letter)
    session.execute(gone.execution_options(synchronize_session=False))


def _key(request: BadgeRequest, version: int) -> str:
    return f"request:{request.id}:{version}"


def _refuse_second(session: Session, request: BadgeRequest) -> None:
    """Of one badge and asker only one request is open; a newer one takes the place of one that was declined."""
    newer = select(BadgeRequest.id).where(
        BadgeRequest.badge_id == request.badge_id, BadgeRequest.member_id == request.member_id,
        BadgeRequest.id > request.id, BadgeRequest.by_id == request.by_id, BadgeRequest.state.in_(OPEN),
    )  # fmt: skip
    if session.execute(newer).first():
        raise Conflict(_("The member has asked again meanwhile: decide about the new request."))


def _beside(session: Session, request: BadgeRequest) -> tuple[list[RequestEvent], BadgeRequest | None]:
    """The accepted events of a request, and its twin where one is open.

    Beside one's own request a nomination may be open, or the other way round: the badge answers both.
    """
    found = session.execute(_BESIDE, {"request": request.id}).all()
    twin = found[0][1]
    events = [session.get_one(RequestEvent, event) for event, _twin in found if event is not None]
    return events, session.get(BadgeRequest, twin) if twin else None


def _count(session: Session, request: BadgeRequest, event: RequestEvent, by: Member, moment: datetime) -> None:
    """Note that the member was at an event, once however many requests name it; one on our own list as that one."""
    if ours := events.called(session, event.title, event.on):
        attendance.record(session, ours, request.member, "team", by=by, at=moment)
        return
    name = f"{event.on} {event.title.casefold()}"[:80]
    source = f"event:{request.member_id}:{name}"[:120]
    if session.execute(select(Activity.id).where(Activity.source == source)).first() is None:
        activities.note(session, "event_attended", request.member, by=by, at=moment, object=name, source=source)


def _thank(session: Session, request: BadgeRequest, by: Member, moment: datetime) -> None:
    """A nomination that led to a badge counts for who made it."""
    if request.is_nomination and request.by.deleted_at is None:
        activities.note(
            session, "nomination_approved", request.by, by=by, at=moment, object=request.badge.slug,
            source=f"nomination:{request.id}",
        )  # fmt: skip


def _close_twin(
    session: Session, twin: BadgeRequest, request: BadgeRequest, by: Member, moment: datetime
) -> None:  # fmt: skip
    steps.move(session, twin, twin.version, OPEN, "approved", at=moment, by=by, message=request.message)
    _record(session, twin, by, "approved", request.message, moment)
    if twin.by_id != by.id:
        _thank(session, twin, by, moment)
