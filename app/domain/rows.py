"""Rows of which there can be only one: whoever comes second changes nothing, and is told."""

from typing import Any

from sqlalchemy.orm import Session

from app.domain.base import Base, insert_into

_inserts: dict[tuple[type[Base], str], Any] = {}  # building a statement costs more than running it


def add_once(session: Session, model: type[Base], **values: Any) -> bool:
    """Add a row unless a unique key already holds it; whether it was new."""
    return session.execute(_insert(session, model), values).first() is not None


def _insert(session: Session, model: type[Base]) -> Any:
    which = model, session.get_bind().dialect.name
    if which not in _inserts:
        key = list(model.__mapper__.primary_key)
        _inserts[which] = insert_into(session, model).on_conflict_do_nothing().returning(*key)
    return _inserts[which]
