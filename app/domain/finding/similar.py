"""Similar threads: what others have asked already, while somebody still types their title."""

from collections.abc import Sequence

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.domain.finding import search
from app.domain.finding.search import Query

SHOWN = 5
TELLING = 4  # letters of a word that says what a title is about; "how do I" does not
FEWER = (3, 2)  # how many of the longest words have to be there, where all of them find too little


def threads(session: Session, title: str) -> Sequence[Row]:
    """The first posts of a few threads that are about the same: those with all telling words of a title first."""
    words = sorted((it for it in search.words_of(title) if len(it) >= TELLING), key=len, reverse=True)
    found: dict[int, Row] = {}
    for count in dict.fromkeys((len(words), *(it for it in FEWER if it < len(words)))):
        if len(found) < SHOWN:
            rows, _more = search.written(session, Query(tuple(words[:count]), opening=True))
            found |= {it.thread_id: it for it in rows if it.thread_id not in found}
    return list(found.values())[:SHOWN]
