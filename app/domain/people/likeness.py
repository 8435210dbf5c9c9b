"""Likeness: names that readers would take for one another, whatever letters they are made of."""

import unicodedata

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.domain.people.members import Member, Role

# Letters of other scripts that look like a Latin one, and figures and strokes that do.
_CYRILLIC, _ITS_LIKES = "аԁеһіјӏкорԛѕуԝхвмнт", "adehijlkopqsywxbmht"
_GREEK, _ITS_LIKES_TOO = "αεικνορτυχωηϲ", "aeikvoptuxwnc"
_STROKES, _THEIR_LIKES = "01|!ıi", "olllll"
_ALIKE = str.maketrans(_CYRILLIC + _GREEK, _ITS_LIKES + _ITS_LIKES_TOO)
_ALIKE_TOO = str.maketrans(_STROKES, _THEIR_LIKES)


def outline(name: str) -> str:
    """What is left of a name for somebody who glances at it: two names with the same outline are taken for each other."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_ALIKE)
    letters = "".join(it for it in plain if it.isalnum() or it in _STROKES).translate(_ALIKE_TOO)
    return letters.replace("rn", "m").replace("vv", "w")


def is_like_staff(session: Session, name: str, *, besides: Member | None = None) -> bool:
    """Whether a name could be taken for that of somebody of the team."""
    team = select(Member.id, Member.username, Member.name).where(
        or_(Member.role == Role.MODERATOR, Member.role == Role.ADMINISTRATOR), Member.deleted_at.is_(None)
    )
    seems = outline(name)
    return any(
        seems and seems in (outline(username), outline(called))
        for member_id, username, called in session.execute(team)
        if besides is None or member_id != besides.id
    )
