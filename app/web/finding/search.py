"""Search: threads, posts, members and badges by their words."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, abort, render_template
from sqlalchemy import Row

from app.db import db
from app.domain import excerpts
from app.domain.badging import library
from app.domain.finding import search, spelling
from app.domain.forum import listing
from app.web.audience import everybody
from app.web.finding import hits
from app.web.paging import choice, line, page_number

bp = Blueprint("search", __name__)

WHAT = ("all", "threads", "posts", "members", "badges")
FILTERS = ("category", "author", "tag", "state", "period")
A_FEW = 3  # members and badges beside what was written
NAME_MOST = 60


class Results(NamedTuple):
    """What was found; `more` says whether another page follows."""

    written: Sequence[Row]
    people: Sequence[Row]
    badges: Sequence[Row]
    more: bool

    def __bool__(self) -> bool:
        return bool(self.written or self.people or self.badges)


@bp.get("/search")
@everybody
def show() -> str:
    """The results of a search, or where one begins."""
    typed, what, page = line("q", search.LONGEST), choice("what", WHAT), page_number()
    chosen = {name: line(name, NAME_MOST) for name in ("category", "author", "tag")} | {
        "state": choice("state", search.STATES), "period": choice("period", tuple(search.PERIODS)),
    }  # fmt: skip
    words = search.words_of(typed)
    every = library.every(db.session()) if words and what in ("all", "badges") else []
    found = _find(words, what, chosen, page, every)
    if page > 1 and not found:
        abort(404)
    unnarrowed = not any(chosen[name] not in ("", "any") for name in FILTERS)
    meant = _meant(typed, what, every) if words and not found and unnarrowed else None
    given = {"q": typed, "what": what} | {name: value for name, value in chosen.items() if value not in ("", "any")}
    return render_template(
        "search/show.html",
        typed=typed, what=what, chosen=chosen, words=words, page=page, found=found, meant=meant,
        hits=hits.of(found.written, words),
        names=[(it, excerpts.marked(it.name, words)) for it in found.people],
        badges=[(it, excerpts.marked(it.name, words)) for it in found.badges],
        base=f"/search?{urlencode(given)}&", narrowed=not unnarrowed,
        tabs=[(name, f"/search?{urlencode(given | {'what': name})}") for name in WHAT],
        categories=listing.all_categories(db.session()),
    )  # fmt: skip


def _find(words: Sequence[str], what: str, chosen: dict[str, str], page: int, every: Sequence[Row]) -> Results:
    written: Sequence[Row] = []
    people: Sequence[Row] = []
    more = False
    if what in ("all", "threads", "posts"):
        opening = {"all": None, "threads": True, "posts": False}[what]
        written, more = search.written(db.session(), search.Query(tuple(words), opening, **chosen), page)
    if what == "members":
        people, more = search.people(db.session(), words, page)
    elif what == "all" and page == 1:
        people, _ = search.people(db.session(), words, count=A_FEW)
    badges = [it for it in every if search.has(words, it.name, it.about, it.how or "")]
    return Results(written, people, _few(badges, what, page), more)


def _few(badges: Sequence[Row], what: str, page: int) -> Sequence[Row]:
    if what == "badges":
        return badges if page == 1 else []
    return badges[:A_FEW] if page == 1 else []


def _meant(typed: str, what: str, every: Sequence[Row]) -> str | None:
    """The same query spelled another way, if that finds something."""
    return spelling.suggestion(
        db.session(), typed, [it.name for it in every], lambda words: bool(_find(words, what, {}, 1, every))
    )
