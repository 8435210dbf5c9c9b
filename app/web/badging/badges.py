"""The badge library, a badge's page, the changes of the programme."""

from collections.abc import Sequence
from itertools import groupby

from flask import Blueprint, abort, render_template
from sqlalchemy import Row
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.badging import distance, explanations, library
from app.domain.badging.badges import WAYS, Badge
from app.domain.badging.criteria import Progress
from app.domain.badging.explanations import Explained
from app.domain.badging.insignia import FAMILIES, TIERS
from app.domain.catalogue import chronicle, planned
from app.domain.people.members import Member
from app.domain.words import _
from app.web import site
from app.web.answers import by_htmx, on_to
from app.web.audience import everybody, members_only, myself, viewer
from app.web.badging import badge_ways, next_steps, rules, standing
from app.web.paging import choice, page_number
from app.web.ways import requests

bp = Blueprint("badges", __name__)

ANY = "any"


@bp.get("/badges")
@everybody
def index() -> str:
    """Every badge there is, in groups; what the viewer holds is in colour."""
    looking, view = viewer(), choice("view", ("grid", "list"))
    filters = {
        "group": choice("group", (ANY, *FAMILIES)),
        "tier": choice("tier", (ANY, *TIERS)),
        "way": choice("way", (ANY, *WAYS)),
        "earned": choice("earned", (ANY, "yes", "no")),
    }
    everything = standing.with_distances(looking) if looking else standing.of(site.current().badges, None)
    found = [it for it in everything if _fits(it, filters)]
    return render_template(
        "badges/index.html",
        filters=filters,
        view=view,
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
    [it] = standing.of([badge], looking.id if looking else None, own=False)
    asked = requests.asked(badge, it.ways, looking)
    taken_back = None if it.held else _taken_back(badge.id, looking)
    state = library.standing(badge, it.held is not None, asked.is_open, taken_back is not None)
    it = it._replace(state=state)
    found, explained = rules.of(badge.id), _explained(badge, it.held is not None, looking)
    return render_template(
        "badges/show.html",
        it=it, asked=asked, holders=holders, more=more, page=page, rules=found, earlier_rules=rules.earlier(found),
        conditions=[] if explained else _conditions(badge), explained=explained,
        step_after=next_steps.after, community=library.community_size(db.session()),
        subjects=_subjects(badge), each_time=_each_time(it, looking), taken_back=taken_back, following=_is_followed(badge, looking),
        offers=badge_ways.of(badge, looking, is_held=it.held is not None),
    )  # fmt: skip


@bp.post("/badges/<slug>/following")
@members_only
def follow(slug: str) -> Response | str:
    """Follow a planned badge, or stop."""
    badge = library.find(db.session(), slug) or abort(404)
    with transaction() as writing:
        on = planned.toggle(writing, myself(writing), writing.get_one(Badge, badge.id))
    if by_htmx():
        return render_template("badges/_follow.html", b=badge, following=on)
    said = _("We tell you as soon as it can be earned.") if on else _("You no longer follow this.")
    return on_to(f"/badges/{badge.slug}", said)


@bp.get("/badges/changes")
@everybody
def changes() -> str:
    """What changed in the programme, latest first."""
    page = page_number()
    found, more = chronicle.changes(db.session(), page)
    if page > 1 and not found:
        abort(404)
    return render_template("badges/changes.html", days=_by_day(found), more=more, page=page)


def _by_day(found: Sequence[Row]) -> list[tuple[Row, dict[str, list[Row]]]]:
    """Changes of each day by what they are; the first one stands for the day."""
    days = []
    for _day, these in groupby(found, key=lambda it: it.at.date()):
        changes: dict[str, list[Row]] = {}
        for it in sorted(these, key=lambda it: it.position):
            changes.setdefault(it.what, []).append(it)
        days.append((next(iter(changes.values()))[0], changes))
    return days


def _conditions(badge: Row) -> list[Progress]:
    """Each condition of the badge's rule, for nobody in particular."""
    if not library.has_rule(badge):
        return []
    node = distance.rule(badge.criterion)
    names = library.names(db.session()) if node.badges() else {}
    return distance.conditions(db.session(), None, node, names, frozenset())


def _subjects(badge: Row) -> str:
    """What each of a badge's awards is for: "post" or "year" where it can be earned again, "none" where once."""
    return distance.rule(badge.criterion).subjects if library.has_rule(badge) else "none"


def _each_time(it: standing.Standing, looking: Member | None) -> Sequence[Row]:
    """The viewer's own awards of a badge that they earned more than once."""
    several = looking is not None and it.held is not None and it.held.times > 1
    return library.each_time(db.session(), looking.id, it.badge.id) if looking and several else ()


def _explained(badge: Row, is_held: bool, looking: Member | None) -> Explained | None:
    """Why a member does not have it yet: each condition with their own number and what did not count."""
    if looking is None or is_held or badge.state == "legacy" or not library.has_rule(badge):
        return None
    node = distance.rule(badge.criterion)
    names = library.names(db.session()) if node.badges() else {}
    return explanations.rule(db.session(), looking, node, names)


def _taken_back(badge_id: int, looking: Member | None) -> Row | None:
    """The award of this badge that was taken back from the viewer."""
    found = library.taken_back(db.session(), looking.id) if looking else []
    return next((it for it in found if it.badge_id == badge_id), None)


def _is_followed(badge: Row, looking: Member | None) -> bool:
    return looking is not None and badge.state == "planned" and planned.follows(db.session(), looking.id, badge.id)


def _fits(it: standing.Standing, filters: dict[str, str]) -> bool:
    wanted = (
        (filters["group"], it.badge.family == filters["group"]),
        (filters["tier"], it.badge.tier == filters["tier"]),
        (filters["way"], filters["way"] in it.ways),
        (filters["earned"], (it.held is not None) == (filters["earned"] == "yes")),
    )
    return all(value == ANY or fits for value, fits in wanted)
