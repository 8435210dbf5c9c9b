"""The demo community: a believable year of an invented place, for a look around and for the first start.

Everything happens through the same verbs as on the site, each at its own time. What is random has a
fixed seed, so the same day gives the same community.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import snapshot, transaction
from app.domain import catalogue  # fmt: skip
from app.domain.awarding import awards, backfill, derived, evaluator, leaders  # fmt: skip
from app.domain.badging import badges
from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.catalogue import site
from app.domain.forum import reads, visits  # fmt: skip
from app.domain.forum.threads import Category, Kind, Post
from app.domain.mail import mail_queue  # fmt: skip
from app.domain.membership import accounts  # fmt: skip
from app.domain.notices import hearers  # fmt: skip
from app.domain.people.members import Member, Role
from app.domain.problems import Refused
from app.domain.site import site_settings  # fmt: skip
from app.domain.ways import attendance, events, requests  # fmt: skip
from app.domain.ways.events import Event, Plan
from app.domain.ways.requests import BadgeRequest
from app.domain.writing import acceptance, edits, posts, reactions, removals  # fmt: skip
from config import Settings

STORY = Path(__file__).with_suffix(".toml")
LOG_INS = ("maya", "tomasz", "ann", "control")  # a member, one with many badges, a moderator, an administrator
KEPT_IN = "demo-logins"
LIKES, WISE = 2, 0  # Upvotes and Insightfuls that a post gets where the story does not say
TAKEN_BACK = 0.02

Deed = Callable[[datetime], object]
LogIn = tuple[str, str, str]  # username, password, role


def load(settings: Settings) -> list[LogIn]:
    """Fill an empty site with the demo community; a site with members stays as it is. Returns the log-ins.

    Raises Refused in production.
    """
    if settings.production:
        raise Refused("There is no demo in production.")
    path = settings.instance_dir / KEPT_IN
    with transaction() as session:
        if session.scalar(select(Member.id).limit(1)) is not None:
            return kept(path)
        log_ins = invent(path)
        if site.active(session) is None:
            catalogue.load(session, catalogue.shipped("flight"))
        Play(session, {username: password for username, password, _ in log_ins}).perform()
        boss = session.scalars(select(Member).where(Member.role == Role.ADMINISTRATOR)).one()
        site_settings.change(session, boss, is_set_up=True)
    _look_back()
    return log_ins


def _look_back() -> None:
    """Book and award the year that was, with what came true by itself in it. Nobody is sent a letter about the past."""
    backfill.run(transaction)
    with snapshot() as reading:
        derived.look(reading, transaction, now())
    backfill.run(transaction)
    while _close_week():
        evaluator.run(transaction)  # what finishing well counts for is booked before the next week is looked at
    with transaction() as session:
        mail_queue.discard(session, None, timedelta())


def _close_week() -> bool:
    with transaction() as session:
        return leaders.close_next(session)


def kept(path: Path) -> list[LogIn]:
    """The log-ins of an earlier load, if it was this installation's."""
    if not path.exists():
        return []
    lines = (line.split() for line in path.read_text().splitlines())
    return [(username, password, role) for username, password, role in lines]


def invent(path: Path) -> list[LogIn]:
    """New passwords, written where only this account can read them before anybody can use them."""
    roles = {person["username"]: person.get("role", Role.MEMBER.value) for person in story()["member"]}
    log_ins = [(username, secrets.token_urlsafe(9), roles[username]) for username in LOG_INS]
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(" ".join(log_in) + "\n" for log_in in log_ins)
    return log_ins


def story() -> dict[str, Any]:
    """Who is there and what is said."""
    return tomllib.loads(STORY.read_text(encoding="utf-8"))


@dataclass
class Play:
    """The story on its stage: collects all deeds with their times, then does them in order."""

    session: Session
    passwords: dict[str, str]
    today: datetime = field(default_factory=now)
    chance: Random = field(default_factory=lambda: Random(20_19_11_13))  # noqa: S311  nothing secret
    deeds: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    cast: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, Member] = field(default_factory=dict)
    places: dict[str, Category] = field(default_factory=dict)

    def perform(self) -> None:
        """Do everything, oldest first."""
        told = story()
        for position, place in enumerate(told["category"]):
            self.places[place["slug"]] = Category(position=position, **place)
        self.session.add_all(self.places.values())
        self.cast = {person["username"]: person for person in told["member"]}
        for person in told["member"]:
            self.arrive(person)
        for thread in told["thread"]:
            self.talk(thread)
        for grant in told["grant"]:
            self.award(grant)
        for wish in told["request"]:
            self.ask(wish)
        for event in told["event"]:
            self.meet(event)
        # The verbs write before they look where it matters; else activities gather and go out in bulk.
        with self.session.no_autoflush, hearers.silence(self.session):
            for at, _, deed in sorted(self.deeds, key=lambda it: it[:2]):
                deed(at)

    def plan(self, at: datetime, deed: Deed) -> None:
        """Have a deed done at its time; what would lie ahead of today is left out."""
        if at < self.today:
            self.deeds.append((at, len(self.deeds), deed))

    def ago(self, days: float) -> datetime:
        return self.today - timedelta(days=days)

    # --- People ------------------------------------------------------------------------------------

    def arrive(self, person: dict[str, Any]) -> None:
        """Somebody joins, confirms their address and comes back as often as they like."""
        joined = self.ago(person["joined"])
        member = accounts.create(
            self.session, person["username"], f"{person['username']}@demo.example", name=person["name"],
            role=person.get("role", Role.MEMBER), zone=person["zone"], at=joined,
        )  # fmt: skip
        if password := self.passwords.get(member.username):
            accounts.set_password(self.session, member, accounts.hashed_for(member, password))
        member.title, member.location = person["title"], person["location"]
        member.about = person.get("about", "")
        self.people[member.username] = member
        accounts.verify_email(self.session, member, at=joined)
        for at in self.days_of(person):
            self.plan(at, self.visiting(member))

    def visiting(self, member: Member) -> Deed:
        return lambda at: visits.record(self.session, member, at=at)

    def days_of(self, person: dict[str, Any]) -> Iterator[datetime]:
        """Mornings on which somebody looks in: more likely after a day on which they did."""
        here, zone = True, ZoneInfo(person["zone"])
        for day in range(person["joined"], -1, -1):
            local = self.ago(day).astimezone(zone)
            if here:
                yield local.replace(hour=self.chance.randint(7, 11), minute=self.chance.randrange(60))
            likely = person["keen"] * (1.5 if here else 0.65)
            here = self.chance.random() < likely

    def others(self, at: datetime, *besides: str) -> list[str]:
        """Who has joined by then, in an order in which the warm ones tend to come first."""
        there = [it for it in self.cast if self.ago(self.cast[it]["joined"]) < at and it not in besides]
        return sorted(there, key=lambda it: self.chance.random() / self.cast[it]["warm"])

    # --- Threads -----------------------------------------------------------------------------------

    def talk(self, told: dict[str, Any]) -> None:
        """A thread, whatever is written in it, who reads it and what they think of it."""
        start, author = self.ago(told["day"]), told["by"]
        on_stage: dict[str, Post] = {}

        def begin(at: datetime) -> None:
            thread = posts.start_thread(
                self.session, self.people[author], self.places[told["in"]], kind=told.get("kind", Kind.QUESTION),
                title=told["title"], body=told["body"], tagged=told.get("tags", ()), at=at,
            )  # fmt: skip
            thread.pinned_at = at if told.get("pinned") else None
            on_stage["0"] = self.session.scalars(select(Post).where(Post.thread_id == thread.id)).one()

        self.plan(start, begin)
        self.like(told, "0", author, start, on_stage)
        for number, post in enumerate(told["posts"], 1):
            self.reply(post, str(number), start, told, on_stage)
        if told.get("removed"):
            self.moderate(start + timedelta(hours=9), "0", on_stage)
        else:
            self.read(told, start, on_stage)

    def reply(
        self, told: dict[str, Any], key: str, start: datetime, thread: dict[str, Any], on_stage: dict[str, Post]
    ) -> None:
        """A post in a thread, with its comments, edits, reactions and acceptance."""
        author, at = told["by"], start + timedelta(hours=told["after"])

        def write(at: datetime) -> None:
            on_stage[key] = posts.post_reply(
                self.session, on_stage["0"].thread, self.people[author], told["text"], at=at
            )

        self.plan(at, write)
        self.like(told, key, author, at, on_stage)
        for number, (who, text) in enumerate(told.get("comments", ()), 1):
            self.plan(at + timedelta(hours=2.5 * number), self.commenting(key, who, text, on_stage))
        if told.get("accepted"):
            wait = timedelta(hours=2 if told["accepted"] == "first" else 3)
            self.plan(
                at + wait, lambda at: acceptance.accept(self.session, on_stage[key], self.people[thread["by"]], at=at)
            )
        if "later" in told:
            body = f"{told['text']}\n\n**Added:** {told['later']}"
            self.plan(
                at + timedelta(hours=22),
                lambda at: edits.edit(self.session, on_stage[key], self.people[author], body=body, at=at),
            )
        if told.get("removed"):
            self.moderate(at + timedelta(hours=1), key, on_stage)

    def commenting(self, key: str, who: str, text: str, on_stage: dict[str, Post]) -> Deed:
        return lambda at: posts.comment(self.session, on_stage[key], self.people[who], text, at=at)

    def moderate(self, at: datetime, key: str, on_stage: dict[str, Post]) -> None:
        """Ann takes a post out."""
        self.plan(at, lambda at: removals.remove(self.session, on_stage[key], self.people["ann"], at=at))

    def like(self, told: dict[str, Any], key: str, author: str, at: datetime, on_stage: dict[str, Post]) -> None:
        """Reactions to a post, most of them in its first days. Some are taken back."""
        if told.get("removed"):
            return
        for kind, usual in (("upvote", LIKES), ("insightful", WISE)):
            wanted = told.get("likes" if kind == "upvote" else "wise", self.chance.randint(0, usual))
            for who in self.others(at, author)[:wanted]:
                when = at + timedelta(hours=0.2 + self.chance.expovariate(1 / 30))
                self.plan(when, self.reacting(kind, key, who, on_stage))
                if self.chance.random() < TAKEN_BACK:
                    self.plan(when + timedelta(minutes=3), self.taking_back(kind, key, who, on_stage))

    def reacting(self, kind: str, key: str, who: str, on_stage: dict[str, Post]) -> Deed:
        return lambda at: reactions.react(self.session, on_stage[key], self.people[who], kind, at=at)

    def taking_back(self, kind: str, key: str, who: str, on_stage: dict[str, Post]) -> Deed:
        return lambda _: reactions.unreact(self.session, on_stage[key], self.people[who], kind)

    def read(self, told: dict[str, Any], start: datetime, on_stage: dict[str, Post]) -> None:
        """Members open the thread, the warm ones more surely, some of them much later."""
        last = start + timedelta(hours=max((post["after"] for post in told["posts"]), default=0) + 1)
        for who, person in self.cast.items():
            if self.chance.random() > 1.1 * person["warm"]:
                continue
            begin = max(last, self.ago(person["joined"]))
            when = begin + timedelta(hours=self.chance.expovariate(1 / 60))
            self.plan(when, self.reading(who, on_stage))

    def reading(self, who: str, on_stage: dict[str, Post]) -> Deed:
        return lambda at: reads.record(self.session, on_stage["0"].thread, self.people[who], at=at)

    # --- Events ------------------------------------------------------------------------------------

    def meet(self, told: dict[str, Any]) -> None:
        """An event that the team put into the calendar two weeks before, or lately, and who was there."""
        begins = self.ago(told["day"]).replace(hour=16, minute=0, second=0, microsecond=0)
        plan = Plan(
            told["title"], begins, begins + timedelta(hours=told["hours"]), zone=told["zone"], place=told["place"],
            about=told["about"], gives_points=True, badge=told.get("badge", ""),
        )  # fmt: skip
        on_stage: list[Event] = []
        made = min(begins - timedelta(days=14), self.ago(3))
        self.plan(made, lambda at: on_stage.append(events.make(self.session, self.people["ann"], plan, at=at)))
        for who in told["there"]:
            self.plan(begins + timedelta(hours=told["hours"]), self.attending(who, on_stage))

    def attending(self, who: str, on_stage: list[Event]) -> Deed:
        return lambda at: attendance.record(self.session, on_stage[0], self.people[who], "code", at=at)

    # --- Badges that people give --------------------------------------------------------------------

    def award(self, told: dict[str, Any]) -> None:
        """The team gives somebody a badge, if the catalogue has it."""
        badge = badges.find(self.session, told["badge"])
        if badge is None:
            return
        for who in told["to"]:
            self.plan(self.ago(told["day"]), self.granting(badge, who, told))

    def ask(self, told: dict[str, Any]) -> None:
        """Somebody asks for a badge, if the catalogue has it; a moderator asks back, approves or declines."""
        badge = badges.find(self.session, told["badge"])
        if badge is None:
            return
        at, after, on_stage = self.ago(told["day"]), timedelta(hours=told.get("after", 0)), list[BadgeRequest]()
        self.plan(at, self.requesting(badge, told, on_stage))
        who, team = self.people[told["by"]], self.people["ann"]
        steps = (("asked", team, requests.ask), ("answered", who, requests.answer),
                 ("approved", team, requests.approve), ("declined", team, requests.decline))  # fmt: skip
        for number, (word, by, verb) in enumerate(it for it in steps if it[0] in told):
            self.plan(at + after + timedelta(hours=3 * number), self.saying(verb, by, told[word], on_stage))

    def requesting(self, badge: Badge, told: dict[str, Any], on_stage: list[BadgeRequest]) -> Deed:
        def send(at: datetime) -> None:
            self.session.flush()
            meetings = [(told["event"], at.date())] if "event" in told else []
            evidence = requests.Evidence(events=meetings)
            member = self.people[told["by"]]
            on_stage.append(requests.send(self.session, member, badge, told["note"], evidence=evidence, at=at)[0])

        return send

    def saying(self, verb: Callable[..., object], by: Member, words: str, on_stage: list[BadgeRequest]) -> Deed:
        def say(at: datetime) -> None:
            self.session.flush()
            [request] = on_stage
            verb(self.session, request, by, words, version=request.version, at=at)

        return say

    def granting(self, badge: Badge, who: str, told: dict[str, Any]) -> Deed:
        return lambda at: awards.grant(
            self.session,
            badge,
            self.people[who],
            by=self.people["control"],
            way=told["way"],
            reason=told["reason"],
            at=at,
        )
