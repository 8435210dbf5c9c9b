"""Random histories and rules, and a stage on which the engine plays them."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select, text, update
from sqlalchemy.orm import Session

from app.domain.awarding import awards, evaluator
from app.domain.awarding import backfill as retroactive
from app.domain.badging.badges import Award, Badge, BadgeVersion
from app.domain.badging.totals import Lease, Measure, Total
from app.domain.base import EPOCH
from app.domain.forum import visits
from app.domain.forum.threads import Category, Post, Thread
from app.domain.mail.deliveries import Delivery
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member, Role
from app.domain.problems import Invalid, Refused
from app.domain.record import activities
from app.domain.record.activities import Activity
from app.domain.record.kinds import KINDS
from app.domain.record.points import PointEntry, PointRule, Rank
from app.domain.record.scores import EVERYWHERE, WEEK, Score
from app.domain.writing import acceptance, edits, posts, reactions, removals
from tests.engine import oracle

CATALOGUES = Path(__file__).parents[2] / "app" / "catalogue"
DAWN = datetime(2024, 2, 27, 9, tzinfo=UTC)
MEDAL = "medal"  # given by people only
ZONES = ("UTC", "Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin")
CATEGORIES = ("welcome", "help")
RANKS = ((4, 1), (9, 2), (20, 3))


# --- rules -------------------------------------------------------------------------------------

POST_KINDS = (
    "answered", "replied", "commented", "asked", "started", "accepted", "accepting", "edited", "upvote_received",
    "upvote_given", "insightful_received", "insightful_given", "downvote_received", "score", "reactions_received",
    "reactions_given", "contributions", "threads_started", "viewed", "best_of",
)  # fmt: skip
OTHER_KINDS = ("visited", "anniversary", "good_question", "closed", "event_attended", "badge_granted", "mentioned")
OFTEN = ("upvote_received", "score", "visited", "accepted", "reactions_received", "upvote_given")
POOL = st.sampled_from(OFTEN) | st.sampled_from(POST_KINDS + OTHER_KINDS)
EACH_POOL = st.sampled_from([it for it in OFTEN if it != "visited"]) | st.sampled_from(POST_KINDS)
SINGLE = st.sampled_from([it for it in POST_KINDS + OTHER_KINDS if it in KINDS])
SMALL = st.integers(1, 4)
WHERE = st.one_of(
    st.just({}), st.just({}), st.just({}),
    st.fixed_dictionaries({}, optional={
        "post": st.sampled_from(["answer", "question", "comment", "opening", ["question", "answer"]]),
        "by_other": st.booleans(), "own": st.booleans(), "by_self": st.booleans(), "again": st.booleans(),
        "nth": st.integers(1, 2), "waited": st.sampled_from([1, 30]),
        "category": st.sampled_from(CATEGORIES), "object": st.sampled_from(["gathering", "other"]),
    }).map(lambda it: dict(list(it.items())[:2])),
    st.fixed_dictionaries({"category": st.sampled_from(CATEGORIES)}),
)  # fmt: skip
SAYS = st.just({"says": "Do {n} things"})
WEIGHTS = st.dictionaries(SINGLE, st.sampled_from([-2, -1, 1, 2, 3]), min_size=1, max_size=3)
SPLIT = st.sampled_from(["post", "thread", "member", "day", "category", "object"])


def _join(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda some: {key: value for it in some for key, value in it.items()})


def _table(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(fields)


PLAIN = _join(_table(count=POOL, n=SMALL, where=WHERE))
WEIGHTED = _join(_table(count=WEIGHTS | st.lists(SINGLE, min_size=2, max_size=3, unique=True), n=SMALL), SAYS)
SPLIT_UP = _table(count=POOL, n=SMALL, where=WHERE, per=SPLIT, reaches=SMALL)
LEDGER = st.one_of(
    _table(count=st.just("points"), n=st.integers(1, 15)),
    _table(count=st.just("points"), n=SMALL, per=st.sampled_from(["day", "member", "post"]), reaches=st.integers(1, 9)),
)
WINDOW = _join(
    _table(count=st.sampled_from([it for it in POST_KINDS + OTHER_KINDS if it != "score"]), n=SMALL,
           days=st.sampled_from([1, 2, 5, 30]), where=WHERE),
    st.just({}) | _table(per=st.just("day"), reaches=st.integers(1, 2)),
)  # fmt: skip
STREAK = _table(streak=st.sampled_from(["visited", "contributions", "upvote_received"]), n=st.integers(2, 3))
EACH = _join(
    _table(count=EACH_POOL, n=SMALL, where=WHERE, each=st.just("post")),
    st.just({}) | _table(per=st.sampled_from(["member", "day", "category"]), reaches=st.integers(1, 2)),
)
POINTS_OF_EACH = _table(count=st.just("points"), n=st.integers(1, 9), each=st.just("post"))
FIRST = _join(EACH | POINTS_OF_EACH, st.just({"first": True}))


def _part(each: bool) -> st.SearchStrategy[dict[str, Any]]:
    kinds = EACH_POOL if each else POOL
    number = _table(n=SMALL) | _table(n=SMALL) | _table(most=st.integers(0, 2))
    per = st.just({}) if each else st.just({}) | _table(per=SPLIT, reaches=st.integers(1, 2))
    plain = _join(_table(count=kinds, where=WHERE), per, number)
    points = _join(_table(count=st.just("points")), number)
    weighted = _join(_table(count=WEIGHTS), _table(n=st.integers(0, 2)) | number)
    return st.one_of(plain, points, weighted)


def _starts_false(parts: Sequence[Mapping[str, Any]]) -> bool:
    return any(part["most"] < 0 if "most" in part else part.get("n", 1) > 0 for part in parts)


def _together(each: bool) -> st.SearchStrategy[dict[str, Any]]:
    parts = st.lists(_part(each), min_size=2, max_size=3).filter(_starts_false)
    whole = _join(_table(together=parts), SAYS)
    if not each:
        return whole
    return _join(whole, st.just({"each": "post"}))


HAS = _table(has=st.sampled_from([MEDAL, "badge-0", "badge-1"]))
ONCE = st.one_of(PLAIN, WEIGHTED, SPLIT_UP, LEDGER, WINDOW, STREAK, FIRST, _together(False), HAS)
NESTED = st.recursive(
    ONCE,
    lambda inner: st.lists(inner, min_size=2, max_size=3).flatmap(
        lambda parts: st.sampled_from(["all", "any"]).map(lambda name: {name: parts})
    ),
    max_leaves=5,
)
YEARLY = _table(yearly=st.integers(1, 5))
RULE = st.one_of(NESTED, NESTED, EACH, POINTS_OF_EACH, _together(True), YEARLY)

POINT_RULE = _join(
    _table(kind=SINGLE.filter(lambda it: it != "badge_granted"), amount=st.sampled_from([-2, 1, 2, 5]), where=WHERE),
    st.fixed_dictionaries({}, optional={
        "cap": st.just("shared"), "per_day": st.sampled_from([2, 3, 5, 7]), "per_pair": st.sampled_from([1, 2, 4]),
        "since": st.integers(0, 3), "until": st.integers(0, 30),
    }),
)  # fmt: skip


@functools.cache
def catalogue(name: str) -> dict[str, Any]:
    """A catalogue as it ships."""
    return tomllib.loads((CATALOGUES / f"{name}.toml").read_text())


def _within_reach(node: Any) -> Any:
    """A rule of the catalogue with numbers that a short history can reach."""
    if isinstance(node, list):
        return [_within_reach(it) for it in node]
    if not isinstance(node, dict):
        return node
    most = {"n": 9 if node.get("count") == "points" else 3, "reaches": 3, "waited": 2, "yearly": 4}
    return {
        key: min(value, most[key]) if key in most and isinstance(value, int) and key != "streak" else _within_reach(value)
        for key, value in node.items()
    }  # fmt: skip


def shipped_rules(*, within_reach: bool = True) -> dict[str, dict[str, Any]]:
    """Every automatic rule that ships, by catalogue and slug."""
    found = {}
    for name in ("flight", "stackexchange"):
        for badge in catalogue(name)["badge"]:
            if "earn" in badge and badge.get("state", "published") == "published":
                found[f"{name[0]}-{badge['slug']}"] = _renamed(badge["earn"], name[0])
    return {slug: _within_reach(rule) for slug, rule in found.items()} if within_reach else found


def _renamed(node: Any, prefix: str) -> Any:
    if isinstance(node, list):
        return [_renamed(it, prefix) for it in node]
    if isinstance(node, dict):
        return {k: f"{prefix}-{v}" if k == "has" else _renamed(v, prefix) for k, v in node.items()}
    return node


def needs(node: Any) -> set[str]:
    """The badges a rule asks for."""
    if isinstance(node, list):
        return set().union(*map(needs, node)) if node else set()
    if isinstance(node, dict):
        return {node["has"]} if isinstance(node.get("has"), str) else needs(list(node.values()))
    return set()


def _with_needed(slugs: set[str], known: Mapping[str, Any]) -> set[str]:
    more = {it for slug in slugs for it in needs(known[slug]) if it in known}
    return slugs if more <= slugs else _with_needed(slugs | more, known)


@st.composite
def rule_sets(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """A few rules of every sort, and a few of those that ship."""
    own = draw(st.lists(RULE, min_size=draw(st.sampled_from([1, 4])), max_size=5))
    rules: dict[str, Any] = {}
    for number, rule in enumerate(own):
        slug = f"badge-{number}"
        # A badge can only ask for those before it, so that nothing goes round in circles.
        rules[slug] = _bound(rule, {MEDAL, *rules})
    shipped = shipped_rules()
    chosen = draw(st.sets(st.sampled_from(sorted(shipped)), max_size=3))
    return rules | {slug: shipped[slug] for slug in sorted(_with_needed(chosen, shipped))}


def _bound(node: Any, known: set[str]) -> Any:
    if isinstance(node, list):
        return [_bound(it, known) for it in node]
    if isinstance(node, dict):
        return {k: (v if v in known else MEDAL) if k == "has" else _bound(v, known) for k, v in node.items()}
    return node


@st.composite
def point_rules(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Point rules: random ones, or those that ship."""
    shipped = draw(st.sampled_from([None, None, "flight", "stackexchange"]))
    if shipped:
        return [_in_days(rule) for rule in catalogue(shipped).get("points", [])]
    day = (DAWN.date() - EPOCH).days
    rules = []
    for number, rule in enumerate(draw(st.lists(POINT_RULE, min_size=1, max_size=4))):
        shifted = {key: value + day if key in ("since", "until") else value for key, value in rule.items()}
        rules.append(shifted | {"slug": f"rule-{number}"})
    # Rules that cancel each other out within one deed would leave a trace in the ledger and none in a balance.
    taken_from = {rule["kind"] for rule in rules if rule["amount"] < 0}
    return [rule for rule in rules if rule["amount"] < 0 or rule["kind"] not in taken_from]


def _in_days(rule: dict[str, Any]) -> dict[str, Any]:
    return {k: (v - EPOCH).days if k in ("since", "until") else v for k, v in rule.items() if k != "says"}


# --- histories ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """Something somebody does: `who`, `what` and `other` are taken modulo what is there."""

    verb: str
    who: int = 0
    what: int = 0
    other: int = 0
    hours: int = 0  # since the event before
    late: int = 0  # hours by which it is known too late
    batch: int = 0  # the size of the evaluator's batches if it looks after this; 0: it does not


# Few members, few posts and much taking back, so that numbers fall again before a badge is reached.
TIMES = {
    "rest": 1,  # what a failing history shrinks to; it is left out
    "ask": 1, "discuss": 1, "reply": 4, "comment": 1, "react": 8, "insight": 2, "accept": 4, "visit": 4, "edit": 2,
    "view": 2, "downvote": 2, "birthday": 1, "fact": 2, "attend": 1, "grant": 1, "move": 2,
    "unreact": 3, "unaccept": 2, "remove": 2, "restore": 2, "withdraw": 5,
}  # fmt: skip
EVENT = st.builds(
    Event, verb=st.sampled_from([verb for verb, times in TIMES.items() for _ in range(times)]),
    who=st.sampled_from([1, 1, 1, 2, 2, 3, 0]), what=st.sampled_from([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 5, 7]),
    other=st.integers(0, 3), hours=st.sampled_from([0, 0, 1, 9, 24, 24, 72, 800]),
    late=st.sampled_from([0, 0, 0, 0, 5, 30, 2000]), batch=st.sampled_from([0] * 24 + [1, 2, 3, 7]),
)  # fmt: skip
LONGEST = 58
OPENING = [Event("ask", 1), Event("reply", 2, batch=0)]


@dataclass(frozen=True)
class Plan:
    """A history, rules, and which of them are published only after how many events."""

    events: Sequence[Event]
    rules: Mapping[str, Mapping[str, Any]]
    points: Sequence[Mapping[str, Any]]
    last_batch: int = 7
    late: frozenset[str] = frozenset()
    late_after: int = 0


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A random history under random rules, some of them perhaps published late."""
    rules = draw(rule_sets())
    events = OPENING + [
        it for it in draw(st.lists(EVENT, min_size=LONGEST // 2, max_size=LONGEST)) if it.verb != "rest"
    ]
    late = draw(st.just(frozenset[str]()) | st.frozensets(st.sampled_from(sorted(rules))))
    return Plan(events, rules, draw(point_rules()), draw(st.integers(1, 7)), late, draw(st.integers(0, len(events))))


# --- the stage ---------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What stands in the database after an evaluation."""

    entries: list[tuple[Any, ...]]
    balances: dict[int, int]
    ranks: dict[int, int]
    weeks: dict[tuple[int, int], int]
    awards: dict[tuple[str, int, int], tuple[int | None, datetime]]
    totals: dict[tuple[str, int, str], tuple[int, datetime]] = field(default_factory=dict)
    notices: list[tuple[int, str]] = field(default_factory=list)


class Stage:
    """A community inside one transaction that is undone in the end, so that each history costs no database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.deeds: list[oracle.Deed] = []
        self.clock = DAWN

    def __enter__(self) -> Stage:
        self.connection: Connection = self.engine.connect()
        self._whole = self.connection.begin()
        self.site = Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        return self

    def __exit__(self, *_: object) -> None:
        self.site.close()
        self._whole.rollback()
        self.connection.close()
        evaluator._kept.clear()  # the next history has other rules behind the same numbers

    @contextmanager
    def open(self) -> Iterator[Session]:
        """A transaction as the evaluator wants it."""
        with (
            Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def furnish(self, plan: Plan) -> None:
        """Members, categories, badges and rules."""
        self.members = [
            Member(username=name, username_key=name, name=name, email=f"{name}@members.example",
                   email_verified_at=DAWN, joined_at=DAWN, zone=zone,
                   role=Role.MODERATOR if name == "mia" else Role.MEMBER)
            for name, zone in zip(("mia", "ada", "ben", "eve"), ZONES, strict=True)
        ]  # fmt: skip
        self.categories = [Category(slug=slug, name=slug) for slug in CATEGORIES]
        self.site.add_all([*self.members, *self.categories])
        self.site.flush()
        self.badges = {
            slug: Badge(slug=slug, name=slug, family="ground", tier="bronze", glyph="x", about="x", ways=["automatic"],
                        catalogue="x", state="planned" if slug in plan.late else "published")
            for slug in (MEDAL, *plan.rules)
        }  # fmt: skip
        self.site.add_all(self.badges.values())
        self.site.flush()
        versions = {
            slug: BadgeVersion(badge_id=badge.id, number=1, criterion=plan.rules.get(slug), how="x")
            for slug, badge in self.badges.items()
        }
        self.site.add_all(versions.values())
        self.site.flush()
        for slug, badge in self.badges.items():
            badge.version_id = versions[slug].id
        blank = {"where": None, "since": None, "until": None, "cap": None, "per_day": None, "per_pair": None}
        self.site.execute(insert(PointRule), [
            blank | {"position": i, "says": "x"} | dict(rule) for i, rule in enumerate(plan.points)
        ])  # fmt: skip
        self.site.execute(insert(Rank), [
            {"position": position, "slug": f"rank-{position}", "name": f"Rank {position}", "points": points, "stars": 1,
             "unlocks": []} for points, position in RANKS
        ])  # fmt: skip
        self.site.commit()

    def play(self, plan: Plan) -> Outcome:
        """Play a history with the evaluator looking now and then; returns what it led to."""
        for number, event in enumerate(plan.events):
            if plan.late and number == plan.late_after:
                self._publish(plan.late)
            self._do(event)
            if event.batch:
                self._capture()
                evaluator.run(self.open, batch=event.batch)
        self._capture()
        if plan.late and plan.late_after >= len(plan.events):
            self._publish(plan.late)
        evaluator.run(self.open, batch=plan.last_batch)
        return self.outcome()

    def _publish(self, late: frozenset[str]) -> None:
        self._capture()
        self.site.execute(update(Badge).where(Badge.slug.in_(late)).values(state="published"))
        self.site.commit()
        retroactive.run(self.open)

    def judged_anew(self) -> Outcome:
        """Forget all that was made of the deeds, and judge them once, retroactively."""
        self.forget()
        retroactive.run(self.open)
        return self.outcome()

    def forget(self) -> None:
        """Empty everything that follows from the deeds."""
        with self.open() as session:
            forget(session)
        evaluator._kept.clear()

    # --- deeds -----------------------------------------------------------------------------

    def _do(self, event: Event) -> None:
        self.clock += timedelta(hours=event.hours)
        with suppress(Refused, Invalid):  # a verb refuses before it changes anything
            getattr(self, f"_{event.verb}")(event, self.clock - timedelta(hours=event.late))

    def _capture(self) -> None:
        """Keep the facts of each new deed as they are now; the database may change its mind later."""
        self.site.commit()
        last = self.deeds[-1].id if self.deeds else 0
        rows = self.site.execute(
            select(Activity.id, Activity.kind, Activity.member_id, Activity.actor_id, Activity.happened_at,
                   Activity.local_day, Activity.amount, Activity.post_id, Activity.thread_id, Category.slug,
                   Activity.object, Activity.reverses_id, Post.kind, Post.author_id, Post.by_other, Post.nth,
                   Post.again, Post.waited)
            .outerjoin(Post, Post.id == Activity.post_id).outerjoin(Category, Category.id == Activity.category_id)
            .where(Activity.id > last).order_by(Activity.id)
        )  # fmt: skip
        for number, row in enumerate(rows.all(), start=len(self.deeds) + 1):
            self.deeds.append(oracle.Deed(row[0], number, *row[1:]))
        self.site.commit()

    def unlike_their_originals(self) -> list[oracle.Deed]:
        """Withdrawals that differ from what they withdraw in more than their amount and place."""
        first = {deed.id: deed for deed in self.deeds}
        return [
            deed for deed in self.deeds
            if deed.reverses
            and replace(first[deed.reverses], id=deed.id, seq=deed.seq, amount=-first[deed.reverses].amount,
                        reverses=deed.reverses) != deed
        ]  # fmt: skip

    def _who(self, event: Event) -> Member:
        return self.members[event.who % len(self.members)]

    def _post(self, event: Event, *kinds: str) -> Post:
        found = self.site.scalars(
            select(Post).where(Post.kind.in_(kinds) if kinds else text("1=1")).order_by(Post.id)
        ).all()
        if not found:
            raise Refused("There is none.")
        return found[-1 - event.what % len(found)]

    def _ask(self, event: Event, at: datetime, kind: str = "question") -> None:
        category = self.categories[event.what % len(self.categories)]
        posts.start_thread(self.site, self._who(event), category, kind=kind, title="Why?", body="Because?", at=at)

    def _discuss(self, event: Event, at: datetime) -> None:
        self._ask(event, at, "idea" if event.other % 2 else "discussion")

    def _reply(self, event: Event, at: datetime) -> None:
        threads = self.site.scalars(select(Thread).order_by(Thread.id)).all()
        body = "So." if event.other else "So, @ada and @ben."
        posts.post_reply(self.site, threads[-1 - event.what % len(threads)], self._who(event), body, at=at)

    def _comment(self, event: Event, at: datetime) -> None:
        posts.comment(self.site, self._post(event), self._who(event), "Indeed.", at=at)

    def _react(self, event: Event, at: datetime, kind: str = "upvote") -> None:
        post, member = self._post(event), self._who(event)
        if post.author is member:
            member = self.members[(event.who + 1) % len(self.members)]
        reactions.react(self.site, post, member, kind, at=at)

    def _insight(self, event: Event, at: datetime) -> None:
        self._react(event, at, "insightful")

    def _unreact(self, event: Event, at: datetime) -> None:
        reactions.unreact(self.site, self._post(event), self._who(event), "upvote")

    def _accept(self, event: Event, at: datetime) -> None:
        answer = self._post(event, "answer")
        by = answer.thread.author if event.other and answer.thread.author else self.members[0]
        acceptance.accept(self.site, answer, by, at=at)

    def _unaccept(self, event: Event, at: datetime) -> None:
        acceptance.unaccept(self.site, self._post(event, "answer"), self.members[0])

    def _remove(self, event: Event, at: datetime) -> None:
        removals.remove(self.site, self._post(event), self.members[0], at=at)

    def _restore(self, event: Event, at: datetime) -> None:
        gone = self.site.scalars(select(Post).where(Post.deleted_at.is_not(None)).order_by(Post.id)).all()
        if gone:
            removals.restore(self.site, gone[event.what % len(gone)], self.members[0])

    def _edit(self, event: Event, at: datetime) -> None:
        edits.edit(self.site, self._post(event), self.members[0] if event.other else self._who(event),
                   body=f"Better {len(self.deeds)}.", at=at)  # fmt: skip

    def _visit(self, event: Event, at: datetime) -> None:
        visits.record(self.site, self._who(event), at=at)

    def _view(self, event: Event, at: datetime) -> None:
        self._note("viewed", event, at, amount=1 + event.other * 2)

    def _downvote(self, event: Event, at: datetime) -> None:
        self._note("downvote_received", event, at)

    def _fact(self, event: Event, at: datetime) -> None:
        kind = ("good_question", "poor_question", "closed", "best_of")[event.other]
        self._note(kind, event, at)

    def _note(self, kind: str, event: Event, at: datetime, amount: int = 1) -> None:
        post = self._post(event)
        if post.author:
            activities.note(self.site, kind, post.author, by=self._who(event), post=post, at=at, amount=amount)

    def _birthday(self, event: Event, at: datetime) -> None:
        activities.note(self.site, "anniversary", self._who(event), at=at)

    def _attend(self, event: Event, at: datetime) -> None:
        activities.note(
            self.site, "event_attended", self._who(event), at=at, object=("gathering", "other")[event.other % 2]
        )

    def _withdraw(self, event: Event, at: datetime) -> None:
        standing = [it for it in activities.standing(self.site) if it.kind != "badge_granted"]
        if standing:
            activities.withdraw(self.site, [standing[-1 - event.what % len(standing)]])

    def _grant(self, event: Event, at: datetime) -> None:
        awards.grant(self.site, self.badges[MEDAL], self._who(event), by=self.members[0], at=at)

    def _move(self, event: Event, at: datetime) -> None:
        post = self._post(event)
        self._capture()  # before the past could look different
        post.thread.category = self.categories[event.other % len(self.categories)]

    # --- what came of it -------------------------------------------------------------------

    def outcome(self) -> Outcome:
        """Read everything that an evaluation leaves behind."""
        with self.open() as session:
            return read(session)


def forget(session: Session) -> None:
    """Leave of a community only its deeds and what people gave, as if nobody had ever looked."""
    session.execute(delete(Delivery))
    session.execute(delete(Notification))
    session.execute(delete(Award).where(Award.way == "automatic"))
    for table in (PointEntry, Score, Total, Measure, Lease):
        session.execute(delete(table))
    session.execute(update(Award).values(seq=None))
    session.execute(update(Member).values(points=0, rank=0))
    session.execute(update(Activity).values(seq=None))


def read(session: Session) -> Outcome:
    """What stands in a database, in the oracle's words."""
    entries = session.execute(
        select(PointEntry.member_id, PointEntry.activity_id, PointEntry.rule, PointEntry.amount, PointEntry.seq,
               PointEntry.held)
    )  # fmt: skip
    given = session.execute(
        select(Badge.slug, Award.member_id, Award.subject, Award.seq, Award.earned_at).join(Award.badge)
    )
    totals = session.execute(
        select(Measure.key, Total.member_id, Total.part, Total.value, Total.latest)
        .join(Measure, Measure.id == Total.measure_id).where(Measure.built)
    )  # fmt: skip
    return Outcome(
        entries=sorted(tuple(it) for it in entries),
        balances={it.id: it.points for it in session.execute(select(Member.id, Member.points)) if it.points},
        ranks={it.id: it.rank for it in session.execute(select(Member.id, Member.rank)) if it.rank},
        weeks={
            (it.number, it.member_id): it.points
            for it in session.execute(
                select(Score.number, Score.member_id, Score.points).filter_by(span=WEEK, category_id=EVERYWHERE)
            ) if it.points
        },
        awards={(slug, member, subject): (seq, at) for slug, member, subject, seq, at in given},
        totals={(key, member, part): (value, latest) for key, member, part, value, latest in totals},
        notices=[tuple(it) for it in session.execute(select(Notification.member_id, Notification.key))],
    )  # fmt: skip


def judged(deeds: Sequence[oracle.Deed], plan: Plan) -> Outcome:
    """The oracle's outcome in the same form."""
    verdict = oracle.judge(deeds, plan.rules | {MEDAL: {"any": []}}, plan.points, RANKS)
    return Outcome(
        entries=sorted(tuple(it) for it in verdict.entries),
        balances={member: points for member, points in verdict.balances.items() if points},
        ranks={member: rank for member, rank in verdict.ranks.items() if rank},
        weeks={key: points for key, points in verdict.weeks.items() if points},
        awards={key: tuple(mark) for key, mark in verdict.awards.items()},
    )  # fmt: skip
