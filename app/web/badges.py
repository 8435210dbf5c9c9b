"""The badge library, a badge's page, an award's public page."""

from flask import Blueprint, abort, render_template
from sqlalchemy import Row

from app.db import db
from app.domain import distance, library
from app.domain.badges import WAYS
from app.domain.criteria import Progress
from app.domain.insignia import FAMILIES, TIERS
from app.domain.members import Member
from app.web import standing
from app.web.audience import everybody, viewer
from app.web.paging import choice, page_number

bp = Blueprint("badges", __name__)

ANY = "any"


@bp.get("/badges")
@everybody
def index() -> str:
    """Every badge there is, in groups; what the viewer holds is in colour."""
    looking = viewer()
    filters = {
        "group": choice("group", (ANY, *FAMILIES)),
        "tier": choice("tier", (ANY, *TIERS)),
        "way": choice("way", (ANY, *WAYS)),
        "earned": choice("earned", (ANY, "yes", "no")),
    }
    everything = standing.of(library.every(db.session()), looking.id if looking else None, progress=looking is not None)
    found = [it for it in everything if _fits(it, filters)]
    return render_template(
        "badges/index.html",
        filters=filters,
        groups=library.by_family(found, key=lambda it: it.badge.family),
        count=len(found),
        total=len(everything),
    )


@bp.get("/badges/<slug>")
@everybody
def show(slug: str) -> str:
    """One badge: what it is for, how to get it, who holds it."""
    badge = library.find(db.session(), slug) or abort(404)
    page, looking = page_number(), viewer()
    holders, more = library.holders(db.session(), badge.id, page)
    if page > 1 and not holders:
        abort(404)
    [it] = standing.of([badge], looking.id if looking else None, progress=False)
    return render_template(
        "badges/show.html",
        it=it, holders=holders, more=more, page=page,
        conditions=_conditions(badge, looking), community=library.community_size(db.session()),
    )  # fmt: skip


def _conditions(badge: Row, looking: Member | None) -> list[Progress]:
    """Each condition of the badge's rule; with the viewer's own numbers where there is a viewer."""
    if not library.has_rule(badge):
        return []
    node, names, held = distance.rule(badge.criterion), {}, frozenset[str]()
    if node.badges():
        names = library.names(db.session())
        held = library.held_slugs(db.session(), looking.id) if looking else held
    return distance.conditions(db.session(), looking.id if looking else None, node, names, held)


@bp.get("/awards/<int:award_id>")
@everybody
def award(award_id: int) -> str:
    """Why and when somebody got a badge, for everybody to see."""
    return render_template("badges/award.html", award=library.award(db.session(), award_id) or abort(404))


def _fits(it: standing.Standing, filters: dict[str, str]) -> bool:
    wanted = (
        (filters["group"], it.badge.family == filters["group"]),
        (filters["tier"], it.badge.tier == filters["tier"]),
        (filters["way"], filters["way"] in it.ways),
        (filters["earned"], (it.held is not None) == (filters["earned"] == "yes")),
    )
    return all(value == ANY or fits for value, fits in wanted)
