"""What every table shares: names, times, numbers."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    bindparam,
    event,
    func,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.functions import FunctionElement

T = TypeVar("T")
NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

CHUNK = 5000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


class Instant(TypeDecorator[datetime]):
    """A moment, aware and in UTC in Python; SQLite keeps it as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return as_text if dialect.name == "sqlite" else _in_utc

    def result_processor(self, dialect: Dialect, _coltype: object) -> Callable[[Any], datetime | None]:
        # In one step: lists have dozens of times, and through SQLAlchemy's own two each takes three times as long.
        return _from_text if dialect.name == "sqlite" else _in_utc


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone: use datetime.now(UTC)")
    return moment.astimezone(UTC)


def as_text(moment: datetime | None) -> str | None:
    """A moment as SQLite keeps it."""
    utc = _in_utc(moment)
    return utc.isoformat(" ", "microseconds")[:26] if utc else None


class Numbers(TypeDecorator[Sequence[int]]):
    """Whole numbers as one parameter."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else postgresql.ARRAY(BigInteger()))

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        return json.dumps(list(value or ())) if dialect.name == "sqlite" else list(value or ())


class Among(FunctionElement[bool]):
    """Whether a column is one of the numbers that a parameter holds.

    With an IN the statement would be another for each count of them, put together anew at each request.
    """

    name = "among"
    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any, parameter: str) -> None:
        super().__init__(column, bindparam(parameter, type_=Numbers()))


@compiles(Among, "sqlite")
def _among_on_sqlite(element: Among, compiler: Any, **how: Any) -> str:
    column, numbers = (compiler.process(it, **how) for it in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608  names and marks of ours


@compiles(Among, "postgresql")
def _among_on_postgresql(element: Among, compiler: Any, **how: Any) -> str:
    column, numbers = (compiler.process(it, **how) for it in element.clauses)
    return f"{column} = ANY({numbers})"


# SQLite numbers rows by itself only in a column declared INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """The community's tables."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        datetime: Instant(),
        int: Number,
        str: String(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }


@event.listens_for(Table, "after_parent_attach")
def _bound_texts(table: Table, metadata: MetaData) -> None:
    """Let SQLite, which takes VARCHAR(80) for a remark, refuse a longer text as PostgreSQL does."""
    if metadata is not Base.metadata:
        return
    for column in table.columns:
        if isinstance(column.type, String) and column.type.length:
            short = CheckConstraint(func.length(column) <= column.type.length, name=f"{column.name}_length")
            table.append_constraint(short.ddl_if(dialect="sqlite"))


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def day_number(moment: datetime, zone: Any = UTC) -> int:
    """The day of a moment where its zone is, counted from 1970-01-01 as day 0."""
    return (moment.astimezone(zone).date() - EPOCH).days


def insert_into(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows `on_conflict_do_nothing`, which both engines have in a dialect each."""
    return insert_on(session.get_bind().dialect.name, table)


def insert_on(dialect: str, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """The same where only the engine's name is known."""
    module = {"sqlite": sqlite, "postgresql": postgresql}[dialect]
    return module.insert(table.__table__)  # the table, not the model: the ORM's bulk path costs more


def ring_after_commit(session: Session, name: str) -> None:
    """Let the worker know of rows that were written without the session seeing them."""
    session.info.setdefault("bells", set()).add(name)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Pieces small enough to be the parameters of one statement; PostgreSQL takes 65,535."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
