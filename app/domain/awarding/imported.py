"""Where imported rows came from, so that a dump read twice is read once."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.base import Base, now


class ImportRun(Base):
    """How far the import of a source has come."""

    __tablename__ = "import_runs"

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    stage: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(default=0)
    missing: Mapped[list[str]]  # tables the dump lacks
    started_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]


class ImportKey(Base):
    """The number a row had in its old home. `kind` is member, thread, post or comment."""

    __tablename__ = "import_keys"
    __table_args__ = (Index("ix_import_keys_local", "kind", "local_id"),)

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    external_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    local_id: Mapped[int]
