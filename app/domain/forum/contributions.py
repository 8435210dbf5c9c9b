"""Posts as lists show them apart from their thread: found, liked, or marked."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause

from app.domain.forum.listing import author_columns, categories, threads, with_author
from app.domain.forum.reading import posts


def columns() -> list[ColumnElement[Any]]:
    """What a list says of a post and of its thread."""
    return [
        posts.c.id, posts.c.kind, posts.c.html, posts.c.created_at, posts.c.upvotes, posts.c.insightfuls,
        threads.c.id.label("thread_id"), threads.c.slug, threads.c.title, threads.c.replies,
        (threads.c.accepted_post_id == posts.c.id).label("is_accepted"),
        categories.c.slug.label("category_slug"), categories.c.name.label("category"),
        *author_columns(),
    ]  # fmt: skip


def joined(source: FromClause) -> FromClause:
    """Join the thread, the category and the author to posts."""
    return with_author(
        source.join(threads, threads.c.id == posts.c.thread_id).join(
            categories, categories.c.id == threads.c.category_id
        ),
        posts.c.author_id,
    )
