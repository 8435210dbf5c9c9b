"""Awards as rows for others to read."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import String, and_, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from app.domain.awarding.imported import ImportKey
from app.domain.badging.badges import Award, Badge
from app.domain.people.members import Member
from app.domain.record.activities import Activity

COLUMNS = ("member", "badge", "earned_at", "subject")
CHUNK = 2000


def awards(session: Session, source: str | None = None) -> Iterator[tuple[str, str, str, str]]:
    """Member, badge, time earned in UTC and subject of every standing award, by time.

    With `source`, only awards of members imported from there, with the numbers members and posts
    had at home; else usernames and numbers of this site. The time is empty where only the state is
    known.
    """
    who, what = aliased(ImportKey), aliased(ImportKey)
    member = cast(who.external_id, String) if source else Member.username
    subject = func.coalesce(what.external_id, Award.subject) if source else Award.subject
    rows = (
        select(
            member,
            Badge.name,
            case((Activity.undated.is_(True), None), else_=Award.earned_at).label("at"),
            case((Award.subject == 0, ""), else_=cast(subject, String)),
        )
        .join(Badge, Badge.id == Award.badge_id)
        .join(Member, Member.id == Award.member_id)
        .outerjoin(Activity, Activity.seq == Award.seq)
        .where(Award.revoked_at.is_(None))
        .order_by(Award.earned_at, Award.id)
    )
    if source:
        rows = rows.join(who, and_(who.source == source, who.kind == "member", who.local_id == Member.id))
        rows = rows.outerjoin(what, and_(what.source == source, what.kind == "post", what.local_id == Award.subject))
    for member_id, badge, at, post in session.execute(rows.execution_options(yield_per=CHUNK)):
        yield member_id, badge, _iso(at), post


def _iso(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else ""
