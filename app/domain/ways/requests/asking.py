"""The asker's half: send a request, answer a question about it, withdraw it."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.badging.badges import Award, Badge
from app.domain.base import now
from app.domain.people import introductions, members, pictures
from app.domain.people.members import Member
from app.domain.people.pictures import Drawing
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.ways.requests import steps
from app.domain.ways.requests.tables import (
    ANSWER_MOST,
    EVENT_TITLE_MOST,
    EVENTS_MOST,
    LINK_MOST,
    LINKS_MOST,
    NOTE_MOST,
    OPEN,
    PICTURES_MOST,
    BadgeRequest,
    RequestEntry,
    RequestEvent,
    RequestLink,
    RequestPicture,
)
from app.domain.words import _

NOMINATED = frozenset(("request", "invitation", "event", "staff"))  # what others can be nominated for
TOKEN = re.compile(r"[A-Za-z0-9_-]{16,40}")
LIMIT_WITHIN, LIMIT = timedelta(days=7), 20
COST = {"declined": 3}  # a refused request uses up as much of the limit as three others
FARTHEST_EVENT = timedelta(days=366)


class Evidence(NamedTuple):
    """What comes with a note: addresses, events as title and day, and pictures as they were drawn."""

    links: Sequence[str] = ()
    events: Sequence[tuple[str, date]] = ()
    pictures: Sequence[Drawing] = ()


NOTHING = Evidence()


def send(
    session: Session, member: Member, badge: Badge, note: str, *, by: Member | None = None,
    evidence: Evidence = NOTHING, token: str = "", at: datetime | None = None,
) -> tuple[BadgeRequest, bool]:  # fmt: skip
    """Ask for a badge, for oneself or (`by`) for another; the request, and whether that was just now.

    A form is known by its token: sent again, it gives the request that it made.
    """
    asker, moment = by or member, at or now()
    session.refresh(asker, with_for_update={"key_share": True})  # whoever sends the same form meanwhile waits here
    token = token if TOKEN.fullmatch(token) else ""
    made = select(BadgeRequest).where(BadgeRequest.by_id == asker.id, BadgeRequest.token == token)
    if token and (before := session.scalars(made).first()):
        return before, False
    refuse(session, member, badge, by=asker, at=moment)
    note, evidence = _checked(note, evidence)

    request = BadgeRequest(
        badge_id=badge.id, member_id=member.id, by_id=asker.id, note=note, token=token or None,
        sent_at=moment, moved_at=moment,
    )  # fmt: skip
    session.add(request)
    session.flush()
    session.add(RequestEntry(request_id=request.id, at=moment, by_id=asker.id, what="sent", text=note))
    _keep(session, request, asker, evidence, moment)
    return request, True


def answer(
    session: Session, request: BadgeRequest, by: Member, words: str, *, version: int, at: datetime | None = None
) -> None:
    """Answer the question that a moderator asked; the request waits again."""
    moment = at or now()
    members.admit(by, moment)
    _refuse_others(request, by)
    words = steps.checked(words, ANSWER_MOST, _("Write your answer first."), field="answer")
    steps.move(session, request, version, ("asked",), "waiting", at=moment)
    session.add(RequestEntry(request_id=request.id, at=moment, by_id=by.id, what="answered", text=words))


def withdraw(
    session: Session, request: BadgeRequest, by: Member, *, version: int | None = None, at: datetime | None = None
) -> None:
    """Take a request back while it is open."""
    moment = at or now()
    _refuse_others(request, by)
    steps.move(session, request, version or request.version, OPEN, "withdrawn", at=moment)
    session.add(RequestEntry(request_id=request.id, at=moment, by_id=by.id, what="withdrawn"))


def refuse(
    session: Session, member: Member, badge: Badge, *, by: Member | None = None, at: datetime | None = None
) -> None:
    """Raise Refused or Conflict where a badge cannot be asked for, with what the badge's page says."""
    moment, asker = at or now(), by or member
    members.admit(asker, moment)
    others_may_ask = asker.id != member.id and not NOMINATED.isdisjoint(badge.ways)
    if words := reason_not(badge.state, ("request",) if others_may_ask else badge.ways):
        raise Refused(words)
    if badge.version_id is None:
        raise Refused(_("This badge has not been published yet."))
    _refuse_holders(session, member, badge, asker)
    latest = session.scalars(
        select(BadgeRequest)
        .where(BadgeRequest.badge_id == badge.id, BadgeRequest.member_id == member.id)
        .where((BadgeRequest.by_id == asker.id) if asker.id == member.id else (BadgeRequest.by_id != member.id))
        .order_by(BadgeRequest.id.desc())
        .limit(1)
    ).first()
    if latest is not None:
        _refuse_again(latest, asker, moment)
    _limit(session, asker, moment)


def reason_not(state: str, ways: Iterable[str]) -> str:
    """Why a badge cannot be requested by anybody, or nothing."""
    ways = set(ways)
    if state == "legacy":
        return _("This badge is no longer awarded. Members who earned it keep it.")
    if state == "planned":
        return _("This badge is planned and not awarded yet.")
    if "request" in ways:
        return ""
    for way, words in (
        (
            "invitation",
            _(
                "This badge cannot be requested: the team invites members to it. There is nothing to do but to take part."
            ),
        ),
        (
            "event",
            _("This badge cannot be requested: it comes with taking part in an event, where somebody notes who came."),
        ),
        ("checklist", _("This badge cannot be requested: it comes as soon as the checklist is finished.")),
        ("external", _("This badge cannot be requested: it comes with a credential of another site.")),
        ("automatic", _("This badge cannot be requested: it comes by itself as soon as its condition is met.")),
    ):
        if way in ways:
            return words
    return _("This badge cannot be requested: the team gives it for what no rule can see.")


def _refuse_holders(session: Session, member: Member, badge: Badge, asker: Member) -> None:
    held = select(Award.revoked_at).where(Award.badge_id == badge.id, Award.member_id == member.id)
    rows = session.scalars(held).all()
    if any(revoked_at is None for revoked_at in rows):
        if asker.id == member.id:
            raise Conflict(_("You have this badge already."))
        raise Conflict(_("%(member)s already has %(badge)s.", member=member.name, badge=badge.name))
    if rows:
        raise Refused(
            _(
                "The team took this badge back from you, so it cannot be asked for again. It can be given back: if that was wrong, tell us on the badge’s page."
            )
        )


def _refuse_again(latest: BadgeRequest, asker: Member, moment: datetime) -> None:
    if latest.is_open:
        if latest.by_id != asker.id:
            raise Conflict(_("Somebody has nominated this member already. A moderator is looking at it."))
        raise Conflict(
            _(
                "You asked for this badge on %(day)s. A moderator is looking at it.",
                day=steps.day(latest.sent_at, asker),
            )
        )
    if latest.state != "declined" or latest.by_id != asker.id:
        return
    if latest.may_ask_again_at is None:
        raise Refused(_("A moderator declined this for good: it cannot be asked for again."))
    if latest.may_ask_again_at > moment:
        raise Refused(
            _("You can ask for this badge again from %(day)s.", day=steps.day(latest.may_ask_again_at, asker))
        )


def _limit(session: Session, asker: Member, moment: datetime) -> None:
    """Refuse one request too many; those that were declined count more."""
    recent = select(BadgeRequest.sent_at, BadgeRequest.state).where(
        BadgeRequest.by_id == asker.id, BadgeRequest.sent_at > moment - LIMIT_WITHIN
    )
    spent = [(it.sent_at, COST.get(it.state, 1)) for it in session.execute(recent.order_by(BadgeRequest.sent_at))]
    over = sum(cost for _sent_at, cost in spent) - LIMIT + 1
    if over <= 0:
        return
    for sent_at, cost in spent:
        over -= cost
        if over <= 0:
            raise Refused(
                _(
                    "You have asked for many badges in a few days, and declined requests count more. You can send the "
                    "next one from %(moment)s.",
                    moment=steps.moment(sent_at + LIMIT_WITHIN, asker),
                )
            )


def _checked(note: str, evidence: Evidence) -> tuple[str, Evidence]:
    """Note and evidence as they are kept; raises Invalid with all that needs another look."""
    wrong: dict[str, str] = {}
    try:
        note = steps.checked(note, NOTE_MOST, _("Write a note, so that we know what to check."), field="note")
    except Invalid as no:
        wrong |= no.fields
    wrong |= _wrong_links(evidence.links) | _wrong_events(evidence.events)
    if len(evidence.pictures) > PICTURES_MOST:
        wrong["files"] = _("At most %(most)s pictures fit. Choose the best ones.", most=PICTURES_MOST)
    if wrong:
        raise Invalid(**wrong)
    return note, evidence


def _wrong_links(links: Sequence[str]) -> dict[str, str]:
    if len(links) > LINKS_MOST:
        return {"evidence": _("At most %(most)s links fit. Keep the best ones.", most=LINKS_MOST)}
    for it in links:
        if len(it) > LINK_MOST or not introductions.is_address(it):
            return {"evidence": introductions.no_address(it)}
    return {}


def _wrong_events(events: Sequence[tuple[str, date]]) -> dict[str, str]:
    if len(events) > EVENTS_MOST:
        return {"events": _("At most %(most)s events fit in one request.", most=EVENTS_MOST)}
    soonest, latest = date(1990, 1, 1), (now() + FARTHEST_EVENT).date()
    for title, on in events:
        if not title.strip():
            return {"events": _("Write the name of each event.")}
        if len(title) > EVENT_TITLE_MOST:
            return {"events": _("Make the event’s name shorter: at most %(most)s characters.", most=EVENT_TITLE_MOST)}
        if not soonest <= on <= latest:
            return {"events": _("Look at the day of %(event)s again.", event=title)}
    return {}


def _keep(session: Session, request: BadgeRequest, asker: Member, evidence: Evidence, moment: datetime) -> None:
    session.add_all(RequestLink(request_id=request.id, address=it) for it in evidence.links)
    session.add_all(RequestEvent(request_id=request.id, title=title.strip(), on=on) for title, on in evidence.events)
    for drawing in evidence.pictures:
        picture = pictures.keep(session, asker, drawing, at=moment)
        session.add(RequestPicture(request_id=request.id, picture_id=picture.id))
    session.flush()


def _refuse_others(request: BadgeRequest, by: Member) -> None:
    if request.by_id != by.id:
        raise Refused(_("This is somebody else’s request."))
