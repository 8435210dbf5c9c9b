"""Lessons: texts with questions at their end. Who answers them all rightly has learned it, once and for good.

The guidelines, which every site has, are the first lesson. Others come with a catalogue or are written by the team; one
that is no longer offered keeps counting for whoever has finished it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import limits, rows
from app.domain.base import Base, now
from app.domain.forum import threads
from app.domain.limits import Limit
from app.domain.people.members import Member, admit
from app.domain.problems import Conflict, Invalid, Refused, duration
from app.domain.record import activities, audit_log
from app.domain.site import quizzes, texts
from app.domain.site.quizzes import Question
from app.domain.site.texts import Text
from app.domain.words import _

GUIDELINES = "guidelines"
WORDS_A_MINUTE = 200
TRIES = Limit(12, timedelta(minutes=10))  # enough to learn by, too few to guess by machine
TITLE_MOST, SLUG_MOST = 80, 30


class Lesson(Base):
    """A lesson and its place among them. The guidelines have a row once something was decided about them."""

    __tablename__ = "lessons"

    slug: Mapped[str] = mapped_column(String(SLUG_MOST), primary_key=True)
    offered: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


class LessonPass(Base):
    """That a member has finished a lesson."""

    __tablename__ = "lesson_passes"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    lesson: Mapped[str] = mapped_column(String(SLUG_MOST), primary_key=True)
    passed_at: Mapped[datetime] = mapped_column(default=now)


class Offer(NamedTuple):
    """A lesson as a list shows it; `passed_at` is when the member who looks finished it."""

    slug: str
    text: Text
    questions: tuple[Question, ...]
    offered: bool
    passed_at: datetime | None

    @property
    def title(self) -> str:
        """The first heading of the text."""
        found = re.match(r"# +(.+)", self.text.body)
        return found[1].strip() if found else _("Guidelines") if self.slug == GUIDELINES else self.slug

    @property
    def path(self) -> str:
        return texts.page_of(self.text.slug)

    @property
    def minutes(self) -> int:
        """How long it takes to read."""
        return max(1, round(len(quizzes.reading(self.text.body).split()) / WORDS_A_MINUTE))


def text_of(slug: str) -> str:
    """The name of a lesson's text."""
    return GUIDELINES if slug == GUIDELINES else texts.LESSON + slug


def every(session: Session, member_id: int | None = None, *, also_unoffered: bool = False) -> Sequence[Offer]:
    """The lessons in their order, which the guidelines begin unless somebody put them elsewhere."""
    made = {it.slug: it for it in session.scalars(select(Lesson).order_by(Lesson.position, Lesson.slug))}
    passed = _passes(session, member_id)
    order = [*([] if GUIDELINES in made else [GUIDELINES]), *made]
    found = texts.find_all(session, map(text_of, order))
    offers = (_offer(slug, found[text_of(slug)], made.get(slug), passed.get(slug)) for slug in order)
    return [it for it in offers if also_unoffered or (it.offered and it.questions)]


def find(session: Session, slug: str, member_id: int | None = None) -> Offer | None:
    """One lesson, also where it is no longer offered; None where there never was one."""
    try:
        text = texts.find(session, text_of(slug))
    except KeyError:
        return None
    return _offer(slug, text, session.get(Lesson, slug), _passes(session, member_id, slug).get(slug))


def answer(
    session: Session, member: Member, slug: str, answers: Mapping[int, int], *, seen: int, at: datetime | None = None
) -> dict[str, str]:
    """Answer a lesson's questions, by number from 0; what needs another look, as fields q1, q2 ..., or nothing.

    Wrong answers are no exception: that somebody tried is kept. Raises Invalid where they tried too often, and Conflict
    where the text changed meanwhile.
    """
    moment = at or now()
    admit(member, moment)
    offer = find(session, slug)
    if offer is None or not offer.offered or not offer.questions:
        raise Refused(_("This lesson is no longer offered."))
    if offer.text.number != seen:
        raise Conflict(_("This lesson was rewritten while you read it. Have another look, it will not take long."))
    if wait := limits.take(session, limits.key("lesson", str(member.id), slug), TRIES, at=moment):
        raise Invalid(q1=_("Take a breath and read it once more: you can try again in %(wait)s.", wait=duration(wait)))
    problems = {
        f"q{number + 1}": _("Not quite. Have another look above.") if number in answers else _("Choose an answer.")
        for number, question in enumerate(offer.questions)
        if answers.get(number) != question.right
    }
    if not problems and rows.add_once(session, LessonPass, member_id=member.id, lesson=slug, passed_at=moment):
        activities.note(session, "lesson_passed", member, at=moment, object=slug)
    return problems


def add(session: Session, by: Member, title: str, *, at: datetime | None = None) -> Lesson:
    """Begin a lesson; it is offered once somebody says so. Raises Invalid."""
    title = " ".join(title.split())
    slug = threads.slug(title, none="")[:SLUG_MOST].strip("-")
    if not slug or len(title) > TITLE_MOST:
        raise Invalid(title=_("Give the lesson a name of up to %(most)s characters.", most=TITLE_MOST))
    if slug == GUIDELINES or session.get(Lesson, slug) is not None:
        raise Invalid(title=_("There is a lesson of that name. Choose another one."))
    text = f"# {title}\n\n{_('What there is to learn.')}"
    return put(session, slug, text, by, offered=False, at=at)


def put(
    session: Session, slug: str, text: str, by: Member | None, *, offered: bool, at: datetime | None = None
) -> Lesson:
    """Make a lesson say this, also where there was none; a new one is the last of all."""
    lesson = session.get(Lesson, slug)
    if lesson is None:
        last = session.scalar(select(func.max(Lesson.position))) or 0
        lesson = Lesson(slug=slug, position=0 if slug == GUIDELINES else last + 1, created_at=at or now())
        session.add(lesson)
    lesson.offered = offered
    texts.write(session, text_of(slug), by, text, at=at)
    session.flush()
    return lesson


def arrange(session: Session, slugs: Sequence[str]) -> None:
    """Put some lessons into an order, before all others."""
    first = {slug: place for place, slug in enumerate(slugs)}
    made = session.scalars(select(Lesson).order_by(Lesson.position, Lesson.slug)).all()
    for place, lesson in enumerate(sorted(made, key=lambda it: first.get(it.slug, len(first))), 1):
        lesson.position = place


def offer(session: Session, slug: str, by: Member, offered: bool, *, at: datetime | None = None) -> None:
    """Offer a lesson, or no longer. Raises Invalid where it has no questions."""
    found = find(session, slug)
    if found is None:
        raise Refused(_("There is no such lesson."))
    if offered and not found.questions:
        raise Invalid(offered=_("Write questions below the text first: without them nobody can finish it."))
    row = session.get(Lesson, slug) or Lesson(slug=slug, created_at=at or now())
    row.offered = offered
    session.add(row)
    audit_log.record(session, by, "text", subject=text_of(slug), after={"offered": offered}, at=at)


def count(session: Session) -> dict[str, int]:
    """How many members have finished each lesson."""
    found = select(LessonPass.lesson, func.count()).group_by(LessonPass.lesson)
    return {row[0]: row[1] for row in session.execute(found)}


def _offer(slug: str, text: Text, row: Lesson | None, passed_at: datetime | None) -> Offer:
    return Offer(slug, text, quizzes.questions(text.body), row.offered if row else slug == GUIDELINES, passed_at)


def _passes(session: Session, member_id: int | None, slug: str | None = None) -> dict[str, datetime]:
    """When a member finished each lesson, or one of them."""
    if member_id is None:
        return {}
    mine = select(LessonPass.lesson, LessonPass.passed_at).where(LessonPass.member_id == member_id)
    mine = mine.where(LessonPass.lesson == slug) if slug else mine
    return {row.lesson: row.passed_at for row in session.execute(mine)}
