"""A dump becomes members, threads, posts and all that hangs on them."""

import pytest
from sqlalchemy import func, select

from app.domain.awarding.imported import ImportRun
from app.domain.forum.threads import Edit, Reaction, Tag, Thread, ThreadTag
from app.domain.people.members import Member
from app.imports.stackexchange import usernames
from tests.imports.conftest import SOURCE


def test_members_come_without_address_or_password_and_know_where_from(dump, bring, session):
    dump.user(3, "Mia", AboutMe="<p>Green <b>tea</b></p>", Location="Leaf Town", WebsiteUrl="https://mia.example")
    bring(dump)

    mia = session.scalars(select(Member).where(Member.username == "mia")).one()
    assert (mia.name, mia.email, mia.password_hash, mia.imported_from) == ("Mia", None, None, SOURCE)
    assert (mia.about, mia.about_html) == ("Green tea", "<p>Green <b>tea</b></p>")
    assert (mia.location, mia.website) == ("Leaf Town", "https://mia.example")


def test_names_become_unique_usernames(dump, bring, session):
    for number, name in enumerate(
        ["Anna Lear", "anna.lear", "ANNA LEAR!", "Łukasz", "玉露", "x", "", "a" * 60], start=10
    ):
        dump.user(number, name)
    bring(dump)

    names = set(session.scalars(select(Member.username)))
    assert {"anna.lear", "anna.lear-2", "anna.lear-3", "ukasz", "a" * 30} <= names
    assert len(names) == 10
    assert all(2 <= len(name) <= 30 for name in names)


def test_a_username_that_the_site_has_already_is_left_to_its_member(dump, bring, session):
    session.add(Member(username="ada", username_key="ada", name="Ada of the site"))
    session.commit()
    bring(dump)
    assert set(session.scalars(select(Member.username))) == {"ada", "ada-2", "ben"}


def test_a_name_that_everybody_has_still_ends_in_a_free_one():
    taken = {"member"} | {f"member-{n}" for n in range(2, 40)} | {"member-u7"}
    assert usernames.free("", 1, 7, taken) == "member-u7-2"


def test_threads_and_posts_keep_authors_dates_and_counts(dump, bring, session, the_post):
    dump.question(1, by=1, day=2, ViewCount=40, AcceptedAnswerId=3, ClosedDate="2020-01-20T08:00:00.000")
    dump.answer(2, to=1, by=1, day=3)
    dump.answer(3, to=1, by=2, day=9)
    dump.answer(4, to=1, by=2, day=10)
    dump.comment(3, by=1, day=11, score=2)
    dump.votes(1, 3)
    dump.vote(3, kind=1, day=12)
    bring(dump)

    thread = session.scalars(select(Thread)).one()
    assert (thread.title, thread.slug, thread.author.username) == ("Question 1", "question-1", "ada")
    assert (thread.answers, thread.replies, thread.score, thread.views) == (3, 4, 3, 40)
    assert thread.accepted_post_id == the_post(3).id
    assert f"{thread.accepted_at:%m-%d}" == "01-12"
    assert f"{thread.closed_at:%m-%d %H}" == "01-20 08"
    facts = {n: (p.by_other, p.nth, p.again, p.waited) for n in (1, 2, 3, 4) if (p := the_post(n))}
    assert facts == {1: (False, 0, False, 0), 2: (False, 1, False, 1), 3: (True, 2, False, 7), 4: (True, 3, True, 8)}
    remark = the_post(1, kind="comment")
    assert (remark.kind, remark.parent_id, remark.by_other, remark.upvotes) == ("comment", the_post(3).id, False, 2)


def test_who_has_left_leaves_posts_without_author(dump, bring, deeds, the_post):
    dump.question(1, by=None)
    dump.answer(2, to=1, by=77)  # an account that the dump does not have any more
    dump.votes(2, 2)
    bring(dump)
    assert (the_post(1).author_id, the_post(2).author_id) == (None, None)
    assert deeds("upvote_received") == []


def test_the_community_user_comes_along_but_nothing_counts_for_it(dump, bring, deeds, session):
    dump.user(-1, "Community", UpVotes=5, AboutMe="I am a programme")
    dump.question(1, by=1)
    dump.history(1, 5, by=-1, day=3)
    bring(dump)
    assert session.scalar(select(func.count()).select_from(Member)) == 3
    assert session.scalar(select(func.count()).select_from(Edit)) == 1
    assert deeds("edited") == deeds("upvote_given") == deeds("profile_completed") == []


def test_a_post_shows_its_cleaned_html_and_is_edited_as_its_markdown(dump, bring, the_post):
    dump.question(1, by=1, Body="<p>Why <em>green</em>?</p>")
    dump.history(1, 2, by=1, day=2, text="Why green?")
    dump.history(1, 5, by=1, day=3, text="Why *green*?")
    dump.answer(2, to=1, by=2, Body="<p>Because &amp; so</p>")
    bring(dump)
    assert (the_post(1).html, the_post(1).body) == ("<p>Why <em>green</em>?</p>", "Why *green*?")
    assert the_post(2).body == "Because & so"


HOSTILE = """<p id=x class=y style="color:red" onclick="steal()" hx-get="/logout" data-hx-on="load">hi</p>
<script>steal()</script><img src="https://spy.example/pixel.png" alt="a&quot;><script>x</script>">
<a href="javascript:steal()">go</a><iframe src="https://spy.example"></iframe><form action="/logout"><button>b</button></form>"""


def test_hostile_html_comes_out_harmless(dump, bring, the_post):
    dump.question(1, by=1, Body=HOSTILE)
    dump.comment(1, by=2, text="<img src=x onerror=steal()> [x](javascript:steal()) ![p](https://spy.example/p.png)")
    bring(dump)
    for html in (the_post(1).html, the_post(1, kind="comment").html):
        assert not any(
            bad in html for bad in ("<script", "<img", "onclick", "hx-", "style=", "class=", "id=", "<form", "<iframe")
        )
        assert 'href="javascript' not in html
        assert 'href="https://spy.example/' in html  # the picture became a link


def test_html_too_deep_for_the_sanitiser_is_shown_as_text(dump, bring, the_post):
    dump.question(1, by=1, Body="<div>" * 20_000 + "deep")
    bring(dump)
    assert the_post(1).html == "<p>deep</p>"


def test_tags_know_since_when_and_by_whom(dump, bring, session):
    dump.question(1, by=1, Tags="<tea><black-tea>")
    dump.question(2, by=1, day=5, Tags="|tea|")
    dump.history(1, 3, by=1, day=2, text="<tea>")
    dump.history(1, 6, by=2, day=4, text="<tea><black-tea>")
    bring(dump)

    rows = select(Tag.name, Member.username, ThreadTag.added_at).select_from(ThreadTag).join(Tag)
    rows = rows.outerjoin(Member, Member.id == ThreadTag.added_by_id).order_by(ThreadTag.added_at)
    assert [(tag, by, f"{at:%m-%d}") for tag, by, at in session.execute(rows)] == [
        ("tea", "ada", "01-02"), ("black-tea", "ben", "01-04"), ("tea", None, "01-05"),
    ]  # fmt: skip


def test_edits_keep_what_was_said_before(dump, bring, session):
    dump.question(1, by=1)
    dump.history(1, 1, by=1, day=2, text="Old title")
    dump.history(1, 2, by=1, day=2, text="Old body")
    dump.history(1, 4, by=2, day=3, text="New title")
    dump.history(1, 5, by=2, day=4, text="New body")
    dump.history(1, 8, by=1, day=5, text="Old body")
    bring(dump)
    rows = session.execute(select(Edit.part, Edit.before, Edit.is_rollback).order_by(Edit.created_at)).all()
    assert rows == [("title", "Old title", False), ("body", "Old body", False), ("body", "New body", True)]


def test_votes_become_reactions_of_unknown_members(dump, bring, session):
    dump.question(1, by=1, day=4.5)
    dump.vote(1, day=4)
    dump.vote(1, kind=3, day=6)
    dump.vote(1, kind=5, day=6, UserId=2)
    dump.vote(1, kind=5, day=7, UserId=2)  # a favourite counts once, whatever the dump says
    bring(dump)
    rows = session.execute(select(Reaction.kind, Reaction.member_id.is_not(None), Reaction.created_at)).all()
    assert [(kind, known, f"{at:%m-%d %H}") for kind, known, at in rows] == [
        ("upvote", False, "01-04 12"),  # on the day of the post, and not before it
        ("downvote", False, "01-06 00"),
        ("favorite", True, "01-06 00"),
    ]


def test_two_communities_with_the_same_numbers_live_side_by_side(dump, bring, deeds, session):
    dump.question(1, by=1)
    dump.vote(1, day=4)
    bring(dump)
    dump.vote(1, day=6)
    bring(dump, source="coffees.example")
    assert deeds("upvote_received") == [(1, 1, "01-04")]
    assert deeds("upvote_received", "coffees.example") == [(1, 1, "01-04"), (1, 1, "01-06")]
    assert session.scalar(select(func.count()).select_from(Tag)) == 1
    assert session.scalar(select(func.count()).select_from(Member)) == 4


def test_twice_is_once(dump, bring, session):
    dump.question(1, by=1)
    first, second = bring(dump), bring(dump)
    assert (first.since, first.counts["member"]) == (None, 2)
    assert second.since is not None
    assert session.scalar(select(func.count()).select_from(Member)) == 2
    assert session.get(ImportRun, SOURCE).finished_at == second.since


@pytest.mark.parametrize("table", ["Badges"])
def test_the_awards_that_were_really_made_are_not_read(dump, bring, tmp_path, table):
    folder = dump.write(tmp_path / "with-badges")
    (folder / f"{table}.xml").write_text("this is not XML at all")
    assert bring(folder).counts["member"] == 2
