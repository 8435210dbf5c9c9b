"""Similar threads: what others have asked already, while somebody still types their title."""

from collections.abc import Sequence

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.domain.finding import search
from app.domain.finding.search import Query

SHOWN = 5


def threads(session: Session, title: str) -> Sequence[Row]:
    """The first posts of a few threads that are about the same: those with all telling words of a title first."""
    return search.nearly(session, Query(search.words_of(title), opening=True))[:SHOWN]
