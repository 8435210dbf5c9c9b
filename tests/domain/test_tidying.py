"""What is swept away by and by, and what is still wanted and stays."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import jobs
from app.db import transaction
from app.domain import rows
from app.domain.base import Base, now
from app.domain.forum import drafts, visits
from app.domain.forum.drafts import Draft
from app.domain.leaving import unposted
from app.domain.mail.deliveries import Delivery
from app.domain.membership import accounts, links, sessions
from app.domain.membership.links import Link, Purpose
from app.domain.membership.sessions import LogIn
from app.domain.people import introductions, pictures
from app.domain.people.members import Member
from app.domain.people.pictures import TO_POST_IT, Picture, Use
from app.domain.writing import edits, messages, posts, sendings
from app.domain.writing.sendings import Sending
from tests.domain.test_reactions import at_once
from tests.factories import make_answer, make_category, make_event, make_member, make_thread, sign_up
from tests.web.scenery import make_ranks

LATER = TO_POST_IT + timedelta(hours=1)
PASSWORD = "seventeen wild geese"


@pytest.fixture
def tidy(app):
    """Let the worker tidy up."""

    def run() -> int:
        with app.app_context():
            return jobs.tidy()

    return run


def upload(session, by, use=Use.POST, ago=LATER):
    """A picture of somebody's, as its Markdown."""
    file = BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG")
    picture = pictures.keep(session, by, pictures.draw(file.getvalue(), use), at=now() - ago)
    return f"![So]({picture.path})"


def left(engine):
    """How many pictures there are."""
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Picture))


def test_a_picture_that_was_never_posted_goes(engine, tidy):
    with transaction(engine) as session:
        upload(session, make_member(session, "ada"))
    assert tidy()
    assert left(engine) == 0
    assert tidy() == 0


def test_one_that_was_uploaded_just_now_may_still_be_posted(engine, tidy):
    with transaction(engine) as session:
        upload(session, make_member(session, "ada"), ago=TO_POST_IT - timedelta(hours=1))
    tidy()
    assert left(engine) == 1


def in_a_post(session, by, shows):
    posts.post_reply(session, make_thread(session), by, shows)


def in_a_post_that_was_removed(session, by, shows):
    make_answer(session, by).deleted_at = now()
    session.scalars(select(posts.Post).where(posts.Post.author_id == by.id)).one().body = shows


def in_an_earlier_version(session, by, shows):
    post = posts.post_reply(session, make_thread(session), by, shows)
    edits.edit(session, post, by, body="Nothing to see.")


def in_what_others_wrote_and_they_edited(session, by, shows):
    by.role = "moderator"
    edits.edit(session, make_answer(session), by, body=shows)


def in_what_others_edited_away(session, by, shows):
    post = posts.post_reply(session, make_thread(session), by, shows)
    edits.edit(session, post, make_member(session, role="moderator"), body="Nothing to see.")


def in_a_message(session, by, shows):
    make_ranks(session)
    by.points, by.rank = 100, 1
    messages.send(session, by, make_member(session), shows)


def in_what_they_say_of_themselves(session, by, shows):
    by.about = shows


def in_an_event(session, by, shows):
    make_event(session, about=shows)


def in_a_draft(session, by, shows):
    drafts.save(session, by, "new", {"title": "So", "body": shows})


@pytest.mark.parametrize(
    "place",
    [
        in_a_post, in_a_post_that_was_removed, in_an_earlier_version, in_what_others_wrote_and_they_edited,
        in_what_others_edited_away, in_a_message, in_what_they_say_of_themselves, in_an_event, in_a_draft,
    ],
)  # fmt: skip
def test_a_picture_that_is_shown_somewhere_stays_and_others_go(engine, tidy, place):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        shown = upload(session, ada)
        upload(session, ada)
        place(session, ada, f"Look:\n\n{shown}")
    tidy()
    assert left(engine) == 1
    with Session(engine) as session:
        look_at = session.scalars(select(Picture.look_at)).one()
        assert look_at is None or (place is in_a_draft and look_at > now())


def test_once_the_draft_is_thrown_away_its_picture_goes_too(engine, tidy):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        drafts.save(session, ada, "new", {"body": upload(session, ada)})
    tidy()
    with transaction(engine) as session:
        drafts.discard(session, session.get(Member, ada.id), "new")
        session.scalars(select(Picture)).one().look_at = now()
    tidy()
    assert left(engine) == 0


def test_a_photo_and_what_proves_a_wish_are_no_uploads_for_a_post(engine, tidy):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        upload(session, ada, Use.REQUEST, ago=timedelta(days=900))
        file = BytesIO()
        Image.new("RGB", (4, 4)).save(file, "PNG")
        introductions.show_photo(session, ada, *introductions.draw_photo(file.getvalue()))
    tidy()
    assert left(engine) == 3


def test_every_text_that_is_shown_with_pictures_is_looked_at():
    shown = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if f"{column.name}_html" in table.columns or (column.name == "body" and "html" in table.columns)
    }
    picture = Picture(member_id=1, created_at=now())
    looked_at = {f"{text.class_.__tablename__}.{text.key}" for text, _whose in unposted.places(picture)}
    assert shown == looked_at - {"edits.before"}


def test_two_sweeps_at_once_remove_each_picture_once(engine):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        for _nth in range(8):
            upload(session, ada)
        posts.post_reply(session, make_thread(session), ada, upload(session, ada))

    def sweep():
        with transaction(engine) as session:
            return unposted.sweep(session)

    assert sum(at_once([sweep] * 4)) == 9
    assert left(engine) == 1


def join(engine, name, days, **more):
    """Somebody who joined so many days ago and never said that the address is theirs."""
    with transaction(engine) as session:
        at = now() - timedelta(days=days)
        member = sign_up(session, name, f"{name}@new.example", PASSWORD, at=at)
        for field, value in more.items():
            setattr(member, field, value)
        return member.id


def test_an_account_that_nobody_confirmed_goes_after_a_month_and_its_name_is_free(engine, tidy):
    gone, new = join(engine, "ada", 31), join(engine, "ben", 29)
    tidy()
    with transaction(engine) as session:
        assert session.scalars(select(Member.id)).all() == [new]
        assert session.scalars(select(Delivery.member_id).where(Delivery.member_id == gone)).all() == []
        assert sign_up(session, "ada", "ada@members.example", PASSWORD).username == "ada"


def test_one_who_looked_in_lately_has_more_time_and_one_who_did_long_ago_leaves_a_nameless_row(engine, tidy):
    lately, long_ago = join(engine, "ada", 40), join(engine, "ben", 80)
    with transaction(engine) as session:
        visits.record(session, session.get(Member, lately), at=now() - timedelta(days=9))
        visits.record(session, session.get(Member, long_ago), at=now() - timedelta(days=70))
    tidy()
    with Session(engine) as session:
        ada, ben = session.get(Member, lately), session.get(Member, long_ago)
        assert (ada.username, ada.claimed_email) == ("ada", "ada@new.example")
        assert (ben.name, ben.claimed_email, ben.password_hash) == ("Former member", None, None)
        assert ben.deleted_at


def test_confirmed_and_imported_members_stay_however_long_they_are_away(engine, tidy):
    with transaction(engine) as session:
        years = now() - timedelta(days=900)
        make_member(session, "ada", joined_at=years)
        session.add(Member(username="old", username_key="old", name="Old", joined_at=years, imported_from="elsewhere"))
        eve = accounts.create(session, "eve", "eve@members.example", at=years)
        eve.claimed_email = "eve@new.example"
    tidy()
    with Session(engine) as session:
        assert session.scalars(select(Member.username).order_by(Member.id)).all() == ["ada", "old", "eve"]


def test_keys_drafts_links_and_log_ins_go_when_nobody_can_use_them_any_more(engine, tidy):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        for key, days in (("a" * 16, 31), ("b" * 16, 29)):
            session.add(Sending(member_id=ada.id, key=key, made_at=now() - timedelta(days=days)))
        drafts.save(session, ada, "t-1", {"body": "So"}, at=now() - timedelta(days=366))
        drafts.save(session, ada, "t-2", {"body": "So"}, at=now() - timedelta(days=364))
        links.make(session, ada, Purpose.UNDO, at=now() - timedelta(hours=73))
        links.make(session, ada, Purpose.UNDO, at=now() - timedelta(hours=71))
        sessions.start(session, ada, at=now() - timedelta(days=31))
        sessions.start(session, make_member(session), at=now() - timedelta(days=29))
    assert tidy() == 4
    with Session(engine) as session:
        assert session.scalars(select(Sending.key)).all() == ["b" * 16]
        assert session.scalars(select(Draft.place)).all() == ["t-2"]
        assert [len(session.scalars(select(it)).all()) for it in (Link, LogIn)] == [1, 1]


def test_much_goes_in_pieces(engine, tidy, monkeypatch):
    monkeypatch.setattr(rows, "SOME", 3)
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        for nth in range(8):
            session.add(Sending(member_id=ada.id, key=f"{nth:016}", made_at=now() - timedelta(days=31)))
    with transaction(engine) as session:
        assert sendings.forget_old(session) == 3
    assert tidy() == 5


def test_what_cannot_be_tidied_keeps_nothing_else_from_going(engine, tidy, monkeypatch):
    def broken(_session):
        raise OSError("no room")

    monkeypatch.setattr(jobs, "TIDIED", (broken, *jobs.TIDIED))
    with transaction(engine) as session:
        make_category(session)
        upload(session, make_member(session, "ada"))
    with pytest.raises(ExceptionGroup, match="tidying failed"):
        tidy()
    assert left(engine) == 0
