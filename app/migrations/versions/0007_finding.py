"""Search, follows, bookmarks, how far a thread was read.

What can be found is written down by the database itself, with triggers: neither an import nor an edit can miss it.
The indexes hold removed posts too; a search looks at the posts themselves, so that removing and restoring cost nothing.

A later migration that makes `posts`, `threads` or `members` anew on SQLite ("batch") loses their triggers there and
has to make them again: tests/domain/test_search.py would see it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPENS = "kind IN ('question', 'discussion', 'idea', 'announcement')"


def upgrade() -> None:
    _follows()
    _reads()
    _orders()
    statements = SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL
    for statement in statements:
        op.execute(sa.text(statement.replace(":", r"\:")))


def _follows() -> None:
    one_thing = (
        "CASE WHEN thread_id IS NULL THEN 0 ELSE 1 END + CASE WHEN category_id IS NULL THEN 0 ELSE 1 END"
        " + CASE WHEN followed_id IS NULL THEN 0 ELSE 1 END = 1"
    )
    op.create_table(
        "follows",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("thread_id", NUMBER, nullable=True),
        sa.Column("category_id", NUMBER, nullable=True),
        sa.Column("followed_id", NUMBER, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(one_thing, name=op.f("ck_follows_one_thing")),
        sa.CheckConstraint("followed_id <> member_id", name=op.f("ck_follows_not_oneself")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_follows_member_id_members")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_follows_thread_id_threads")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_follows_category_id_categories")),
        sa.ForeignKeyConstraint(["followed_id"], ["members.id"], name=op.f("fk_follows_followed_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follows")),
        sa.UniqueConstraint("member_id", "thread_id", name=op.f("uq_follows_member_id_thread_id")),
        sa.UniqueConstraint("member_id", "category_id", name=op.f("uq_follows_member_id_category_id")),
        sa.UniqueConstraint("member_id", "followed_id", name=op.f("uq_follows_member_id_followed_id")),
    )
    for column in ("thread_id", "category_id", "followed_id"):
        op.create_index(op.f(f"ix_follows_{column}"), "follows", [column])
    op.create_table(
        "bookmarks",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("post_id", NUMBER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_bookmarks_member_id_members")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_bookmarks_post_id_posts")),
        sa.PrimaryKeyConstraint("member_id", "post_id", name=op.f("pk_bookmarks")),
    )
    op.create_index(op.f("ix_bookmarks_post_id"), "bookmarks", ["post_id"])
    op.create_index("ix_bookmarks_member_latest", "bookmarks", ["member_id", "created_at"])


def _reads() -> None:
    op.add_column("thread_reads", sa.Column("last_post_id", NUMBER, nullable=False, server_default="0"))
    # Who had opened a thread so far is taken to have read it: nobody comes back to a wall of unread marks.
    op.execute(
        "UPDATE thread_reads SET last_post_id = "
        "(SELECT coalesce(max(posts.id), 0) FROM posts WHERE posts.thread_id = thread_reads.thread_id)"
    )
    op.create_table(
        "readers",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("visited_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("all_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("all_read_post_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_readers_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_readers")),
    )


def _orders() -> None:
    for name, table, columns, where in (
        ("ix_threads_pinned", "threads", ["pinned_at"], "pinned_at IS NOT NULL AND deleted_at IS NULL"),
        ("ix_posts_liked", "posts", ["created_at"], "upvotes + insightfuls > 0 AND deleted_at IS NULL"),
    ):
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


# --- SQLite: FTS5 with trigrams. The tables keep no text of their own, so leaving takes telling what was in them. ---


def _fts(name: str, columns: str) -> str:
    return f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, content='', tokenize='trigram')"


TITLE = f"CASE WHEN {{0}}.{OPENS} THEN (SELECT title FROM threads WHERE id = {{0}}.thread_id) ELSE '' END"  # noqa: S608
POST_IN = f"INSERT INTO search_posts (rowid, title, body) VALUES (new.id, {TITLE.format('new')}, new.body);"  # noqa: S608
POST_OUT = (
    "INSERT INTO search_posts (search_posts, rowid, title, body) "  # noqa: S608
    f"VALUES ('delete', old.id, {TITLE.format('old')}, old.body);"
)
TITLE_IN = "INSERT INTO search_titles (rowid, title) VALUES (new.id, new.title);"
TITLE_OUT = "INSERT INTO search_titles (search_titles, rowid, title) VALUES ('delete', old.id, old.title);"
OPENING_AGAIN = (
    "INSERT INTO search_posts (search_posts, rowid, title, body) "  # noqa: S608
    f"SELECT 'delete', id, old.title, body FROM posts WHERE thread_id = new.id AND {OPENS}; "
    "INSERT INTO search_posts (rowid, title, body) "
    f"SELECT id, new.title, body FROM posts WHERE thread_id = new.id AND {OPENS};"
)
NAME_IN = "INSERT INTO search_members (rowid, name) VALUES (new.id, new.name || ' ' || new.username);"
NAME_OUT = (
    "INSERT INTO search_members (search_members, rowid, name) "
    "VALUES ('delete', old.id, old.name || ' ' || old.username);"
)
RENAMED = "WHEN old.name <> new.name OR old.username <> new.username"

SQLITE = (
    _fts("search_posts", "title, body"),
    _fts("search_titles", "title"),
    _fts("search_members", "name"),
    f"CREATE TRIGGER search_posts_added AFTER INSERT ON posts BEGIN {POST_IN} END",
    f"CREATE TRIGGER search_posts_gone AFTER DELETE ON posts BEGIN {POST_OUT} END",
    f"CREATE TRIGGER search_posts_changed AFTER UPDATE OF body ON posts WHEN old.body <> new.body BEGIN {POST_OUT} {POST_IN} END",
    f"CREATE TRIGGER search_titles_added AFTER INSERT ON threads BEGIN {TITLE_IN} END",
    f"CREATE TRIGGER search_titles_gone AFTER DELETE ON threads BEGIN {TITLE_OUT} END",
    f"CREATE TRIGGER search_titles_changed AFTER UPDATE OF title ON threads WHEN old.title <> new.title "
    f"BEGIN {TITLE_OUT} {TITLE_IN} {OPENING_AGAIN} END",
    f"CREATE TRIGGER search_members_added AFTER INSERT ON members BEGIN {NAME_IN} END",
    f"CREATE TRIGGER search_members_gone AFTER DELETE ON members BEGIN {NAME_OUT} END",
    f"CREATE TRIGGER search_members_changed AFTER UPDATE OF name, username ON members {RENAMED} "
    f"BEGIN {NAME_OUT} {NAME_IN} END",
    f"INSERT INTO search_posts (rowid, title, body) SELECT id, {TITLE.format('posts')}, body FROM posts",  # noqa: S608
    "INSERT INTO search_titles (rowid, title) SELECT id, title FROM threads",
    "INSERT INTO search_members (rowid, name) SELECT id, name || ' ' || username FROM members",
)

# --- PostgreSQL: full text for posts, trigrams for titles and names. ---

# The parser takes "node.js" for the name of a host and "either/or" for a path: with the signs gone all are words.
SIGNS = """'!"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~'"""

POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE TABLE search_posts (post_id bigint PRIMARY KEY REFERENCES posts ON DELETE CASCADE, words tsvector NOT NULL)",
    "CREATE INDEX search_posts_words ON search_posts USING gin (words)",
    "CREATE INDEX search_titles ON threads USING gin (title gin_trgm_ops)",
    "CREATE INDEX search_members ON members USING gin ((name || ' ' || username) gin_trgm_ops)",
    f"""CREATE FUNCTION search_words(title text, body text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
      SELECT setweight(to_tsvector('simple', translate(coalesce(title, ''), {SIGNS}, rpad('', 32))), 'A')
        || setweight(to_tsvector('simple', translate(body, {SIGNS}, rpad('', 32))), 'B') $$""",
    f"""CREATE FUNCTION search_post_written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO search_posts VALUES (new.id, search_words({TITLE.format("new")}, new.body))
      ON CONFLICT (post_id) DO UPDATE SET words = excluded.words;
      RETURN NULL; END $$""",  # noqa: S608
    f"""CREATE FUNCTION search_title_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      UPDATE search_posts SET words = search_words(new.title, posts.body) FROM posts
      WHERE posts.id = post_id AND posts.thread_id = new.id AND posts.{OPENS};
      RETURN NULL; END $$""",  # noqa: S608
    "CREATE TRIGGER search_posts_added AFTER INSERT ON posts FOR EACH ROW EXECUTE FUNCTION search_post_written()",
    """CREATE TRIGGER search_posts_changed AFTER UPDATE OF body ON posts FOR EACH ROW
      WHEN (old.body <> new.body) EXECUTE FUNCTION search_post_written()""",
    """CREATE TRIGGER search_titles_changed AFTER UPDATE OF title ON threads FOR EACH ROW
      WHEN (old.title <> new.title) EXECUTE FUNCTION search_title_changed()""",
    f"INSERT INTO search_posts SELECT id, search_words({TITLE.format('posts')}, body) FROM posts",  # noqa: S608
)
