"""Rows: those of which there can be only one, and those of which some go."""

from typing import Any

from sqlalchemy import ColumnElement, delete, select, tuple_
from sqlalchemy.orm import Session

from app.domain.base import Base, insert_into

SOME = 1000  # as many as may go in one transaction, for which all other writers may have to wait

_inserts: dict[tuple[type[Base], str], Any] = {}  # building a statement costs more than running it


def add_once(session: Session, model: type[Base], **values: Any) -> bool:
    """Add a row unless a unique key already holds it; whether it was new."""
    return session.execute(_insert(session, model), values).first() is not None


def delete_some(session: Session, model: type[Base], *where: ColumnElement[bool]) -> int:
    """Delete some of the rows for which all of that holds; how many. Fewer than SOME means that these were the last."""
    key = list(model.__mapper__.primary_key)
    some = delete(model).where(tuple_(*key).in_(select(*key).where(*where).limit(SOME))).returning(key[0])
    return len(session.execute(some, execution_options={"synchronize_session": False}).all())


def _insert(session: Session, model: type[Base]) -> Any:
    which = model, session.get_bind().dialect.name
    if which not in _inserts:
        key = list(model.__mapper__.primary_key)
        _inserts[which] = insert_into(session, model).on_conflict_do_nothing().returning(*key)
    return _inserts[which]
