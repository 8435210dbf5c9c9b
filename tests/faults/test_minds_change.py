"""Between what happens and its letter, members choose again, leave and block, and staff remove: held against a plain model."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import SMTP
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app import mail
from app.db import transaction
from app.domain.awarding import awards
from app.domain.badging.badges import Award, Badge
from app.domain.forum.threads import Post, Thread
from app.domain.leaving import departures
from app.domain.mail import preferences
from app.domain.moderation import suspensions
from app.domain.notices import notifications
from app.domain.people import blocks
from app.domain.people.members import Member
from app.domain.writing import posts, removals
from tests.factories import make_category, make_member
from tests.mail.letters import text_of
from tests.web.scenery import make_award, make_badge

EVENTS, NUMBERS = 4, count(1)
pytestmark = pytest.mark.faults

KINDS = st.sampled_from(("answer", "badge_earned"))
WHICH = st.integers(0, EVENTS - 1)
HAPPENS = st.tuples(st.just("happens"), KINDS, WHICH)
CHANGES = st.one_of(
    st.tuples(st.just("choose"), KINDS, st.sampled_from(tuple(preferences.FREQUENCIES))),
    st.tuples(st.sampled_from(("remove", "revoke", "restore", "give back"))),
    st.tuples(st.sampled_from(("stop all", "suspend", "block"))),
    st.tuples(st.sampled_from(("resume", "lift", "unblock") * 2 + ("leave",))),
)
# Something happens, minds change, and then somebody may send: changes far from what they are about show little.
STORIES = st.tuples(st.lists(HAPPENS, min_size=1, max_size=3), st.lists(CHANGES, max_size=2), st.booleans())


@dataclass
class Model:
    """What there is to know, in plain words; which letters must leave follows from it."""

    often: dict[str, str] = field(default_factory=lambda: {"answer": "immediately", "badge_earned": "immediately"})
    stopped: bool = False
    suspended: bool = False
    blocked: bool = False
    left: bool = False
    gone: set[tuple[str, int]] = field(default_factory=set)  # removed answers, badges taken back
    happened: list[tuple[str, int]] = field(default_factory=list)
    owed: list[tuple[str, int]] = field(default_factory=list)

    def wanted(self, kind: str) -> bool:
        return not self.left and not self.stopped and self.often[kind] == "immediately"

    def latest(self, kind: str, *, gone: bool) -> tuple[str, int] | None:
        """What happened last of a kind and still stands, or has gone."""
        return next((it for it in reversed(self.happened) if it[0] == kind and (it in self.gone) == gone), None)

    def leaving(self) -> list[tuple[str, int]]:
        """What leaves now; whatever does not will never leave as a letter of its own."""
        owed, self.owed = self.owed, []
        return [
            (kind, nth) for kind, nth in owed
            if self.wanted(kind) and not self.suspended and (kind, nth) not in self.gone
            and not (kind == "answer" and self.blocked)
        ]  # fmt: skip


class Stage:
    """The site, on which the same happens."""

    def __init__(self, app: Any, engine: Any) -> None:
        self.app, self.engine, self.model = app, engine, Model()
        self.folder = app.config["SETTINGS"].instance_dir / "mail"
        shutil.rmtree(self.folder, ignore_errors=True)
        number = next(NUMBERS)
        with transaction(engine) as session:
            ada, ben = (make_member(session, f"{it}{number}") for it in ("ada", "ben"))
            mia = make_member(session, f"mia{number}", role="moderator")
            category = make_category(session)
            self.threads = [
                posts.start_thread(session, ada, category, kind="question", title=f"Question {nth}", body="How?").id
                for nth in range(EVENTS)
            ]
            self.badges = [make_badge(session, f"badge-{number}-{nth}").id for nth in range(EVENTS)]
            self.ada, self.ben, self.mia, self.address = ada.id, ben.id, mia.id, ada.email
        self.things: dict[tuple[str, int], int] = {}

    def play(self, step: tuple[Any, ...]) -> None:
        """One step, on the stage and in the model. What makes no sense just then does not happen."""
        if step[0] == "send":
            self.send()
            return
        with transaction(self.engine) as session:
            ada, ben, mia = (session.get_one(Member, it) for it in (self.ada, self.ben, self.mia))
            getattr(self, step[0].replace(" ", "_"))(session, ada, ben, mia, *step[1:])

    def send(self) -> None:
        """Send, and hold what left against the model."""
        before = set(self.folder.glob("*.eml"))
        with self.app.app_context():
            mail.send()
        left = sorted(self.read(it) for it in set(self.folder.glob("*.eml")) - before)
        assert [it for it in left if it] == sorted(self.model.leaving())

    def read(self, path: Any) -> tuple[str, int] | tuple[()]:
        letter = message_from_bytes(path.read_bytes(), policy=SMTP)
        kind = str(letter["Message-ID"]).strip("< ").split(".")[0].replace("-", "_")
        if kind not in self.model.often:
            return ()
        assert letter["To"] == self.address
        words = text_of(letter) + letter["Subject"]
        found = re.search(r"Reply number (\d)" if kind == "answer" else r"Badge \d+ (\d)", words)
        assert found, words
        return kind, int(found[1])

    def happens(self, session: Session, ada: Member, ben: Member, _mia: Member, kind: str, nth: int) -> None:
        model = self.model
        if (kind, nth) in model.happened or model.left:
            return
        model.happened.append((kind, nth))
        if kind == "answer":
            thread = session.get_one(Thread, self.threads[nth])
            post = posts.post_reply(session, thread, ben, f"Reply number {nth} of mine.")
            session.flush()
            self.things[kind, nth] = post.id
        else:
            award = make_award(session, session.get_one(Badge, self.badges[nth]), ada)
            notifications.tell_of_awards(session, [award.id])
            self.things[kind, nth] = award.id
        if model.wanted(kind) and not (kind == "answer" and model.blocked):
            model.owed.append((kind, nth))

    def choose(self, session: Session, ada: Member, _ben: Member, _mia: Member, kind: str, often: str) -> None:
        if not self.model.left:
            preferences.choose(session, ada, {kind: often})
            self.model.often[kind] = often

    def remove(self, session: Session, _ada: Member, _ben: Member, mia: Member) -> None:
        if it := self.model.latest("answer", gone=False):
            removals.remove(session, session.get_one(Post, self.things[it]), mia)
            self.model.gone.add(it)

    def restore(self, session: Session, _ada: Member, _ben: Member, mia: Member) -> None:
        if it := self.model.latest("answer", gone=True):
            removals.restore(session, session.get_one(Post, self.things[it]), mia)
            self.model.gone.discard(it)

    def revoke(self, session: Session, _ada: Member, _ben: Member, mia: Member) -> None:
        if not self.model.left and (it := self.model.latest("badge_earned", gone=False)):
            awards.revoke(session, session.get_one(Award, self.things[it]), mia, "It was an error.")
            self.model.gone.add(it)

    def give_back(self, session: Session, _ada: Member, _ben: Member, mia: Member) -> None:
        if not self.model.left and (it := self.model.latest("badge_earned", gone=True)):
            awards.give_back(session, session.get_one(Award, self.things[it]), mia, "It was none.")
            self.model.gone.discard(it)

    def stop_all(self, session: Session, ada: Member, *_others: Member) -> None:
        if not self.model.left:
            preferences.stop_all(session, ada)
            self.model.stopped = True

    def resume(self, session: Session, ada: Member, *_others: Member) -> None:
        if not self.model.left:
            preferences.resume(session, ada)
            self.model.stopped = False

    def suspend(self, session: Session, ada: Member, _ben: Member, mia: Member) -> None:
        if not self.model.suspended and not self.model.left:
            suspensions.suspend(session, ada, mia, 7, "A test.")
            self.model.suspended = True

    def lift(self, session: Session, ada: Member, _ben: Member, mia: Member) -> None:
        if self.model.suspended and not self.model.left:
            suspensions.lift(session, ada, mia, "A test.")
            self.model.suspended = False

    def block(self, session: Session, ada: Member, ben: Member, _mia: Member) -> None:
        if not self.model.left:
            blocks.block(session, ada, ben)
            self.model.blocked = True

    def unblock(self, session: Session, ada: Member, ben: Member, _mia: Member) -> None:
        blocks.unblock(session, ada, ben)
        self.model.blocked = False

    def leave(self, session: Session, ada: Member, *_others: Member) -> None:
        if not self.model.left:
            departures.leave(session, ada, ada.username)
            self.model.left = True


@settings(
    max_examples=500 if os.environ.get("FULL") else 40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(stories=st.lists(STORIES, min_size=1, max_size=5))
def test_what_leaves_is_what_is_wanted_and_may_be_read_in_that_moment(app, engine, stories):
    stage = Stage(app, engine)
    for happened, changes, sends in stories:
        for step in (*happened, *changes, *(("send",),) * sends):
            stage.play(step)
    stage.send()
    stage.send()  # and nothing twice
