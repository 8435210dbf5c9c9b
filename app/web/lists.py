"""Lists of threads: the front page and the categories."""

from flask import Blueprint, abort, render_template
from sqlalchemy import Row, select

from app.db import db
from app.domain import listing
from app.domain.base import day_number, now
from app.domain.ledger import week_of
from app.domain.threads import Category
from app.web.audience import everybody, viewer
from app.web.paging import choice, page_number
from app.web.standing import climb, nearest

bp = Blueprint("lists", __name__)

LEADERS_SHOWN = 5


@bp.get("/")
@everybody
def home() -> str:
    """The latest threads of every category."""
    return _list(None)


@bp.get("/c/<slug>")
@everybody
def category(slug: str) -> str:
    """The threads of one category."""
    found = db.session.execute(select(Category.id, Category.slug, Category.name, Category.about).filter_by(slug=slug))
    return _list(found.one_or_none() or abort(404))


def _list(category: Row | None) -> str:
    sort, page = choice("sort", listing.SORTS), page_number()
    threads, more = listing.latest(db.session(), sort, page, category.id if category else None)
    if page > 1 and not threads:
        abort(404)
    looking = viewer()
    return render_template(
        "threads/list.html",
        threads=threads, more=more, page=page, sort=sort, category=category,
        categories=listing.all_categories(db.session()),
        leaders=listing.leaders(db.session(), week_of(day_number(now())), LEADERS_SHOWN),
        climb=climb(looking) if looking else None,
        nearest=nearest(looking) if looking else [],
    )  # fmt: skip
