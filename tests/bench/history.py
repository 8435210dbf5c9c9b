"""An invented community of any size, written by the database itself in a few statements.

Every column is a function of the row's number, so that each run measures the same history. Members
and posts follow a skew: few have much, most have little.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.domain.forum.threads import Post
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry
from tests.bench.site import Site

FIRST_DAY = 19_000  # days since 1970
DAYS = 1000
WITHDRAWABLE = (
    "upvote_received", "upvote_given", "insightful_received", "insightful_given", "answered", "replied", "commented",
    "accepted", "accepting", "followed", "bookmarked",
)  # fmt: skip

# Of a thousand deeds so many are of this kind; where they happen, and whose number they move.
MIX = (
    ("visited", 250, "nowhere", "doer"), ("thread_read", 150, "opening", "doer"), ("viewed", 150, "opening", "author"),
    ("upvote_received", 100, "any", "author"), ("upvote_given", 100, "any", "doer"),
    ("insightful_received", 30, "any", "author"), ("insightful_given", 30, "any", "doer"),
    ("answered", 50, "answer", "author"), ("commented", 45, "comment", "author"), ("asked", 20, "opening", "author"),
    ("started", 6, "opening", "author"), ("accepted", 13, "answer", "author"), ("accepting", 13, "answer", "doer"),
    ("mentioning", 8, "any", "doer"), ("mentioned", 8, "any", "author"), ("mention_answered", 3, "any", "doer"),
    ("edited", 8, "any", "author"), ("followed", 2, "nowhere", "doer"), ("bookmarked", 2, "opening", "author"),
    ("email_verified", 3, "nowhere", "doer"), ("profile_completed", 2, "nowhere", "doer"),
    ("anniversary", 3, "nowhere", "doer"), ("event_attended", 2, "nowhere", "doer"),
    ("lesson_passed", 1, "nowhere", "doer"), ("best_of", 1, "any", "author"),
)  # fmt: skip
POINTS = {"answered": ("answer", 5), "accepted": ("accepted", 15), "mentioning": ("mention", 1),
          "insightful_received": ("insightful", 3), "upvote_received": ("upvote", 2)}  # fmt: skip

_HURRY = {
    "SQLite": ("PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000",
               "PRAGMA temp_store = MEMORY"),
    "PostgreSQL": ("SET session_replication_role = replica", "SET maintenance_work_mem = '200MB'"),
}  # fmt: skip
LIFE = ("visited", "thread_read", "upvote_received", "upvote_given", "thread_read")


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    activities: int
    members: int

    @property
    def threads(self) -> int:
        return max(25, self.activities // 20)

    @property
    def posts(self) -> int:
        return self.threads * 4


def write(site: Site, size: Size, waiting: int = 0) -> None:
    """Fill an empty site: members, threads, posts, booked activities, their points, and deeds that wait."""
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # The rows are right by construction; looking up every key would take longer than writing them.
        for hurry in _HURRY[site.engine_name]:
            connection.execute(text(hurry))
        connection.execute(text("BEGIN"))
        indexes = [it for model in (Activity, PointEntry, Post) for it in model.__table__.indexes]
        for index in indexes:
            index.drop(connection)
        for statement in _statements(site.on_sqlite, size, waiting):
            connection.execute(text(statement))
        for index in indexes:
            index.create(connection)
        connection.execute(text("COMMIT"))
        if not site.on_sqlite:
            connection.execute(text("VACUUM ANALYZE"))  # as its own service does within a minute
            _count_on(connection)
    site.engine.dispose()


def live(site: Site, member: int, deeds: int) -> None:
    """Give one member a booked life of so many deeds, most of them visits, reading and reactions."""
    with site.engine.begin() as connection:
        last = connection.execute(text("SELECT max(seq) FROM activities")).scalar_one()
        threads = connection.execute(text("SELECT count(*) FROM threads")).scalar_one()
        kinds = " ".join(f"WHEN {i} THEN '{kind}'" for i, kind in enumerate(LIFE))
        moment = _moment(site.on_sqlite, f"i * {DAYS * 86400} / {deeds}")
        connection.execute(
            text(
                f"{_counting(deeds)} INSERT INTO activities (id, seq, kind, member_id, actor_id, post_id, thread_id, category_id,"
                " amount, happened_at, local_day, noted_at, undated)"
                f" SELECT {last} + i, {last} + i, CASE i % {len(LIFE)} {kinds} END, {member}, {member}, 4 * (i % {threads}) + 1,"
                f" i % {threads} + 1, i % 4 + 1, 1, {moment}, {FIRST_DAY} + i * {DAYS} / {deeds}, {moment},"
                f" {_no(site.on_sqlite)} FROM n"
            )
        )
        connection.execute(text("UPDATE leases SET position = :last WHERE name = 'evaluator'"), {"last": last + deeds})
        if not site.on_sqlite:
            _count_on(connection)


def _count_on(connection: Connection) -> None:
    for table in ("members", "threads", "posts", "activities", "point_entries"):
        last = f"SELECT coalesce(max(id), 1) FROM {table}"
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({last}))"))


def _moment(on_sqlite: bool, seconds: str) -> str:
    since = f"({FIRST_DAY * 86400} + {seconds})"
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {since}, 'unixepoch')" if on_sqlite else f"to_timestamp({since})"


def _no(on_sqlite: bool) -> str:
    return "0" if on_sqlite else "false"


def _statements(on_sqlite: bool, size: Size, waiting: int) -> list[str]:
    def moment(seconds: str) -> str:
        return _moment(on_sqlite, seconds)

    no = _no(on_sqlite)
    when = moment(f"j * {DAYS * 86400} / {size.activities}")
    return [
        "INSERT INTO categories (id, slug, name, about, position, staff_only)"
        f" SELECT i, slug, slug, '', i, {no} FROM (SELECT 1 AS i, 'help' AS slug UNION ALL SELECT 2, 'welcome'"
        " UNION ALL SELECT 3, 'hangar' UNION ALL SELECT 4, 'tower') AS few",
        f"{_counting(size.members)} INSERT INTO members (id, username, username_key, name, role, joined_at, title, location,"
        " website, about, about_html, zone, points, rank)"
        f" SELECT i, 'member' || i, 'member' || i, 'Member ' || i, 'member', {moment('0')}, '', '', '', '', '', 'UTC', 0, 0"
        " FROM n",
        f"{_counting(size.threads)} INSERT INTO threads (id, category_id, author_id, kind, title, slug, created_at, active_at,"
        " answers, replies, score, views)"
        f" SELECT i, 1 + i % 4, {_skewed('4 * i - 3', 11, size.members)}, {_opening_kind('i')}, 'Thread ' || i,"
        f" 'thread-' || i, {moment('i')}, {moment('i')}, 2, 3, 0, 0 FROM n",
        f"{_counting(size.posts)} INSERT INTO posts (id, thread_id, author_id, kind, body, html, created_at, by_other, nth,"
        " again, waited, upvotes, insightfuls)"
        f" SELECT i, (i + 3) / 4, {_skewed('i', 11, size.members)},"
        f" CASE i % 4 WHEN 1 THEN {_opening_kind('(i + 3) / 4')} WHEN 0 THEN 'comment' ELSE 'answer' END, 'Words.',"
        f" '<p>Words.</p>', {moment('i')}, {'1' if on_sqlite else 'true'},"
        f" CASE i % 4 WHEN 2 THEN 1 WHEN 3 THEN 2 ELSE 0 END, {no}, i % 50, 0, 0 FROM n",
        f"{_deeds(size, waiting)} INSERT INTO activities (id, seq, kind, member_id, actor_id, post_id, thread_id, category_id, object,"
        " amount, happened_at, local_day, noted_at, undated, reverses_id)"
        f" SELECT i, CASE WHEN i <= {size.activities} THEN i END, kind, member, doer, post, (post + 3) / 4, 1 + (post + 3) / 4 % 4,"
        " CASE kind WHEN 'event_attended' THEN 'event-' || (j % 20) WHEN 'lesson_passed' THEN 'lesson-' || (j % 5) END,"
        f" CASE WHEN i = j THEN 1 ELSE -1 END, {when}, {FIRST_DAY} + j * {DAYS} / {size.activities}, {when}, {no},"
        " CASE WHEN i <> j THEN j END FROM deed",
        "INSERT INTO point_entries (id, member_id, activity_id, rule, amount, seq, happened_at, local_day, actor_id, post_id,"
        " reverses_id)"
        f" SELECT id, member_id, id, {_by_kind(0)}, {_by_kind(1)} * amount, seq, happened_at, local_day, actor_id, post_id,"
        f" reverses_id FROM activities WHERE seq IS NOT NULL AND kind IN ({_quoted(POINTS)})",
        f"INSERT INTO leases (name, position) VALUES ('evaluator', {size.activities})",
    ]


def _counting(rows: int) -> str:
    return f"WITH RECURSIVE n (i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"


def _deeds(size: Size, waiting: int) -> str:
    """Every ninth deed takes back the fifth before it, where that is something one can take back."""
    upto, kinds, places, whose = 0, [], [], []
    for kind, share, place, side in MIX:
        upto += share
        kinds.append(f"WHEN chance < {upto} THEN '{kind}'")
        places.append(f"WHEN '{kind}' THEN {_PLACES[place]}")
        whose.append(f"WHEN '{kind}' THEN {'doer' if side == 'doer' else 'author'}")
    assert upto == 1000
    kind = f"CASE {' '.join(kinds)} END"
    return f"""{_counting(size.activities + waiting)},
        chosen AS MATERIALIZED (SELECT i, {_spread("i", 1, 1000)} AS chance, {_spread("(i - 5)", 1, 1000)} AS earlier FROM n),
        meant AS MATERIALIZED (SELECT i, {kind} AS kind, {kind.replace("chance", "earlier")} AS taken_back FROM chosen),
        numbered AS MATERIALIZED (
            SELECT i, CASE WHEN back THEN i - 5 ELSE i END AS j, CASE WHEN back THEN taken_back ELSE kind END AS kind
            FROM (SELECT *, i % 9 = 0 AND taken_back IN ({_quoted(WITHDRAWABLE)}) AS back FROM meant) AS looked
        ),
        placed AS MATERIALIZED (SELECT i, j, kind, {_skewed("j", 2, size.threads)} AS thread FROM numbered),
        posted AS MATERIALIZED (SELECT i, j, kind, CASE kind {" ".join(places)} END AS post FROM placed),
        done AS MATERIALIZED (
            SELECT i, j, kind, post, {_skewed("j", 3, size.members)} AS doer, {_skewed("post", 11, size.members)} AS author
            FROM posted
        ),
        deed AS (SELECT *, CASE kind {" ".join(whose)} END AS member FROM done)"""


_PLACES = {
    "nowhere": "NULL", "opening": "4 * thread - 3", "answer": "4 * thread - 2 + j % 2", "comment": "4 * thread",
    "any": "4 * thread - 3 + j % 4",
}  # fmt: skip
_FACTORS = {1: 48_271_003, 2: 69_621_017, 3: 16_807_043, 11: 39_373_051}


def _spread(number: str, way: int, below: int) -> str:
    """A number below a bound that looks random, from another number."""
    return f"(abs({number}) * {_FACTORS[way]} % 2147483647 % {below})"


def _skewed(number: str, way: int, upto: int) -> str:
    """A number from 1 to a bound, low ones far more often than high ones."""
    spread = _spread(f"({number})", way, 1_000_000)
    return f"(1 + {spread} * {spread} / 1000000 * {upto} / 1000000)"


def _opening_kind(number: str) -> str:
    return f"CASE ({number}) % 10 WHEN 0 THEN 'idea' WHEN 1 THEN 'discussion' ELSE 'question' END"


def _by_kind(column: int) -> str:
    cases = " ".join(f"WHEN '{kind}' THEN {rule[column]!r}" for kind, rule in POINTS.items())
    return f"CASE kind {cases} END"


def _quoted(names: object) -> str:
    return ", ".join(f"'{name}'" for name in names)  # type: ignore[attr-defined]
