"""Rows: those of which there can be only one each, and those of which some go."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select, tuple_
from sqlalchemy.orm import Session

from app.domain.base import Base, insert_on

SOME = 1000  # as many as may go in one transaction, for which all other writers may have to wait


def add_once(session: Session, model: type[Base], **values: Any) -> bool:
    """Add a row unless a unique key already holds it; whether it was new."""
    return bool(add_new(session, model, [values], *model.__mapper__.primary_key))


def add_new(
    session: Session, model: type[Base], values: Sequence[dict[str, Any]], *returned: Any
) -> Sequence[Row[Any]]:
    """Add those rows that no unique key already holds, and tell these columns of each."""
    if not values:
        return ()
    # As few rows as one go without the detour that splits many.
    given: Any = values[0] if len(values) == 1 else values
    found = session.execute(_insert(session.get_bind().dialect.name, model, returned), given)
    return found.all() if returned else ()


def delete_some(session: Session, model: type[Base], *where: ColumnElement[bool]) -> int:
    """Delete some of the rows for which all of that holds; how many. Fewer than SOME means that these were the last."""
    key = list(model.__mapper__.primary_key)
    some = delete(model).where(tuple_(*key).in_(select(*key).where(*where).limit(SOME))).returning(key[0])
    return len(session.execute(some, execution_options={"synchronize_session": False}).all())


@cache
def _insert(dialect: str, model: type[Base], returned: tuple[Any, ...]) -> Any:
    """Put together once: that costs more than running it."""
    once = insert_on(dialect, model).on_conflict_do_nothing()
    return once.returning(*returned) if returned else once
