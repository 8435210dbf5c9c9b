"""A dump goes in by the door the command uses; what became of it is asked by the numbers it had at home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, aliased

from app.domain.awarding.imported import ImportKey
from app.domain.forum.threads import Post
from app.domain.record.activities import Activity
from app.imports import stackexchange
from app.imports.stackexchange import Outcome
from tests.imports.dumps import Dump

SOURCE = "teas.example"
Bring = Callable[..., Outcome]


class Silent:
    """Progress that nobody watches."""

    def begin(self, stage: str, rows: int | None) -> None: ...
    def advance(self, rows: int) -> None: ...


@pytest.fixture
def dump() -> Dump:
    """A dump of two members who have not done anything yet: ada (1) and ben (2)."""
    made = Dump()
    made.user(1, "Ada")
    made.user(2, "Ben")
    return made


@pytest.fixture
def bring(engine: Engine, tmp_path: Path) -> Bring:
    """Imports a dump, or a folder that holds one."""

    def run(dump: Dump | Path, source: str = SOURCE, without: tuple[str, ...] = ()) -> Outcome:
        folder = dump if isinstance(dump, Path) else dump.write(tmp_path / source, without)
        return stackexchange.run(engine, folder, source, tmp_path / "work", Silent())

    return run


@pytest.fixture
def deeds(engine: Engine) -> Callable[..., list[tuple]]:
    """The activities of a kind: member and post by their old numbers, and the day."""

    def of(kind: str, source: str = SOURCE) -> list[tuple]:
        who, what = aliased(ImportKey), aliased(ImportKey)
        rows = (
            select(who.external_id, what.external_id, Activity.happened_at)
            .join(who, (who.local_id == Activity.member_id) & (who.kind == "member") & (who.source == source))
            .outerjoin(
                what, (what.local_id == Activity.post_id) & what.kind.in_(("post", "comment")) & (what.source == source)
            )
            .where(Activity.kind == kind)
            .order_by(Activity.id)
        )
        with Session(engine.execution_options(isolation_level="AUTOCOMMIT")) as session:
            return [(member, post, f"{at:%m-%d}") for member, post, at in session.execute(rows)]

    return of


@pytest.fixture
def the_post(session: Session) -> Callable[[int], Post]:
    """A post by its old number."""

    def find(number: int, kind: str = "post") -> Post:
        key = select(ImportKey.local_id).where(ImportKey.kind == kind, ImportKey.external_id == number)
        return session.get_one(Post, session.scalars(key).one())

    return find
