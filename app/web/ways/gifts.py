"""Giving badges by hand and inviting to them: from a badge to a list of members, or from a member to a badge."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.badging import badges
from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.ways import gifts, invitations, rosters
from app.domain.ways.invitations import Invitation
from app.domain.words import _, ngettext
from app.web.answers import again, on_to
from app.web.audience import member, myself, staff_only
from app.web.paging import number
from app.web.ways.rosters import a_few_at_a_time, looked_through, of_session, preview, read

bp = Blueprint("gifts", __name__, url_prefix="/staff")

TAB = "/staff/awards"
FIELDS = ("who", "reason", "earned_on")


@bp.get("/awards")
@staff_only
def index() -> str:
    """The badges that can be given, and those that members can be invited to."""
    return render_template("gifts/index.html", badges=_givable())


@bp.get("/badges/<slug>/award")
@staff_only
def form(slug: str) -> str:
    """The form to give a badge to some members."""
    return render_template("gifts/give.html", badge=_find(slug), problems={}, typed=_typed(*FIELDS))


@bp.post("/badges/<slug>/award")
@staff_only
def look_through(slug: str) -> str | tuple[str, int]:
    """What giving it to a list would do."""
    badge, typed = _find(slug), _typed(*FIELDS)
    try:
        found = read()
        gifts.checked(badge, member(), typed["reason"], _day(typed["earned_on"]), now())
    except Invalid as no:
        return again("gifts/give.html", no, badge=badge, typed=typed)
    known = gifts.sort(db.session(), badge, found.members, member())
    others = (
        (_("They have it already"), known.had),
        (_("It was taken back from them: give it back on their award’s page"), known.revoked),
        (_("This is you: another one of the team decides about you"), known.oneself),
    )
    return preview(
        _("Give %(badge)s", badge=badge.name), found, known.new, others, kept=_typed("reason", "earned_on"), tab=TAB,
        action=f"/staff/badges/{slug}/award/application", back=f"/staff/badges/{slug}/award", button=_("Give it"),
    )  # fmt: skip


@bp.post("/badges/<slug>/award/application")
@staff_only
def give(slug: str) -> Response | tuple[str, int]:
    """Give it to those of a list that was looked through."""
    badge, typed = _find(slug), _typed(*FIELDS)
    try:
        given = _give(badge, looked_through(), typed)
    except Invalid as no:
        return again("gifts/give.html", no, badge=badge, typed=typed)
    return on_to(f"/staff/badges/{slug}/award", _said(given))


@bp.get("/members/<username>/award")
@staff_only
def form_for_one(username: str) -> str:
    """The form to give some badge to a member, or to invite them to one."""
    return render_template("gifts/to_member.html", problems={}, **_for_one(username))


@bp.post("/members/<username>/award")
@staff_only
def give_to_one(username: str) -> Response | tuple[str, int]:
    """Give a member a badge."""
    whom, typed = _person(username), _typed("reason", "earned_on", "badge")
    badge = _badge(typed["badge"])
    try:
        if badge is None:
            raise Invalid(badge=_("Choose a badge."))
        if whom.id == member().id:
            raise Invalid(badge=_("This is you: another one of the team decides about you."))
        given = _give(badge, [whom], typed)
    except Invalid as no:
        return again("gifts/to_member.html", no, **_for_one(username))
    return on_to(f"/staff/members/{whom.username}", _said(given))


@bp.post("/members/<username>/invitation")
@staff_only
def invite_one(username: str) -> Response | tuple[str, int]:
    """Invite a member to a badge."""
    whom, badge = _person(username), _badge(request.form.get("to", ""))
    try:
        if badge is None:
            raise Invalid(to=_("Choose a badge."))
        said = _invite(badge, [whom])
    except Invalid as no:
        return again("gifts/to_member.html", no, **_for_one(username))
    return on_to(f"/staff/members/{whom.username}", said)


@bp.get("/badges/<slug>/invitations")
@staff_only
def invitation_form(slug: str) -> str:
    """Who was invited to a badge, and the form to invite more."""
    return render_template("gifts/invite.html", problems={}, **_about_invitations(_find(slug)))


@bp.post("/badges/<slug>/invitations")
@staff_only
def look_through_invited(slug: str) -> str | tuple[str, int]:
    """What inviting a list would do."""
    badge = _find(slug)
    try:
        found = read()
        invitations.checked(badge, request.form.get("words", ""), _days())
    except Invalid as no:
        return again("gifts/invite.html", no, **_about_invitations(badge))
    known = invitations.sort(db.session(), badge, found.members, member())
    others = ((_("Invited already"), known.open), (_("They have it, or had it, or are you"), known.had))
    return preview(
        _("Invite to %(badge)s", badge=badge.name), found, known.new, others, kept=_typed("words", "days"),
        tab=TAB, action=f"/staff/badges/{slug}/invitations/application", back=f"/staff/badges/{slug}/invitations",
        button=_("Invite them"),
    )  # fmt: skip


@bp.post("/badges/<slug>/invitations/application")
@staff_only
def invite(slug: str) -> Response | tuple[str, int]:
    """Invite those of a list that was looked through."""
    badge = _find(slug)
    try:
        said = _invite(badge, looked_through())
    except Invalid as no:
        return again("gifts/invite.html", no, **_about_invitations(badge))
    return on_to(f"/staff/badges/{slug}/invitations", said)


@bp.post("/invitations/<int:invitation_id>/withdrawal")
@staff_only
def take_back(invitation_id: int) -> Response:
    """Take an invitation back before it is answered."""
    with transaction() as writing:
        it = writing.get(Invitation, invitation_id) or abort(404)
        invitations.withdraw(writing, it, myself(writing))
        slug = it.badge.slug
    return on_to(f"/staff/badges/{slug}/invitations", _("Taken back."))


def _give(badge: Badge, members: list[Member], typed: dict[str, str]) -> gifts.Sorted:
    day, given = _day(typed["earned_on"]), gifts.Sorted([], [], [], [])
    for some in a_few_at_a_time(members):
        with transaction() as writing:
            whom, it = of_session(writing, some), writing.get_one(Badge, badge.id)
            done = gifts.give(writing, it, whom, myself(writing), typed["reason"], earned_on=day)
        for so_far, more in zip(given, done, strict=True):
            so_far += more
    return given


def _invite(badge: Badge, members: list[Member]) -> str:
    words, invited = request.form.get("words", ""), 0
    for some in a_few_at_a_time(members):
        with transaction() as writing:
            whom, it = of_session(writing, some), writing.get_one(Badge, badge.id)
            invited += len(invitations.invite(writing, it, whom, myself(writing), words, days=_days()).new)
    if not invited:
        return _("Nobody was invited: they are already, or have the badge.")
    return ngettext("%(num)s member is invited.", "%(num)s members are invited.", invited)


def _said(given: gifts.Sorted) -> str:
    had = len(given.had) + len(given.revoked)
    words = ngettext("Given to %(num)s member.", "Given to %(num)s members.", len(given.new)) if given.new else ""
    again_ = ngettext("%(num)s had it already.", "%(num)s had it already.", had) if had else ""
    return f"{words} {again_}".strip() or _("Nobody was given it.")


def _find(slug: str) -> Badge:
    return _badge(slug) or abort(404)


def _badge(slug: str) -> Badge | None:
    return badges.find(db.session(), slug)


def _person(username: str) -> Member:
    return next(iter(rosters.match(db.session(), [(username,)]).members), None) or abort(404)


def _givable() -> list[Badge]:
    found = select(Badge).where(Badge.state != "planned", Badge.version_id.is_not(None))
    return list(db.session.scalars(found.order_by(Badge.position, Badge.id)))


def _typed(*names: str) -> dict[str, str]:
    """What was typed; a link to a form may have filled it in."""
    given = request.args if request.method == "GET" else request.form
    return {name: given.get(name, "") for name in names}


def _for_one(username: str) -> dict[str, Any]:
    badges = _givable()
    to_invite = [it for it in badges if it.state == "published" and "invitation" in it.ways]
    return {"person": _person(username), "badges": badges, "to_invite": to_invite, "lasting": invitations.DAYS,
            "typed": _typed("badge", "reason", "earned_on", "to", "words", "days")}  # fmt: skip


def _about_invitations(badge: Badge) -> dict[str, Any]:
    listed = invitations.listed(db.session(), badge)
    return {"badge": badge, "listed": listed, "moment": now(), "lasting": invitations.DAYS,
            "typed": _typed("who", "words", "days")}  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Invalid(earned_on=_("Write a day as 2026-11-22, or leave it empty.")) from None


def _days() -> int:
    return number(request.form.get("days", ""), digits=3)
