"""Search by whole words: accents and neighbours in unspaced scripts do not matter, and words are known for spelling.

As in 0007 the database itself writes down what can be found. SQLite gets an index of words beside that of trigrams,
which now only serves scripts without spaces. On PostgreSQL each post's words are read anew, and titles apart.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0026"
branch_labels = None
depends_on = None

OPENS = "kind IN ('question', 'discussion', 'idea', 'announcement')"
TITLE = f"CASE WHEN {{0}}.{OPENS} THEN (SELECT title FROM threads WHERE id = {{0}}.thread_id) ELSE '' END"  # noqa: S608


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(sa.text(statement.replace(":", r"\:")))


# For Best Of, and the best answers of a member. No index of an expression: SQLAlchemy cannot read those back on SQLite.
LIKED = (
    "ALTER TABLE posts ADD COLUMN search_liked INTEGER GENERATED ALWAYS AS (upvotes + insightfuls) {0}",
    "CREATE INDEX search_posts_liked ON posts (search_liked, id, created_at, thread_id) "
    "WHERE search_liked > 0 AND deleted_at IS NULL AND kind <> 'comment'",
    "CREATE INDEX search_posts_answers ON posts (author_id, search_liked DESC, id, thread_id) "
    "WHERE kind = 'answer' AND deleted_at IS NULL",
)

# --- SQLite: words with their beginnings, and a view of all words there are. ---

IN = f"INSERT INTO search_words (rowid, title, body) VALUES (new.id, {TITLE.format('new')}, new.body);"  # noqa: S608
OUT = (
    "INSERT INTO search_words (search_words, rowid, title, body) "  # noqa: S608
    f"VALUES ('delete', old.id, {TITLE.format('old')}, old.body);"
)
OPENING_AGAIN = (
    "INSERT INTO search_words (search_words, rowid, title, body) "  # noqa: S608
    f"SELECT 'delete', id, old.title, body FROM posts WHERE thread_id = new.id AND {OPENS}; "
    "INSERT INTO search_words (rowid, title, body) "
    f"SELECT id, new.title, body FROM posts WHERE thread_id = new.id AND {OPENS};"
)
NAME_IN = "INSERT INTO search_names (rowid, name) VALUES (new.id, new.name || ' ' || new.username);"
NAME_OUT = (
    "INSERT INTO search_names (search_names, rowid, name) VALUES ('delete', old.id, old.name || ' ' || old.username);"
)


def _fts(name: str, columns: str, prefixes: str) -> str:
    tokens = f"tokenize='unicode61 remove_diacritics 2', prefix='{prefixes}'"
    return f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, content='', {tokens})"


SQLITE = (
    *(it.format("VIRTUAL") for it in LIKED),
    _fts("search_words", "title, body", "2 3"),
    _fts("search_names", "name", "1 2"),
    "CREATE VIRTUAL TABLE search_vocabulary USING fts5vocab(search_words, row)",
    f"CREATE TRIGGER search_words_added AFTER INSERT ON posts BEGIN {IN} END",
    f"CREATE TRIGGER search_words_gone AFTER DELETE ON posts BEGIN {OUT} END",
    f"CREATE TRIGGER search_words_changed AFTER UPDATE OF body ON posts WHEN old.body <> new.body BEGIN {OUT} {IN} END",
    f"CREATE TRIGGER search_words_titled AFTER UPDATE OF title ON threads WHEN old.title <> new.title "
    f"BEGIN {OPENING_AGAIN} END",
    f"CREATE TRIGGER search_names_added AFTER INSERT ON members BEGIN {NAME_IN} END",
    f"CREATE TRIGGER search_names_gone AFTER DELETE ON members BEGIN {NAME_OUT} END",
    "CREATE TRIGGER search_names_changed AFTER UPDATE OF name, username ON members "
    f"WHEN old.name <> new.name OR old.username <> new.username BEGIN {NAME_OUT} {NAME_IN} END",
    f"INSERT INTO search_words (rowid, title, body) SELECT id, {TITLE.format('posts')}, body FROM posts",  # noqa: S608
    "INSERT INTO search_names (rowid, name) SELECT id, name || ' ' || username FROM members",
)

# --- PostgreSQL ---

SIGNS = """'!"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~'"""
UNSPACED = (
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"  # as in folding.py
)
READ = f"search_read(concat_ws(' ', {TITLE.format('{0}')}, {{0}}.body))"
LETTERS = "length(it) BETWEEN 4 AND 40 AND it !~ '[0-9]'"
# How often a word was written matters only for those that are rare: then it may be a slip of somebody's pen. Rows of
# frequent ones are not even looked at for a conflict, which would lock them.
LEARN = f"""INSERT INTO search_vocabulary (word) SELECT it FROM unnest(tsvector_to_array({{0}})) AS it WHERE {LETTERS}
      AND NOT EXISTS (SELECT FROM search_vocabulary WHERE word = it AND times >= 5)
      ON CONFLICT (word) DO UPDATE SET times = search_vocabulary.times + 1"""  # noqa: S608

POSTGRESQL = (
    *(it.format("STORED") for it in LIKED),
    # What the parser would take for an address or a path becomes words, and accents go. Mostly there is none.
    f"""CREATE FUNCTION search_plain(typed text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE WHEN octet_length(typed) = length(typed) THEN translate(typed, {SIGNS}, rpad('', 32))
        ELSE regexp_replace(normalize(regexp_replace(normalize(translate(typed, {SIGNS}, rpad('', 32)), NFKD),
          '([A-Za-z])[\\u0300-\\u036f]+', '\\1', 'g'), NFKC), '({UNSPACED})', ' \\1 ', 'g') END $$""",
    """CREATE FUNCTION search_read(typed text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
      SELECT to_tsvector('simple', search_plain(typed)) $$""",
    "CREATE TABLE search_headings (post_id bigint PRIMARY KEY REFERENCES posts ON DELETE CASCADE, words tsvector NOT NULL)",
    "CREATE TABLE search_vocabulary (word text PRIMARY KEY, times smallint NOT NULL DEFAULT 1)",
    f"""CREATE OR REPLACE FUNCTION search_post_written() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE found tsvector := {READ.format("new")}; BEGIN
      INSERT INTO search_posts (post_id, words) VALUES (new.id, found)
      ON CONFLICT (post_id) DO UPDATE SET words = excluded.words;
      IF new.{OPENS} THEN
        INSERT INTO search_headings SELECT new.id, search_read(title) FROM threads WHERE id = new.thread_id
        ON CONFLICT (post_id) DO UPDATE SET words = excluded.words;
      END IF;
      {LEARN.format("found")}; RETURN NULL; END $$""",  # noqa: S608
    f"""CREATE OR REPLACE FUNCTION search_title_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      UPDATE search_posts SET words = {READ.format("posts")} FROM posts
      WHERE posts.id = post_id AND posts.thread_id = new.id AND posts.{OPENS};
      UPDATE search_headings SET words = search_read(new.title) FROM posts
      WHERE posts.id = post_id AND posts.thread_id = new.id;
      {LEARN.format("search_read(new.title)")}; RETURN NULL; END $$""",  # noqa: S608
    "DROP FUNCTION search_words",
    f"UPDATE search_posts SET words = {READ.format('posts')} FROM posts WHERE posts.id = post_id",  # noqa: S608
    f"INSERT INTO search_headings SELECT posts.id, search_read(threads.title) FROM posts "  # noqa: S608
    f"JOIN threads ON threads.id = posts.thread_id WHERE posts.{OPENS}",
    f"INSERT INTO search_vocabulary SELECT it, least(count(*), 5) FROM search_posts, unnest(tsvector_to_array(words)) AS it "  # noqa: S608
    f"WHERE {LETTERS} GROUP BY it",
    "CREATE INDEX search_headings_words ON search_headings USING gin (words)",
    "CREATE INDEX search_vocabulary_alike ON search_vocabulary USING gin (word gin_trgm_ops)",
)
