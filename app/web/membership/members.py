"""A member's pages: profile, badging page, statement of points."""

from typing import Any

from flask import Blueprint, abort, render_template
from sqlalchemy import Row

from app.db import db
from app.domain.badging import library, profiles
from app.domain.forum import follows
from app.domain.rewards.unlocks import Lock
from app.domain.ways import nominations
from app.domain.writing import messages
from app.web import site
from app.web.audience import everybody, member, viewer
from app.web.badging import standing
from app.web.paging import choice, page_number

bp = Blueprint("members", __name__)

RECENT_BADGES = 2  # the two latest, as everybody's; nobody chooses


@bp.get("/u/<username>")
@everybody
def profile(username: str) -> str:
    """Who somebody is: the boarding pass, best answers, what happened lately."""
    person = _find(username)
    awards = profiles.latest_awards(db.session(), person.id)
    return render_template(
        "members/profile.html",
        person=person,
        recent=awards[:RECENT_BADGES],
        best=profiles.best_answers(db.session(), person.id),
        activity=_merged(awards, profiles.latest_posts(db.session(), person.id)),
        links=_links(person),
        is_self=_is_viewer(person),
        following=_is_followed(person),
        message_lock=_message_lock(person),
        nominating=_nominating_lock(person),
    )


@bp.get("/u/<username>/activity")
@everybody
def activity(username: str) -> str:
    """All that somebody wrote, newest first."""
    page, show = page_number(), choice("show", tuple(profiles.CONTRIBUTIONS))
    person = _find(username)
    found, more = profiles.contributions(db.session(), person.id, show, page)
    if page > 1 and not found:
        abort(404)
    return render_template(
        "members/activity.html",
        person=person,
        posts=found,
        more=more,
        page=page,
        show=show,
        is_self=_is_viewer(person),
    )


@bp.get("/u/<username>/badges")
@everybody
def badging(username: str) -> str:
    """All badges as they are to one member; how far is only shown to oneself."""
    person = _find(username)
    own = _is_viewer(person)
    view, show = choice("view", ("grid", "list")), choice("show", ("all", "earned", "unearned", "request"))
    everything = standing.with_distances(member()) if own else standing.of(site.current().badges, person.id, own=False)
    return render_template(
        "members/badging.html",
        person=person,
        is_self=own,
        view=view,
        show=show,
        groups=library.by_family([it for it in everything if _shown(it, show)], key=lambda it: it.badge.family),
        counts={
            name: sum(1 for it in everything if _shown(it, name)) for name in ("all", "earned", "unearned", "request")
        },
        tallies=_tallies(everything),
        nearest=standing.closest(everything) if own else [],
        taken_back=library.taken_back(db.session(), person.id) if own else [],
    )


def _find(username: str) -> Row:
    person = profiles.card(db.session(), username) or abort(404)
    return person if person.in_sight or _is_viewer(person) else abort(404)


def _is_followed(person: Row) -> bool:
    looking = viewer()
    return looking is not None and follows.follows(db.session(), looking.id, person=person.id)


def _is_viewer(person: Row) -> bool:
    looking = viewer()
    return looking is not None and looking.id == person.id


def _message_lock(person: Row) -> str:
    """What keeps whoever is looking from writing to somebody."""
    looking = viewer()
    return messages.lock(db.session(), looking, person.id) if looking and looking.id != person.id else ""


def _nominating_lock(person: Row) -> Lock | None:
    looking = viewer()
    return nominations.lock(db.session(), looking) if looking and looking.id != person.id else None


def _links(person: Row) -> list[str]:
    """The addresses a member gives; an import may have brought others than those of the web."""
    return [it for it in (person.website, *person.links.splitlines()) if it.startswith(("https://", "http://"))]


def _shown(it: standing.Standing, show: str) -> bool:
    if show == "earned":
        return it.held is not None
    if show == "unearned":
        return it.held is None
    return show == "all" or "request" in it.ways


def _tallies(everything: list[standing.Standing]) -> dict[str, tuple[int, int]]:
    """For each group of badges how many are held, and how many there are."""
    groups = library.by_family(everything, key=lambda it: it.badge.family)
    return {family: (sum(1 for it in found if it.held), len(found)) for family, found in groups.items()}


def _merged(awards: Any, posts: Any) -> list[tuple[str, Row]]:
    """Awards and posts in one list, the newest first."""
    both = [("award", it, it.earned_at) for it in awards] + [("post", it, it.created_at) for it in posts]
    both.sort(key=lambda it: it[2], reverse=True)
    return [(kind, row) for kind, row, _ in both[: profiles.RECENT]]
