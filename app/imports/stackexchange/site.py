"""Writes a staged dump into the site's own tables.

Each batch is one transaction that also moves the run's position: whatever ends the process, the next
run goes on behind the last batch, with nothing half and nothing doubled.
"""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.orm import Session

from app.domain import loads, markup, rows
from app.domain.awarding.imported import ImportKey
from app.domain.base import Base
from app.domain.forum import threads
from app.domain.forum.threads import Category, Edit, Kind, Post, Reaction, Tag, Thread, ThreadTag
from app.domain.people.members import Member
from app.imports.stackexchange import usernames

LONGEST_BODY = 60_000
MOST_COMMENT_VOTES = 1_000  # a comment shows a number only, and each becomes a row

Rows = Sequence[sqlite3.Row]


class Home:
    """The site as one import sees it: a source's keys, and new ids to give."""

    def __init__(self, session: Session, source: str) -> None:
        self.session, self.source = session, source

    def known(self, kind: str, numbers: Iterable[int | None]) -> dict[int, int]:
        """Our ids of rows that came before, by the numbers they had in their old home."""
        wanted = {number for number in numbers if number is not None}
        keys = select(ImportKey.external_id, ImportKey.local_id).where(
            ImportKey.source == self.source, ImportKey.kind == kind, ImportKey.external_id.in_(wanted)
        )
        return dict(self.session.execute(keys).all())

    def admit(self, kind: str, model: type[Base], numbers: Sequence[int]) -> dict[int, int]:
        """Give new rows their ids and remember them by their old numbers."""
        given = dict(zip(numbers, self._ids(model, len(numbers)), strict=True))
        keys = [
            {"source": self.source, "kind": kind, "external_id": external, "local_id": local}
            for external, local in given.items()
        ]
        self.add(ImportKey, keys)
        return given

    def add(self, model: type[Base], values: list[dict[str, Any]]) -> None:
        loads.write(self.session, model, values)

    def add_once(self, model: type[Base], values: list[dict[str, Any]]) -> None:
        rows.add_new(self.session, model, values)

    def _ids(self, model: type[Base], count: int) -> Sequence[int]:
        name = model.__tablename__
        if self.session.get_bind().dialect.name == "sqlite":  # its only writer, as transactions begin IMMEDIATE
            last = self.session.scalar(select(func.max(model.__table__.c.id))) or 0
            return range(last + 1, last + 1 + count)
        sequence = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
        return self.session.scalars(sequence, {"name": name, "count": count}).all()


@dataclass(frozen=True)
class Stage:
    """A step of the import: what it reads from the staging file behind a position, and how it is written."""

    name: str
    reads: str
    writes: Callable[[Home, Rows], None]


def moment(value: str | None) -> datetime | None:
    """A staged time."""
    return datetime.fromisoformat(f"{value}+00:00") if value else None


def category_of(session: Session, source: str) -> int:
    """The category that holds a source's threads."""
    slug = threads.slug(source)[:60]
    found = session.scalar(select(Category.id).where(Category.slug == slug))
    if found is not None:
        return found
    category = Category(slug=slug, name=source[:80], about=f"Threads that came from {source}."[:500])
    session.add(category)
    session.flush()
    return category.id


def _write_members(home: Home, rows: Rows) -> None:
    given = home.admit("member", Member, [row["id"] for row in rows])
    names = _usernames(home.session, rows)
    home.add(Member, [_member(row, given[row["id"]], names[row["id"]], home.source) for row in rows])


def _member(row: sqlite3.Row, member_id: int, username: str, source: str) -> dict[str, Any]:
    about = row["about"] or ""
    return {
        "id": member_id, "username": username, "username_key": username,
        "name": (row["name"] or "").strip()[:80] or username,
        "joined_at": moment(row["created"]), "seen_at": moment(row["seen"]), "imported_from": source,
        "location": (row["location"] or "")[:120], "website": _website(row["website"]),
        "about": markup.plain(about)[:20_000], "about_html": _fitting(markup.clean(about), 60_000),
    }  # fmt: skip


def _usernames(session: Session, rows: Rows) -> dict[int, str]:
    """A free username for each of a batch."""
    given: dict[int, str] = {}
    taken: set[str] = set()
    waiting = {row["id"]: row for row in rows}
    while waiting:
        wanted = {it: usernames.free(row["base"], row["nth"], it, taken) for it, row in waiting.items()}
        used = set(session.scalars(select(Member.username_key).where(Member.username_key.in_(set(wanted.values())))))
        taken |= used
        for number, name in wanted.items():
            if name not in taken:
                taken.add(name)
                given[number] = name
                del waiting[number]
    return given


def _website(address: str | None) -> str:
    address = (address or "").strip()
    return address if re.match(r"https?://", address) and len(address) <= 300 else ""


def _fitting(safe: str, most: int) -> str:
    if len(safe) <= most:
        return safe
    return f"<p>{html.escape(markup.plain(safe)[: most // 10], quote=False)}</p>"


def _write_threads(home: Home, rows: Rows) -> None:
    opened = home.admit("thread", Thread, [row["id"] for row in rows])
    openings = home.admit("post", Post, [row["id"] for row in rows])
    members = home.known("member", (row["owner"] for row in rows))
    category = category_of(home.session, home.source)
    home.add(Thread, [_thread(row, opened[row["id"]], members.get(row["owner"]), category) for row in rows])
    home.add(
        Post,
        [
            _post(row, openings[row["id"]], opened[row["id"]], members.get(row["owner"]), Kind.QUESTION)
            | {"by_other": False, "nth": 0, "again": False, "waited": 0}
            for row in rows
        ],
    )


def _thread(row: sqlite3.Row, thread_id: int, author_id: int | None, category_id: int) -> dict[str, Any]:
    title = (row["title"] or "").strip()[:300] or f"Question {row['id']}"
    return {
        "id": thread_id, "category_id": category_id, "author_id": author_id, "kind": Kind.QUESTION,
        "title": title, "slug": threads.slug(title),
        "created_at": moment(row["created"]), "active_at": moment(row["active"] or row["created"]),
        "closed_at": moment(row["closed"]), "answers": row["answers"] or 0, "replies": row["replies"] or 0,
        "score": row["score"] or 0, "views": max(0, row["views"] or 0),
    }  # fmt: skip


def _post(
    row: sqlite3.Row, post_id: int, thread_id: int, author_id: int | None, kind: Kind, parent_id: int | None = None
) -> dict[str, Any]:
    body = row["body"] or ""
    safe = markup.render(body) if kind == Kind.COMMENT else markup.clean(body)
    source = body if kind == Kind.COMMENT else row["markdown"] or markup.plain(body)
    return {
        "id": post_id, "thread_id": thread_id, "parent_id": parent_id, "author_id": author_id, "kind": kind,
        "body": source[:LONGEST_BODY], "html": safe, "created_at": moment(row["created"]),
        "edited_at": moment(row["edited"]), "upvotes": row["score"] or 0,
    }  # fmt: skip


def _write_tags(home: Home, rows: Rows) -> None:
    session = home.session
    opened = home.known("thread", (row["question"] for row in rows))
    members = home.known("member", (row["user"] for row in rows))
    names = {row["tag"]: opened[row["question"]] for row in reversed(rows)}
    home.add_once(Tag, [{"name": name, "first_thread_id": first} for name, first in sorted(names.items())])
    tags = dict(session.execute(select(Tag.name, Tag.id).where(Tag.name.in_(names))).all())
    home.add(
        ThreadTag,
        [
            {
                "thread_id": opened[row["question"]], "tag_id": tags[row["tag"]],
                "added_at": moment(row["added"]), "added_by_id": members.get(row["user"]),
            }
            for row in rows
        ],
    )  # fmt: skip


def _write_answers(home: Home, rows: Rows) -> None:
    given = home.admit("post", Post, [row["id"] for row in rows])
    opened = home.known("thread", (row["question"] for row in rows))
    members = home.known("member", (row["owner"] for row in rows))
    home.add(
        Post,
        [
            _post(row, given[row["id"]], opened[row["question"]], members.get(row["owner"]), Kind.ANSWER)
            | {
                "by_other": bool(row["by_other"]),
                "nth": row["nth"],
                "again": bool(row["again"]),
                "waited": row["waited"],
            }
            for row in rows
        ],
    )
    accepted = [
        {"thread": opened[row["question"]], "post": given[row["id"]], "at": moment(row["accepted_at"])}
        for row in rows
        if row["is_accepted"]
    ]
    if accepted:
        settle = update(Thread.__table__).where(Thread.__table__.c.id == bindparam("thread"))  # type: ignore[arg-type]
        home.session.execute(settle.values(accepted_post_id=bindparam("post"), accepted_at=bindparam("at")), accepted)


def _write_comments(home: Home, rows: Rows) -> None:
    given = home.admit("comment", Post, [row["id"] for row in rows])
    opened = home.known("thread", (row["question"] for row in rows))
    parents = home.known("post", (row["post"] for row in rows))
    members = home.known("member", (row["owner"] for row in rows))
    posts = [
        _post(
            row,
            given[row["id"]],
            opened[row["question"]],
            members.get(row["owner"]),
            Kind.COMMENT,
            parents[row["post"]],
        )
        | {"by_other": bool(row["by_other"]), "nth": 0, "again": False, "waited": row["waited"]}
        for row in rows
    ]
    home.add(Post, posts)
    votes = [
        {"post_id": post["id"], "member_id": None, "kind": "upvote", "created_at": post["created_at"]}
        for post in posts
        for _ in range(min(post["upvotes"], MOST_COMMENT_VOTES))
    ]
    home.add(Reaction, votes)


_REACTIONS = {2: "upvote", 3: "downvote", 5: "favorite"}


def _write_reactions(home: Home, rows: Rows) -> None:
    posts = home.known("post", (row["post"] for row in rows))
    members = home.known("member", (row["voter"] for row in rows))
    home.add_once(
        Reaction,
        [
            {
                "post_id": posts[row["post"]], "member_id": members.get(row["voter"]),
                "kind": _REACTIONS[row["type"]], "created_at": moment(row["at"]),
            }
            for row in rows
        ],
    )  # fmt: skip


_PARTS = {4: "title", 5: "body", 6: "tags", 7: "title", 8: "body", 9: "tags"}


def _write_edits(home: Home, rows: Rows) -> None:
    posts = home.known("post", (row["post"] for row in rows))
    members = home.known("member", (row["user"] for row in rows))
    home.add(
        Edit,
        [
            {
                "post_id": posts[row["post"]], "member_id": members.get(row["user"]), "part": _PARTS[row["type"]],
                "is_rollback": row["type"] >= 7, "before": (row["before"] or "")[:LONGEST_BODY],
                "created_at": moment(row["created"]),
            }
            for row in rows
        ],
    )  # fmt: skip


_MARKDOWN = """(
  SELECT text FROM PostHistory WHERE PostHistory.post = Posts.id AND PostHistory.type IN (2, 5, 8)
  ORDER BY PostHistory.created DESC, PostHistory.id DESC LIMIT 1
) AS markdown"""

STAGES = (
    Stage(
        "members",
        "SELECT Users.*, nth FROM Users JOIN username USING (id) WHERE id > ? ORDER BY id",
        _write_members,
    ),
    Stage(
        "threads",
        f"""SELECT Posts.*, size.answers, size.replies, {_MARKDOWN}
        FROM question JOIN Posts USING (id) LEFT JOIN size USING (id) WHERE id > ? ORDER BY id""",  # noqa: S608
        _write_threads,
    ),
    Stage(
        "tags",
        """SELECT mark.rowid AS id, mark.question, mark.tag, Users.id AS user,
          coalesce(PostHistory.created, question.created) AS added
        FROM mark JOIN question ON question.id = mark.question LEFT JOIN PostHistory ON PostHistory.id = mark.change
          LEFT JOIN Users ON Users.id = PostHistory.user
        WHERE mark.rowid > ? ORDER BY mark.rowid""",
        _write_tags,
    ),
    Stage(
        "answers",
        f"""SELECT Posts.*, answer.question, answer.by_other, answer.nth, answer.again,
          answer.waited, {_MARKDOWN}, asked.accepted IS Posts.id AS is_accepted,
          (SELECT min(at) FROM vote WHERE vote.type = 1 AND vote.question = answer.question AND vote.post = Posts.id)
            AS accepted_at
        FROM answer JOIN Posts USING (id) JOIN Posts AS asked ON asked.id = answer.question
        WHERE Posts.id > ? ORDER BY Posts.id""",  # noqa: S608
        _write_answers,
    ),
    Stage(
        "comments",
        """SELECT id, remark.post, remark.question, remark.owner, remark.by_other, remark.waited,
          Comments.created, Comments.score, Comments.text AS body, NULL AS edited
        FROM remark JOIN Comments USING (id) WHERE id > ? ORDER BY id""",
        _write_comments,
    ),
    Stage("reactions", "SELECT * FROM vote WHERE type IN (2, 3, 5) AND id > ? ORDER BY id", _write_reactions),
    Stage(
        "edits",
        """SELECT changed.*, (
          SELECT text FROM PostHistory
          WHERE PostHistory.post = changed.post
            AND PostHistory.type IN ((changed.type - 1) % 3 + 1, (changed.type - 1) % 3 + 4, (changed.type - 1) % 3 + 7)
            AND (PostHistory.created, PostHistory.id) < (changed.created, changed.id)
          ORDER BY PostHistory.created DESC, PostHistory.id DESC LIMIT 1
        ) AS before
        FROM PostHistory AS changed JOIN post ON post.id = changed.post
        WHERE changed.type BETWEEN 4 AND 9 AND changed.id > ? ORDER BY changed.id""",
        _write_edits,
    ),
)
