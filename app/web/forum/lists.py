"""Lists of threads: the front page and the categories; and what is new in them."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode

from flask import Blueprint, abort, redirect, render_template, request
from markupsafe import Markup
from sqlalchemy import Row, exists, select
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.awarding import leaders
from app.domain.base import now
from app.domain.forum import listing, reading, reads
from app.domain.forum.follows import Follow
from app.domain.forum.threads import Category
from app.domain.record.scores import week_at
from app.domain.words import _
from app.web import site
from app.web.answers import on_to
from app.web.audience import everybody, member, members_only, myself, viewer
from app.web.badging import standing
from app.web.looks import ago
from app.web.paging import choice, line, page_number
from app.web.paths import own_path

bp = Blueprint("lists", __name__)

LEADERS_SHOWN = 5
TAG_MOST = 60


class Line(NamedTuple):
    """A thread of a list as its viewer sees it: `new` counts new posts, -1 stands for a thread never opened."""

    thread: Row
    when: Markup
    new: int | None
    begins_known: bool  # whether here ends what is new since the last visit


@bp.get("/")
@everybody
def home() -> str | Response:
    """The latest threads of every category."""
    return _list(None)


@bp.get("/c/<slug>")
@everybody
def category(slug: str) -> str | Response:
    """The threads of one category."""
    looking = viewer()
    theirs = exists().where(Follow.category_id == Category.id, Follow.member_id == (looking.id if looking else 0))
    columns = (Category.id, Category.slug, Category.name, Category.about, theirs.label("is_followed"))
    found = db.session.execute(select(*columns).where(Category.slug == slug))
    return _list(found.one_or_none() or abort(404))


@bp.get("/unread/<int:thread_id>")
@members_only
def first_unread(thread_id: int) -> Response:
    """On to the first post of a thread that one has not read, or to its last."""
    thread = reading.head(db.session(), thread_id) or abort(404)
    post_id = reads.first_new(db.session(), member().id, thread_id)
    return redirect(f"/p/{post_id}" if post_id else f"/t/{thread_id}/{thread.slug}", 302)


@bp.post("/reads")
@members_only
def mark_all_read() -> Response:
    """Nothing is new any more."""
    with transaction() as writing:
        reads.all_read(writing, myself(writing))
    return on_to(own_path(request.form.get("next")), _("Everything is marked as read."))


def _list(category: Row | None) -> str | Response:
    sort, page, tag, looking = choice("sort", listing.SORTS), page_number(), line("tag", TAG_MOST), viewer()
    if sort == "following" and looking is None:
        return redirect(f"/login?next={quote('/?sort=following', safe='/')}", 303)
    if sort == "following" and (category or tag):
        abort(400, "That filter is not known.")
    threads, more = listing.latest(
        db.session(), sort, page, category.id if category else None, tag=tag,
        follower_id=looking.id if looking else 0,
    )  # fmt: skip
    if page > 1 and not threads:
        abort(404)
    marks = reads.marks(db.session(), looking, threads) if looking else None
    ahead = standing.open_to(looking) if looking else []
    here = f"/c/{category.slug}" if category else "/"
    return render_template(
        "threads/list.html",
        lines=_lines(threads, sort, marks), since=marks.since if marks else None,
        more=more, page=page, sort=sort, category=category, tag=tag, here=here,
        base=f"{here}?{urlencode({'sort': sort} | ({'tag': tag} if tag else {}))}&",
        following=category is not None and category.is_followed,
        categories=site.current().categories,
        leaders=leaders.this_week(db.session(), week_at(now(), site.current().site.zone), LEADERS_SHOWN),
        climb=standing.climb(looking) if looking else None,
        nearest=standing.closest(ahead), started=standing.listed(ahead),
    )  # fmt: skip


def _lines(threads: Sequence[Row], sort: str, marks: reads.Marks | None) -> list[Line]:
    by = "created_at" if sort in ("latest", "unanswered") else "active_at"
    since, before, lines = marks.since if marks else None, False, []
    for it in threads:
        at = getattr(it, by)
        is_new = since is not None and at > since and it.level != listing.PINNED
        new = None if marks is None else -1 if it.id in marks.unopened else marks.new.get(it.id, 0)
        lines.append(Line(it, ago(at), new, before and not is_new))
        before = is_new
    return lines
