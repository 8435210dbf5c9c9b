"""Checklists: a badge whose way is a checklist, shown as the steps of its rule, each with how far a member is.

There is nothing else to them: the rule that awards the badge is the list, so the two cannot part.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.domain.badging import distance, library
from app.domain.badging.criteria import Node, Progress
from app.domain.badging.distance import Standpoint
from app.domain.badging.library import Entry, Held

NOBODY = Standpoint({}, {}, 0, frozenset())


class Step(NamedTuple):
    """One step, the kinds of deeds it asks for, and what has to hold of them."""

    progress: Progress
    kinds: Sequence[str]
    where: Mapping[str, Any]


class Checklist(NamedTuple):
    """A checklist as it is to a member; `held` is their award of its badge, if they have it."""

    badge: Entry
    steps: tuple[Step, ...]
    held: Held | None

    @property
    def done(self) -> int:
        return sum(it.progress.done for it in self.steps)


def every(session: Session, member_id: int | None) -> Sequence[Checklist]:
    """The checklists of the community, as they are to a member or to nobody."""
    badges = library.every(session)
    listed = {it.id: (it, distance.rule(it.criterion)) for it in badges if is_checklist(it)}
    if not listed:
        return []
    names = {it.slug: it.name for it in badges}
    held = library.held(session, member_id) if member_id else {}
    slugs = frozenset(it.slug for it in badges if it.id in held)
    rules = [rule for _, rule in listed.values()]
    here = distance.standpoint(session, member_id, rules, slugs) if member_id else NOBODY
    return [
        Checklist(
            badge, tuple(_step(part, here, names) for part in getattr(rule, "parts", (rule,))), held.get(badge.id)
        )
        for badge, rule in listed.values()
    ]


def is_checklist(badge: Entry | Row) -> bool:
    """Whether a badge can be earned by a checklist now."""
    return badge.state == "published" and "checklist" in library.ways(badge.ways_text) and library.has_rule(badge)


def _step(part: Node, here: Standpoint, names: dict[str, str]) -> Step:
    steps, measures = part.progress(here, names), part.measures()
    kinds = sorted(kind for measure in measures for kind, _ in measure.weights)
    where = next((dict(it.where) for it in measures), {}) if len(measures) == 1 else {}
    if len(steps) == 1:
        return Step(steps[0], kinds, where)
    done = sum(it.done for it in steps)
    return Step(Progress(part.sentence(names), done, len(steps), ""), kinds, where)
