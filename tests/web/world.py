"""A whole small site in which ada owns one of everything, and people of every kind who look at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.awarding import stumbles
from app.domain.awarding.stumbles import Stumble
from app.domain.base import Base, now
from app.domain.forum import drafts
from app.domain.forum.threads import Post
from app.domain.leaving import exports
from app.domain.mail import deliveries, unsubscribing
from app.domain.membership import links, passwords, sessions
from app.domain.membership.links import Purpose
from app.domain.moderation import feedback, flags, reports
from app.domain.people import pictures
from app.domain.people.members import Member
from app.domain.record import activities
from app.domain.record.points import Rank
from app.domain.rewards.swag import Milestone, Swag
from app.domain.ways import attendance, invitations, lessons, requests
from app.domain.ways.prepared_replies import PreparedReply
from app.domain.writing import messages
from app.domain.writing.conversations import Conversation
from app.web import audience
from tests.factories import make_category, make_event, make_member
from tests.web.addresses import MACHINES
from tests.web.scenery import (
    make_award,
    make_badge,
    make_entry,
    make_post,
    make_ranks,
    make_rule,
    make_thread_of,
    sign_in,
)

ROLES = ("nobody", "unverified", "stranger", "ada", "suspended", "moderator", "administrator")
# Written by looking alone: who was here, what they read, how often somebody tried.
BOOKKEEPING = {"limits_spent", "log_ins", "thread_reads", "visits"}
_worlds = count(1)
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PLACE = re.compile(r"(\w*)/<(?:\w+:)?(\w+)>")


@dataclass
class World:
    """The site, its people by role, and what stands for each part of an address."""

    app: Flask
    engine: Engine
    people: dict[str, Member]
    places: dict[str, Any] = field(default_factory=dict)

    def visitor(self, role: str) -> FlaskClient:
        """A browser of somebody with that role; the suspended one was signed in until it happened."""
        client = self.app.test_client()
        return client if role == "nobody" else sign_in(client, self.engine, self.people[role])

    def path(self, rule: str) -> str:
        """An address with something of ada's in it."""
        return PLACE.sub(lambda part: f"{part[1]}/{self._place(part[1], part[2])}", rule)

    def _place(self, after: str, name: str) -> Any:
        return self.places.get(f"{after}/{name}") or self.places[name]

    def addresses(self, method: str) -> Iterator[tuple[str, str]]:
        """Every address that knows a method, as a rule and the audience its view states."""
        for it in sorted(self.app.url_map.iter_rules(), key=lambda it: it.rule):
            if method in (it.methods or ()) and f"{method} {it.rule}" not in MACHINES:
                yield it.rule, audience.of(self.app.view_functions[it.endpoint]) or ""

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in the database but the bookkeeping."""
        with Session(self.engine) as session:
            return {
                table.name: sorted(map(_comparable, session.execute(select(table))), key=repr)
                for table in Base.metadata.sorted_tables
                if table.name not in BOOKKEEPING
            }


def _comparable(row: Any) -> tuple[Any, ...]:
    kept = {name: value for name, value in row._mapping.items() if name not in ("views", "seen_at", "read_at")}
    return tuple(map(repr, kept.values()))


def make_world(app: Flask, engine: Engine) -> World:
    """The site with its people and ada's things; made again, the new ones stand beside the old."""
    nth = next(_worlds)
    with transaction(engine) as session:
        people = {
            "unverified": make_member(session, f"una{nth}", email_verified_at=None),
            "stranger": make_member(session, f"stan{nth}"),
            "ada": make_member(session, f"ada{nth}", points=120, rank=1),
            "suspended": make_member(session, f"sue{nth}", suspended_until=now() + timedelta(days=3)),
            "moderator": make_member(session, f"mia{nth}", role="moderator"),
            "administrator": make_member(session, f"adam{nth}", role="administrator"),
        }
        if session.scalars(select(Rank.id)).first() is None:
            make_ranks(session)
            make_rule(session)
        world = World(app, engine, people)
        world.places |= _furnish(session, people["ada"], people["stranger"], nth)
        path = unsubscribing.path(app.config["SETTINGS"].secret_key, people["ada"].id, "reply")
        world.places |= {"unsubscribe/token": path.rpartition("/")[2], "notifications/name": "reply"}
    return world


def _furnish(session: Session, ada: Member, stan: Member, nth: int) -> dict[str, Any]:
    lounge = make_category(session, slug=f"lounge-{nth}", name="Lounge")
    thread = make_thread_of(session, ada, 1, text="A word.", category=lounge)
    answer = make_post(session, thread, ada)
    make_post(session, thread, stan)
    make_post(session, thread, ada, kind="comment", parent_id=answer.id)
    badge = make_badge(session, f"speaker-{nth}", ways=["request"])
    award = make_award(session, badge, ada)
    make_entry(session, ada, 15, post_id=answer.id)
    return _furnish_privately(session, ada, stan, nth) | {
        "thread_id": thread.id, "post_id": answer.id, "slug": thread.slug, "c/slug": lounge.slug,
        "badges/slug": badge.slug, "username": ada.username, "other": stan.username, "award_id": award.id,
        "secret": passwords.link_by_hand(session, ada),
        "verify/secret": links.make(session, ada, Purpose.ADDRESS, email=ada.email),
        "address/secret": links.make(session, ada, Purpose.UNDO, email=ada.email), "number": 1, "kind": "upvote",
        **_furnish_settings(session, ada), **_furnish_meetings(session, ada, nth), **_furnish_writing(session, ada), **_furnish_for_staff(session, answer, stan),
    }  # fmt: skip


def _furnish_privately(session: Session, ada: Member, stan: Member, nth: int) -> dict[str, Any]:
    """What ada and stan wrote to each other, that she reported it, and a parcel for her."""
    first = messages.send(session, ada, stan, "A private word.")
    messages.send(session, stan, ada, "A private answer.")
    report = reports.report(session, session.get_one(Conversation, first.conversation_id), ada, "other", "Read it.")
    milestone = Milestone(slug=f"tag-{nth}", name="Tag", about="For a bag.", points=50, choices=[])
    session.add(milestone)
    session.flush()
    parcel = Swag(
        milestone_id=milestone.id, member_id=ada.id, state="claimed", recipient="A", address="B", country="C",
        claimed_at=now(),
    )  # fmt: skip
    session.add(parcel)
    session.flush()
    return {"swag/slug": milestone.slug, "swag_id": parcel.id, "report_id": report.id}


def _furnish_meetings(session: Session, ada: Member, nth: int) -> dict[str, Any]:
    """An event that ada was at, and a badge she is invited to."""
    boss = make_member(session, f"olga{nth}", role="moderator")
    event = make_event(session)
    attendance.record(session, event, ada, "team", by=boss)
    invitations.invite(session, make_badge(session, f"pilot-{nth}", ways=["invitation"]), [ada], boss, "Join us.")
    invitation = session.scalars(select(invitations.Invitation).where(invitations.Invitation.member_id == ada.id)).one()
    return {"event_id": event.id, "invitation_id": invitation.id}


def _furnish_settings(session: Session, ada: Member) -> dict[str, Any]:
    """A device that ada is signed in on, and a file with her data."""
    sessions.start(session, ada, device="Firefox on Linux")
    export = exports.ask(session, ada)
    exports.keep(session, export.id, BytesIO())
    [log_in] = sessions.devices(session, ada)
    return {"devices/handle": log_in.handle, "exports/token": export.token}


def _furnish_writing(session: Session, ada: Member) -> dict[str, Any]:
    """What ada has begun to write, and a picture of hers."""
    drafts.save(session, ada, "new", {"title": "Half a thought", "body": "To be continued"})
    picture = pictures.keep(session, ada, pictures.Drawing(pictures.Use.POST, b"RIFF....WEBP", 1, 1))
    return {"place": "new", "pictures/name": picture.name}


def _furnish_for_staff(session: Session, post: Post, stan: Member) -> dict[str, Any]:
    """A flag on a post of ada's, something stan said to the team, a request of ada's, and words to answer with."""
    flag, said = flags.flag(session, post, stan, "spam"), feedback.send(session, stan, "I like it here.")
    reply = PreparedReply(name=f"Thanks {post.id}", suits="approve", body="Thank you, {member}.")
    session.add(reply)
    badge = make_badge(session, f"listener-{post.id}", ways=["request"])
    proof = requests.Evidence(
        events=[("Autumn meeting", date(2026, 10, 3))],
        pictures=[pictures.Drawing(pictures.Use.REQUEST, b"RIFF....WEBP", 1, 1)],
    )
    wish, _new = requests.send(session, post.author, badge, "I was there.", evidence=proof)
    shown = requests.evidence(session, wish)
    lessons.put(session, "asking", "# Asking\n\n? How?\n+ Kindly\n- Loudly", None, offered=True)
    session.flush()
    return {
        "case_id": flag.case_id,
        "request_id": wish.id,
        "evidence_id": shown.events[0].id,
        "proof": shown.pictures[0],
        "reply_id": reply.id,
        "feedback_id": said.id,
        "category_id": make_category(session).id,
        "texts/slug": "faq",
        "lessons/slug": "asking",
        "preview/kind": "answer",
        "delivery_id": _given_up(session, stan),
        "deed_id": _set_aside(session, stan),
    }


def _given_up(session: Session, stan: Member) -> int:
    letter = deliveries.owe(session, "test_mail", stan)
    letter.state = "dead"
    session.flush()
    return letter.id


def _set_aside(session: Session, stan: Member) -> int:
    deed = activities.note(session, "visited", stan)
    session.flush()
    session.add(Stumble(activity_id=deed.id, tries=stumbles.TRIES, why="DataError: too large", tried_at=now()))
    session.flush()
    return deed.id


def token(client: FlaskClient) -> str:
    """The token that a form of this browser carries."""
    found = TOKEN.search(client.get("/appearance").text)  # asked for by the thousand: a whole page need not be parsed
    return found[1] if found else ""
