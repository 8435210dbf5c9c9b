"""Explanations made from the active catalogue: points, ranks, how to get badges."""

from typing import Any

from flask import Blueprint, render_template

from app.db import db
from app.domain.badging import library
from app.domain.badging.badges import WAYS
from app.domain.badging.insignia import FAMILIES, TIERS
from app.domain.badging.library import Entry
from app.domain.base import day_number, now
from app.domain.rewards import guide
from app.domain.site import texts
from app.web.audience import everybody, viewer
from app.web.badging.standing import climb

bp = Blueprint("guide", __name__)


@bp.get("/points")
@everybody
def points() -> str:
    """What each deed is worth today."""
    looking = viewer()
    return render_template(
        "guide/points.html",
        rules=guide.point_rules(db.session(), day_number(now())),
        climb=climb(looking) if looking else None,
    )


@bp.get("/ranks")
@everybody
def ranks() -> str:
    """The ladder, and what each step unlocks."""
    looking = viewer()
    return render_template(
        "guide/ranks.html", ladder=guide.ladder(db.session()), climb=climb(looking) if looking else None
    )


@bp.get("/how-to-get-badges")
@everybody
def how_to_get_badges() -> str:
    """The ways to a badge, each with an example of this site."""
    open_badges = [it for it in library.every(db.session()) if it.state == "published"]
    return render_template(
        "guide/how_to_get_badges.html",
        ways=_by_way(open_badges),
        shapes=_by_shape(open_badges),
        intro=texts.find(db.session(), "badges"),
    )


def _by_way(badges: list[Entry]) -> dict[str, tuple[int, Entry]]:
    """For each way in use how many badges go by it, and one of them: if there is one, of no other way."""
    found = {way: [it for it in badges if way in library.ways(it.ways_text)] for way in WAYS}
    return {
        way: (len(some), min(some, key=lambda it: len(library.ways(it.ways_text))))
        for way, some in found.items()
        if some
    }


def _by_shape(badges: list[Entry]) -> dict[str, tuple[Any, Entry]]:
    """For each family one badge, the humblest there is."""
    humble = sorted(badges, key=lambda it: TIERS.index(it.tier))
    firsts = {key: next((it for it in humble if it.family == key), None) for key in FAMILIES}
    return {key: (FAMILIES[key], badge) for key, badge in firsts.items() if badge}
