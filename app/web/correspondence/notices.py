"""What one was told: the inbox, the bell on every page, and what pops up there. Opening what it is about reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from flask import Blueprint, Flask, Response, abort, g, make_response, render_template, request
from sqlalchemy import ColumnElement, Engine, false
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.db import db, transaction
from app.domain.base import now
from app.domain.correspondence import inbox, tidings
from app.domain.correspondence.tidings import Tiding
from app.domain.notices import notifications
from app.domain.words import _
from app.web.answers import on_to
from app.web.audience import everybody, member, members_only, myself, viewer
from app.web.looks import on_date
from app.web.paging import choice, page_number

bp = Blueprint("notices", __name__)
log = structlog.get_logger("contrail.notices")

IN_PANEL = 6
POPS_UP_FOR = timedelta(minutes=10)  # what is older waits in the inbox
LONGEST_NUMBER = 18

Opens = Callable[[Mapping[str, Any]], ColumnElement[bool]]
# Which notices a page opens, by its endpoint and the parts of its address. Threads say which posts they show.
OPENS: dict[str, Opens] = {
    "badges.show": lambda given: inbox.of_badge(given["slug"]),
    "awards.show": lambda given: inbox.of_award(given["award_id"]),
    "guide.ranks": lambda _given: inbox.of_kind("rank"),
    "invitations.index": lambda _given: inbox.of_invitations(),
    "leaders.show": lambda _given: inbox.of_kind("leaders"),
    "members.badging": lambda given: inbox.of_several_badges() if _is_own(given["username"]) else false(),
    "messages.show": lambda given: inbox.of_sender(given["username"]),
    "my_requests.show": lambda given: inbox.of_request(given["request_id"]),
    "swag.index": lambda _given: inbox.of_kind("swag"),
    "swag.show": lambda _given: inbox.of_kind("swag"),
}


def install(app: Flask) -> None:
    """Let every page know the bell, and note what a page opened once it has left."""
    app.jinja_env.globals.update(bell_count=bell_count, pop_ups=pop_ups)

    @app.after_request
    def remember(response: Response) -> Response:
        me = viewer() if g.get("log_in") else None
        if me is None or response.status_code != 200:
            return response
        which = opened() if inbox.corner(me).unread and not g.get("opens_nothing") else None
        until = g.get("popped_up")
        if which is not None or until:
            engine, member_id = db.engine, me.id
            response.call_on_close(lambda: note(engine, member_id, which, until))
        return response


def opened() -> ColumnElement[bool] | None:
    """Which notices the page that was asked for opens, or None."""
    if request.method != "GET":
        return None
    if shown := g.get("shown"):
        return inbox.of_posts(shown.post_ids)
    opens = OPENS.get(request.endpoint or "")
    return opens(request.view_args or {}) if opens else None


def note(engine: Engine, member_id: int, which: ColumnElement[bool] | None, until: int | None) -> None:
    """Write down what was opened and what has popped up; what fails is found again at the next look."""
    try:
        with Session(engine) as session, session.begin():
            if which is not None:
                notifications.read(session, member_id, which)
            if until:
                notifications.see(session, member_id, until)
    except SQLAlchemyError as no:
        log.warning("notices not noted as read", reason=type(no).__name__)


def bell_count() -> int:
    """How many notices the bell tells of, besides those that the page itself opens; none in quiet mode."""
    me = member()
    unread = inbox.corner(me).unread
    if me.quiet or not unread:
        return 0
    if not _opens_some(me.id):
        g.opens_nothing = True  # most pages: nothing has to be written once they have left
        return unread
    which = opened()
    return unread if which is None else inbox.unread(db.session(), me.id, which)


def _opens_some(member_id: int) -> bool:
    """Whether the page that was asked for opens a notice that was not read yet."""
    if request.method == "GET" and (shown := g.get("shown")):
        return inbox.has_unread_of_posts(db.session(), member_id, shown.post_ids)
    which = opened()
    return which is not None and inbox.has_unread(db.session(), member_id, which)


def pop_ups() -> tuple[list[Tiding], list[Tiding]]:
    """What is new since the last page: badges, and the rest. Each pops up once, unless the page is about it."""
    me = member()
    unseen = inbox.corner(me).unseen
    if me.quiet or not unseen:
        return [], []
    g.popped_up = unseen
    if request.endpoint == "notices.index":  # there it stands already
        return [], []
    which = opened()
    rows = inbox.fresh(db.session(), me.id, now() - POPS_UP_FOR, false() if which is None else which)
    fresh = tidings.of(db.session(), rows)
    return [it for it in fresh if it.kind == "badge_earned"], [it for it in fresh if it.kind != "badge_earned"]


@bp.get("/notifications")
@members_only
def index() -> str:
    """Everything one was told, the latest first, a day under another."""
    show, page, me = choice("show", ("all", "unread")), page_number(), member()
    rows, more = inbox.page(db.session(), me.id, page, unread=show == "unread")
    if page > 1 and not rows:
        abort(404)
    days = _by_day(tidings.of(db.session(), rows), ZoneInfo(me.zone))
    return render_template("notices/index.html", days=list(days), latest=_latest(), show=show, page=page, more=more)


@bp.post("/notifications/reads")
@members_only
def read_all() -> AnyResponse:
    """Nothing of what was shown is new any more; what came meanwhile still is."""
    until = request.form.get("until", "")
    if not (until.isascii() and until.isdigit()) or len(until) > LONGEST_NUMBER:
        abort(400, "There is no such notice.")
    with transaction() as writing:
        notifications.read(writing, myself(writing).id, inbox.up_to(int(until)))
    return on_to("/notifications", _("All notices are marked as read."))


@bp.get("/-/notices")
@members_only
def panel() -> str:
    """The latest notices, for the panel under the bell."""
    rows, _more = inbox.page(db.session(), member().id)
    return render_template("notices/_panel.html", notices=tidings.of(db.session(), rows[:IN_PANEL]), latest=_latest())


@bp.get("/-/bell")
@everybody
def bell() -> Response:
    """The corner with its two numbers, and what pops up; nothing where the page shows just that.

    A page asks for it while it is looked at. Whoever was signed out meanwhile is not led away from it.
    """
    me = viewer()
    if me is None:
        return Response("", 204)
    badges, others = pop_ups()
    shown = request.args.get("notices", ""), request.args.get("messages", "")
    if shown == (str(bell_count()), str(inbox.corner(me).messages)) and not badges and not others:
        return Response("", 204)
    return make_response(render_template("notices/_news.html", popping=(badges, others)))


def _latest() -> int:
    """The newest notice there is as the page is made: what comes after it has not been shown."""
    return inbox.latest(db.session(), member().id)


def _by_day(told: list[Tiding], zone: ZoneInfo) -> Iterator[tuple[str, list[Tiding]]]:
    today = now().astimezone(zone).date()
    names = {today: _("Today"), today - timedelta(days=1): _("Yesterday")}
    for day, those in groupby(told, key=lambda it: _there(it.at, zone)):
        yield names.get(day) or on_date(day), list(those)


def _there(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _is_own(username: str) -> bool:
    return username.lower() == member().username_key
