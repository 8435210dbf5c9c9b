"""People and things for tests: say only what matters, the rest is invented."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.forum.threads import Category, Post, Thread
from app.domain.membership import accounts
from app.domain.people.members import Member
from app.domain.ways.events import Event
from app.domain.writing import posts

_numbers = count(1)


def make_member(session: Session, name: str = "", **more: object) -> Member:
    """A member whose address is confirmed. Their account itself counts for nothing."""
    name = name or f"member{next(_numbers)}"
    member = accounts.create(session, name, f"{name}@members.example")
    member.email_verified_at = now()
    for field, value in more.items():
        setattr(member, field, value)
    session.flush()
    return member


def give_password(session: Session, member: Member, password: str) -> None:
    """Let a member log in with this password; whoever is logged in as them no longer is."""
    accounts.set_password(session, member, accounts.hashed_for(member, password))


def sign_up(session: Session, username: str, email: str, password: str, *, at: datetime | None = None) -> Member:
    """An account as the form on the site makes it: its address is only claimed."""
    return accounts.register(session, accounts.newcomer(session, username, email, password, at=at), at=at)


def make_category(session: Session, **more: object) -> Category:
    """A category that everybody may start threads in."""
    number = next(_numbers)
    category = Category(**{"slug": f"category-{number}", "name": f"Category {number}", **more})
    session.add(category)
    session.flush()
    return category


def make_thread(session: Session, by: Member | None = None, kind: str = "question", body: str = "Why?") -> Thread:
    """A thread with its first post, a question unless told otherwise."""
    by = by or make_member(session)
    return posts.start_thread(session, by, make_category(session), kind=kind, title="A thread", body=body)


def make_answer(session: Session, by: Member | None = None, thread: Thread | None = None) -> Post:
    """An answer to a question."""
    return posts.post_reply(session, thread or make_thread(session), by or make_member(session), "Because.")


def make_event(session: Session, begins_at: datetime | None = None, **more: object) -> Event:
    """An evening of two hours that began an hour ago, for everybody, with nothing to earn but being there."""
    begins = begins_at or now() - timedelta(hours=1)
    fields = {
        "slug": f"event-{next(_numbers)}", "title": "Spring meet-up", "begins_at": begins, "ends_at": begins + timedelta(hours=2), "zone": "UTC",
        "place": "Harbour Hall", "about": "", "about_html": "", "gives_points": False, "audience": "everybody",
        "group_name": "",
    }  # fmt: skip
    event = Event(**(fields | more))
    session.add(event)
    session.flush()
    return event
