"""Search: threads, posts, members and badges by their words."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, abort, render_template
from sqlalchemy import Row

from app.db import db
from app.domain import excerpts
from app.domain.badging.library import Entry
from app.domain.finding import search, spelling
from app.web import site
from app.web.audience import everybody
from app.web.finding import hits
from app.web.paging import choice, line, page_number

bp = Blueprint("search", __name__)

WHAT = ("all", "threads", "posts", "members", "badges")
WRITTEN = {"all": None, "threads": True, "posts": False}  # whether they are first posts, which open threads
FILTERS = ("category", "author", "tag", "state", "period")
A_FEW = 3  # members and badges beside what was written
NAME_MOST = 60


class Results(NamedTuple):
    """What was found; `more` says whether another page follows."""

    written: Sequence[Row]
    people: Sequence[Row]
    badges: Sequence[Entry]
    more: bool

    def __bool__(self) -> bool:
        return bool(self.written or self.people or self.badges)

    @property
    def is_little(self) -> bool:
        """Whether somebody who looked for it may want something else as well."""
        return len(self.written) < search.FEW and not self.people and not self.badges


@bp.get("/search")
@everybody
def show() -> str:
    """The results of a search, or where one begins."""
    typed, what, page = line("q", search.LONGEST), choice("what", WHAT), page_number()
    chosen = {name: line(name, NAME_MOST) for name in ("category", "author", "tag")} | {
        "state": choice("state", search.STATES), "period": choice("period", tuple(search.PERIODS)),
    }  # fmt: skip
    words = search.words_of(typed)
    found = _find(words, what, chosen, page)
    if page > 1 and not found:
        abort(404)
    narrowed = any(chosen[name] not in ("", "any") for name in FILTERS)
    little = bool(words) and page == 1 and found.is_little
    meant = _meant(typed, what, found) if little and not narrowed else None
    near = _near(words, what, chosen, found) if little and not meant else []
    given = {"q": typed, "what": what} | {name: value for name, value in chosen.items() if value not in ("", "any")}
    return render_template(
        "search/show.html",
        typed=typed, what=what, chosen=chosen, words=words, page=page, found=found, meant=meant,
        hits=hits.of(found.written, words), near=hits.of(near, words),
        names=[(it, excerpts.marked(it.name, words)) for it in found.people],
        badges=[(it, excerpts.marked(it.name, words)) for it in found.badges],
        base=f"/search?{urlencode(given)}&", narrowed=narrowed,
        tabs=[(name, f"/search?{urlencode(given | {'what': name})}") for name in WHAT],
        categories=site.current().categories,
    )  # fmt: skip


def _find(words: Sequence[str], what: str, chosen: dict[str, str], page: int) -> Results:
    written: Sequence[Row] = []
    people: Sequence[Row] = []
    more = False
    if what in WRITTEN:
        written, more = search.written(db.session(), _query(words, what, chosen), page)
    if what == "members":
        people, more = search.people(db.session(), words, page)
    elif what == "all" and page == 1:
        people, _ = search.people(db.session(), words, count=A_FEW)
    badges = search.badges(site.current().badges, words) if what in ("all", "badges") and page == 1 else []
    return Results(written, people, badges if what == "badges" else badges[:A_FEW], more)


def _query(words: Sequence[str], what: str, chosen: dict[str, str]) -> search.Query:
    return search.Query(tuple(words), WRITTEN[what], **chosen)


def _near(words: Sequence[str], what: str, chosen: dict[str, str], found: Results) -> list[Row]:
    """Posts with some of several words, where few have all."""
    if len(words) < 2 or what not in WRITTEN:
        return []
    shown = {it.id for it in found.written}
    return [it for it in search.nearly(db.session(), _query(words, what, chosen)) if it.id not in shown]


def _meant(typed: str, what: str, found: Results) -> str | None:
    """The same query spelled another way, if that finds more."""
    names = [it.name for it in site.current().badges]

    def finds_more(words: tuple[str, ...]) -> bool:
        written = search.written(db.session(), _query(words, what, {}))[0] if what in WRITTEN else []
        return len(written) >= len(found.written) if written else bool(_find(words, what, {}, 1))

    return spelling.suggestion(db.session(), typed, names, finds_more)
