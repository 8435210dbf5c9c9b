"""Facts of a deed that a rule may ask for.

Each fact is one line that gives the SQL form, the Python form and the words, so that the three
cannot part. A fact never changes after the deed: what a post was born as, or a copy on the row.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, select

from app.domain.forum.threads import OPENING_KINDS, Category, Kind, Post
from app.domain.record.activities import Activity
from app.domain.words import _, ngettext

type_names = {bool: "true or false", int: "a whole number above 0", str: "a text"}


class Deed(NamedTuple):
    """A booked activity with the facts of its post, as the evaluator reads it."""

    id: int
    seq: int
    kind: str
    member: int
    actor: int | None
    post: int | None
    thread: int | None
    category: int | None
    object: str | None
    amount: int
    at: datetime
    day: int
    reverses: int | None
    post_kind: str | None = None
    post_author: int | None = None
    by_other: bool | None = None
    nth: int | None = None
    again: bool | None = None
    waited: int | None = None
    category_slug: str | None = None


COLUMNS = (
    Activity.id,
    Activity.seq,
    Activity.kind,
    Activity.member_id,
    Activity.actor_id,
    Activity.post_id,
    Activity.thread_id,
    Activity.category_id,
    Activity.object,
    Activity.amount,
    Activity.happened_at,
    Activity.local_day,
    Activity.reverses_id,
    Post.kind,
    Post.author_id,
    Post.by_other,
    Post.nth,
    Post.again,
    Post.waited,
    Category.slug,
)


@dataclass(frozen=True)
class Fact:
    """Something a rule's `where` may ask: `of` is the type of the value it is given."""

    of: type
    sql: Callable[[Any], ColumnElement[bool]]
    holds: Callable[[Any, Deed], bool]
    phrase: Callable[[Any], str]
    needs_post: bool = True


def _kinds(wanted: str | Iterable[str]) -> tuple[str, ...]:
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    return tuple(k for name in names for k in (OPENING_KINDS if name == "opening" else (Kind(name),)))


def _category_id(slug: str) -> Any:
    return select(Category.id).where(Category.slug == slug).scalar_subquery()


def _either(yes: str, no: str) -> Callable[[bool], str]:
    return lambda value: _(yes if value else no)


FACTS: dict[str, Fact] = {
    "post": Fact(str, lambda v: Post.kind.in_(_kinds(v)), lambda v, d: d.post_kind in _kinds(v), lambda v: ""),
    "by_other": Fact(
        bool,
        lambda v: Post.by_other.is_(v),
        lambda v, d: d.by_other is v,
        _either("in a thread somebody else started", "in a thread of your own"),
    ),
    "own": Fact(
        bool,
        lambda v: (Post.author_id == Activity.member_id) if v else Post.author_id.is_distinct_from(Activity.member_id),
        lambda v, d: d.post is not None and (d.post_author == d.member) is v,
        _either("of your own", "of other members"),
    ),
    "by_self": Fact(
        bool,
        lambda v: (
            (Activity.actor_id == Activity.member_id) if v else Activity.actor_id.is_distinct_from(Activity.member_id)
        ),
        lambda v, d: (d.actor == d.member) is v,
        _either("by yourself", "by somebody else"),
        needs_post=False,
    ),
    "nth": Fact(
        int,
        lambda v: Post.nth == v,
        lambda v, d: d.nth == v,
        lambda v: _("as the first to answer") if v == 1 else _("as answer number %(number)s", number=v),
    ),
    "again": Fact(
        bool,
        lambda v: Post.again.is_(v),
        lambda v, d: d.again is v,
        _either("that come after an earlier one of yours", "that are your first in the thread"),
    ),
    "waited": Fact(
        int,
        lambda v: Post.waited >= v,
        lambda v, d: d.waited is not None and d.waited >= v,
        lambda v: (
            _("after the thread had waited a week")
            if v == 7
            else ngettext("after the thread had waited a day", "after the thread had waited %(num)s days", v)
        ),
    ),
    "category": Fact(
        str,
        lambda v: Activity.category_id == _category_id(v),
        lambda v, d: d.category_slug == v,
        lambda v: _("in the category %(name)s", name=v),
        needs_post=False,
    ),
    "object": Fact(
        str,
        lambda v: Activity.object == v,
        lambda v, d: d.object == v,
        lambda v: f"({v})",
        needs_post=False,
    ),
}

_PLURALS = {"opening": "opening posts", "reply": "replies"}  # where an s does not make the plural

Where = tuple[tuple[str, Any], ...]


def holds(where: Where, deed: Deed) -> bool:
    """Whether all the facts hold of a deed."""
    return not where or all(FACTS[name].holds(value, deed) for name, value in where)


def sql(where: Where) -> ColumnElement[bool]:
    """The same as a condition on activities and their posts."""
    return and_(True, *(FACTS[name].sql(value) for name, value in where))


def needs_post(where: Where) -> bool:
    """Whether the condition can only be asked beside the post."""
    return any(FACTS[name].needs_post for name, _ in where)


def posts(wanted: str | Iterable[str]) -> str:
    """Some kinds of posts in words: answers and replies."""
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    return _(" and ").join(_(_PLURALS.get(name, f"{name}s")) for name in names)


def phrases(where: Where) -> list[str]:
    """The words a condition adds to the sentence, in the order in which they read best."""
    asked = dict(where)
    return [text for name, fact in FACTS.items() if name in asked and (text := fact.phrase(asked[name]))]
