"""Categories as staff keep them: what there is to talk about, in which order."""

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.forum import threads
from app.domain.forum.threads import Category, Thread
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import audit_log
from app.domain.words import _

NAME_MOST, ABOUT_MOST = 80, 500


def every(session: Session) -> list[tuple[Category, int]]:
    """All categories in their order, each with how many threads it has, removed ones too."""
    count = select(func.count()).where(Thread.category_id == Category.id).correlate(Category).scalar_subquery()
    found = session.execute(select(Category, count).order_by(Category.position, Category.id))
    return [(it[0], it[1]) for it in found]


def begin(session: Session) -> None:
    """Give a site that has no category yet one to write in; staff rename it as they like."""
    if session.scalar(select(Category.id).limit(1)) is not None:
        return
    try:
        with session.begin_nested():
            session.add(Category(slug="general", name=_("General"), about=_("Whatever there is to talk about.")))
    except IntegrityError:
        pass  # somebody else began at the same moment


def create(session: Session, by: Member, name: str, about: str, *, staff_only: bool) -> Category:
    """A new category, after the others."""
    name, about = _checked(name, about)
    last = session.scalar(select(func.max(Category.position)))
    category = Category(slug=_free_slug(session, name), name=name, about=about, staff_only=staff_only)
    category.position = 0 if last is None else last + 1
    try:
        with session.begin_nested():
            session.add(category)
    except IntegrityError:
        raise Conflict(_("Somebody else has just made a category of that name.")) from None
    audit_log.record(session, by, "category", subject=name, after=_values(category))
    return category


def change(session: Session, category: Category, by: Member, name: str, about: str, *, staff_only: bool) -> bool:
    """Rename or describe a category; whether anything is different. Its address stays, links to it do too."""
    name, about = _checked(name, about)
    session.flush()  # or what was not written yet would be forgotten
    session.refresh(category, with_for_update={"key_share": True})
    before = _values(category)
    category.name, category.about, category.staff_only = name, about, staff_only
    if before == _values(category):
        return False
    audit_log.record(session, by, "category", subject=name, before=before, after=_values(category))
    return True


def move(session: Session, category: Category, by: Member, *, up: bool) -> bool:
    """Let a category change places with its neighbour; whether it has one on that side."""
    order = list(
        session.scalars(select(Category).order_by(Category.position, Category.id).with_for_update(key_share=True))
    )
    here = next(at for at, it in enumerate(order) if it.id == category.id)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return False
    before = [it.name for it in order]
    order[here], order[there] = order[there], order[here]
    for position, it in enumerate(order):
        it.position = position
    audit_log.record(
        session, by, "category", subject=category.name, before={"order": before},
        after={"order": [it.name for it in order]},
    )  # fmt: skip
    return True


def delete(session: Session, category: Category, by: Member) -> None:
    """Delete a category that has no threads, not even removed ones."""
    if session.scalar(select(Thread.id).where(Thread.category_id == category.id).limit(1)) is not None:
        raise Refused(_("There are threads in it, or there were. Move them first; removed ones keep their place."))
    audit_log.record(session, by, "category", subject=category.name, before=_values(category))
    try:
        with session.begin_nested():
            session.delete(category)
    except IntegrityError:
        raise Refused(_("Somebody uses this category: a thread, a draft or a follower.")) from None


def _checked(name: str, about: str) -> tuple[str, str]:
    name, about = " ".join(name.replace("\x00", "").split()), " ".join(about.replace("\x00", "").split())
    problems = {}
    if not name:
        problems["name"] = _("Give it a name.")
    elif len(name) > NAME_MOST:
        problems["name"] = _("Make it shorter: at most %(most)s characters.", most=NAME_MOST)
    if len(about) > ABOUT_MOST:
        problems["about"] = _("Make it shorter: at most %(most)s characters.", most=ABOUT_MOST)
    if problems:
        raise Invalid(**problems)
    return name, about


def _free_slug(session: Session, name: str) -> str:
    slug = threads.slug(name)[:50].strip("-")
    slug = "category" if slug == "thread" and name.lower() != "thread" else slug
    taken = set(session.scalars(select(Category.slug).where(Category.slug.startswith(slug, autoescape=True))))
    return next(it for it in (slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3))) if it not in taken)


def _values(category: Category) -> dict[str, object]:
    return {"name": category.name, "about": category.about, "staff_only": category.staff_only}
