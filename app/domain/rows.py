"""Rows of which there can be only one: whoever comes second changes nothing, and is told."""

from typing import Any

from sqlalchemy.orm import Session

from app.domain.base import Base, insert_into


def add_once(session: Session, model: type[Base], **values: Any) -> bool:
    """Add a row unless a unique key already holds it; whether it was new."""
    key = list(model.__mapper__.primary_key)
    added = session.execute(insert_into(session, model).values(values).on_conflict_do_nothing().returning(*key))
    return added.first() is not None
