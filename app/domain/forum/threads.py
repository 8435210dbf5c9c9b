"""Threads, their posts, and what members do with them."""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.domain.base import Base, now
from app.domain.people.members import Member


class Kind(StrEnum):
    """What a post is. The first post of a thread bears the thread's own kind."""

    QUESTION = "question"
    DISCUSSION = "discussion"
    IDEA = "idea"
    ANNOUNCEMENT = "announcement"
    ANSWER = "answer"
    REPLY = "reply"
    COMMENT = "comment"


OPENING_KINDS = (Kind.QUESTION, Kind.DISCUSSION, Kind.IDEA, Kind.ANNOUNCEMENT)
REACTIONS = ("insightful", "upvote")  # what members may give; imports also bring "downvote"


class Category(Base):
    """A part of the community with a subject of its own."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    about: Mapped[str] = mapped_column(String(500), default="")
    position: Mapped[int] = mapped_column(default=0)
    staff_only: Mapped[bool] = mapped_column(default=False)  # only staff start threads here


class Tag(Base):
    """A word that threads are found by."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    first_thread_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id", use_alter=True))


class ThreadTag(Base):
    """A thread bears a tag since then; where nobody is named, its author put it there."""

    __tablename__ = "thread_tags"

    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"), primary_key=True, index=True)
    added_at: Mapped[datetime] = mapped_column(default=now)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))


class Thread(Base):
    """A conversation. Its counts follow its posts and are kept by the verbs below."""

    __tablename__ = "threads"
    __table_args__ = (
        CheckConstraint("kind IN ('question', 'discussion', 'idea', 'announcement')", name="kind"),
        Index(
            "ix_threads_latest",
            "created_at",
            "id",
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_threads_active",
            "active_at",
            "id",
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_threads_unanswered",
            "created_at",
            "id",
            sqlite_where=text("deleted_at IS NULL AND kind = 'question' AND answers = 0"),
            postgresql_where=text("deleted_at IS NULL AND kind = 'question' AND answers = 0"),
        ),
        Index("ix_threads_category_active", "category_id", "active_at", "id"),
        Index("ix_threads_category_latest", "category_id", "created_at", "id"),
        Index("ix_threads_author", "author_id", "created_at"),
        Index(
            "ix_threads_pinned",
            "pinned_at",
            sqlite_where=text("pinned_at IS NOT NULL AND deleted_at IS NULL"),
            postgresql_where=text("pinned_at IS NOT NULL AND deleted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    slug: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(default=now)
    active_at: Mapped[datetime] = mapped_column(default=now)
    answers: Mapped[int] = mapped_column(default=0)
    replies: Mapped[int] = mapped_column(default=0)  # every living post but the first, comments too
    score: Mapped[int] = mapped_column(default=0)  # up-votes of the first post, less down-votes
    views: Mapped[int] = mapped_column(default=0)
    accepted_post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", use_alter=True))
    accepted_at: Mapped[datetime | None]
    pinned_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    author: Mapped[Member | None] = relationship()
    category: Mapped[Category] = relationship()


class Post(Base):
    """One contribution. `by_other`, `nth`, `again` and `waited` are facts of its birth.

    `by_other`: not by who started the thread. `nth`: which answer of its thread it was, 1 for the
    first. `again`: its author had answered this thread before. `waited`: the thread's age in whole
    days when the post was written. None of them ever changes.
    """

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_thread", "thread_id", "id"),
        Index("ix_posts_author", "author_id", "created_at"),
        Index("ix_posts_parent", "parent_id"),
        Index(
            "ix_posts_liked",
            "created_at",
            sqlite_where=text("upvotes + insightfuls > 0 AND deleted_at IS NULL"),
            postgresql_where=text("upvotes + insightfuls > 0 AND deleted_at IS NULL"),
        ),
        Index(
            "uq_posts_one_opening",
            "thread_id",
            unique=True,
            sqlite_where=text("kind IN ('question', 'discussion', 'idea', 'announcement')"),
            postgresql_where=text("kind IN ('question', 'discussion', 'idea', 'announcement')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))  # of a comment
    author_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(20))
    body: Mapped[str] = mapped_column(String(60_000))
    html: Mapped[str] = mapped_column(String(200_000))  # rendered and made safe when written
    created_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    by_other: Mapped[bool] = mapped_column(default=False)
    nth: Mapped[int] = mapped_column(default=0)
    again: Mapped[bool] = mapped_column(default=False)
    waited: Mapped[int] = mapped_column(default=0)
    upvotes: Mapped[int] = mapped_column(default=0)  # less down-votes, which only imports bring
    insightfuls: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]
    deleted_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    thread: Mapped[Thread] = relationship(foreign_keys=thread_id)
    author: Mapped[Member | None] = relationship(foreign_keys=author_id)


class Reaction(Base):
    """A member's Insightful or Upvote. Imported ones may not know who gave them."""

    __tablename__ = "reactions"
    __table_args__ = (
        UniqueConstraint("post_id", "member_id", "kind"),
        CheckConstraint("kind IN ('insightful', 'upvote', 'downvote', 'favorite')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Mention(Base):
    """A post names a member."""

    __tablename__ = "mentions"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)


class Edit(Base):
    """A change to a post: what it said before it, who changed it and when."""

    __tablename__ = "edits"
    __table_args__ = (CheckConstraint("part IN ('title', 'body', 'tags')", name="part"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    part: Mapped[str] = mapped_column(String(10))
    is_rollback: Mapped[bool] = mapped_column(default=False)
    before: Mapped[str] = mapped_column(String(60_000), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


def slug(title: str, none: str = "thread") -> str:
    """A title as the end of an address: small ASCII letters and digits, hyphens between words; `none` without any."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].rstrip("-") or none


def hold(session: Session, thread: Thread) -> None:
    """See a thread as it is now and keep others from changing it until this transaction ends."""
    session.flush()  # or what was not written yet would be forgotten
    session.refresh(thread, with_for_update={"key_share": True})


_POST_AND_THREAD = (
    select(Post, Thread)
    .join(Thread, Thread.id == Post.thread_id)
    .where(Post.id == bindparam("post_id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def hold_post(session: Session, post: Post) -> None:
    """The same for a post and its thread."""
    session.flush()
    session.execute(_POST_AND_THREAD, {"post_id": post.id}).one()
