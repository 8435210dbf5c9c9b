"""Where facts are looked for, what is known of one that is found, and what statements about them are made of."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, case, cast, literal, null, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.domain.base import Instant
from app.domain.forum.threads import Post, Thread
from app.domain.people.members import Member

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Scope:
    """Where to look: in these threads; and for what time alone brings, from `since` to `until`.

    `source` is the community whose import asks; otherwise it is the site itself.
    """

    threads: Select[Any]
    since: datetime
    until: datetime
    source: str | None = None


class Found(NamedTuple):
    """One fact. `counted_at` is the moment whose day counts, where that is not when it happened."""

    key: str
    kind: str
    member_id: int
    post_id: int | None
    thread_id: int | None
    category_id: int | None
    actor_id: int | None
    object: str | None
    happened_at: datetime
    counted_at: datetime
    zone: str
    undated: bool = False


class later(FunctionElement[datetime]):
    """A moment moved by so many hours; the engines have no common word for it."""

    type = Instant()
    inherit_cache = False

    def __init__(self, moment: Any, *, days: int = 0, hours: int = 0) -> None:
        super().__init__(moment)
        self.hours = 24 * days + hours


@compiles(later, "sqlite")
def _later_sqlite(element: later, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f', {moment}, '{element.hours:+d} hours') || '000'"


@compiles(later, "postgresql")
def _later_postgresql(element: later, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} + interval '{element.hours} hours')"


def columns_of(
    member: Any,
    at: Any,
    post: Any = Post,
    *,
    key: Any = None,
    actor: Any = None,
    object: Any = None,
    counted_at: Any = None,
) -> Select[Any]:
    """A statement's columns, in the order in which `_rows` reads them."""
    return select(
        (post.id if key is None else key).label("key"),
        member.label("member_id"),
        post.id.label("post_id"),
        Thread.id.label("thread_id"),
        Thread.category_id,
        (null() if actor is None else actor).label("actor_id"),
        (null() if object is None else object).label("object"),
        at.label("happened_at"),
        (at if counted_at is None else counted_at).label("counted_at"),
    )


def posts_of(scope: Scope, *kinds: str) -> Select[Any]:
    """The posts in scope that are of some kinds, without those that were removed."""
    return select(Post.id).where(Post.thread_id.in_(scope.threads), Post.kind.in_(kinds), Post.deleted_at.is_(None))


def is_here(scope: Scope) -> ColumnElement[bool]:
    """Whose facts are looked for: an import's own members; else whoever can come to the site.

    Time stands still for imported members until they claim their account: what happened is what the
    dump shows, and only the import knows when that ends.
    """
    if scope.source is not None:
        return Member.imported_from == scope.source
    return or_(Member.imported_from.is_(None), Member.email_verified_at.is_not(None))


def joined(*parts: Any) -> ColumnElement[str]:
    """A key of several numbers."""
    first, *others = (cast(part, String) for part in parts)
    return reduce(lambda key, part: key + literal(":") + part, others, first)


def later_of(a: Any, b: Any) -> ColumnElement[Any]:
    """The later of two moments."""
    return case((a >= b, a), else_=b)
