"""What was last loaded from a catalogue's file."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.base import Base, now


class LoadedCatalogue(Base):
    """A catalogue this site has loaded, and what its file said then.

    The site's badges may be edited by staff. What differs from `content` was edited here and is not
    overwritten without being asked to.
    """

    __tablename__ = "loaded_catalogues"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    content: Mapped[dict[str, Any]]  # badges, ranks and points by slug
    loaded_at: Mapped[datetime] = mapped_column(default=now)
