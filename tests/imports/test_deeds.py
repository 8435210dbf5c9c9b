"""What a dump shows counts as the deeds of its members, with their dates, in the order of their dates."""

from datetime import UTC, datetime
from functools import partial

from sqlalchemy import select

from app.db import snapshot, transaction
from app.domain.awarding import derived
from app.domain.record.activities import Activity
from tests.factories import make_member, make_thread


def test_asking_answering_and_commenting_count(dump, bring, deeds):
    dump.question(1, by=1, day=2)
    dump.answer(2, to=1, by=2, day=3)
    dump.comment(2, by=1, day=4)
    bring(dump)
    assert (deeds("asked"), deeds("answered")) == ([(1, 1, "01-02")], [(2, 2, "01-03")])
    assert deeds("commented") == [(1, 1, "01-04")]


def test_votes_count_for_the_author_on_their_day_and_not_for_deleted_posts(dump, bring, deeds):
    dump.question(1, by=1)
    dump.vote(1, day=5)
    dump.vote(1, kind=3, day=6)
    dump.vote(1, kind=5, day=7, UserId=2)
    dump.vote(99, day=5)
    bring(dump)
    assert deeds("upvote_received") == [(1, 1, "01-05")]
    assert deeds("downvote_received") == [(1, 1, "01-06")]
    assert deeds("favorite_received") == [(1, 1, "01-07")]


def test_acceptance_counts_for_both_sides(dump, bring, deeds):
    dump.question(1, by=1, AcceptedAnswerId=2)
    dump.answer(2, to=1, by=2)
    dump.vote(2, kind=1, day=5)
    bring(dump)
    assert (deeds("accepted"), deeds("accepting")) == ([(2, 2, "01-05")], [(1, 2, "01-05")])


def test_the_rows_of_one_revision_are_one_edit(dump, bring, deeds):
    dump.question(1, by=1)
    for kind in (4, 5, 6):
        dump.history(1, kind, by=2, day=5, revision="same")
    dump.history(1, 7, by=2, day=6, revision="back")
    dump.history(1, 8, by=2, day=6, revision="back")
    bring(dump)
    assert deeds("edited") == deeds("retagged") == [(2, 1, "01-05")]
    assert deeds("rolled_back") == [(2, 1, "01-06")]


def test_a_suggested_edit_counts_for_who_suggested_it(dump, bring, deeds):
    dump.question(1, by=1)
    dump.history(1, 5, by=2, day=5, revision="suggested")
    dump.history(1, 24, by=None, day=5, revision="suggested")
    bring(dump)
    assert deeds("edit_approved") == [(2, 1, "01-05")]


def test_descriptions_of_tags_name_their_tag(dump, bring, deeds, session):
    dump.tag_wiki(5, "green-tea", by=2, day=6)
    bring(dump)
    assert deeds("tag_wiki_written") == [(2, None, "01-06")]
    assert session.scalars(select(Activity.object).where(Activity.kind == "tag_wiki_written")).all() == ["green-tea"]


def test_a_bounty_is_won_with_its_amount_and_only_the_whole_is_awarded_by_hand(dump, bring, deeds, session):
    dump.user(3, "Mia")
    dump.question(1, by=1)
    dump.answer(2, to=1, by=2)
    dump.vote(1, kind=8, day=5, UserId=1, BountyAmount=100)
    dump.vote(2, kind=9, day=9, BountyAmount=50)
    dump.vote(1, kind=8, day=11, UserId=3, BountyAmount=50)
    dump.vote(2, kind=9, day=13, BountyAmount=50)
    bring(dump)
    assert deeds("bounty_started") == [(1, 1, "01-05"), (3, 1, "01-11")]
    assert deeds("bounty_awarded") == [(3, 1, "01-13")]
    assert session.scalars(select(Activity.amount).where(Activity.kind == "bounty_won")).all() == [50, 50]


def test_what_shows_as_a_state_only_is_undated_and_comes_last(dump, bring, session):
    dump.user(3, "Mia", UpVotes=7, DownVotes=2, AboutMe="Hello")
    dump.question(1, by=3, ViewCount=500)
    dump.comment(1, by=3, score=4)
    bring(dump)
    rows = session.execute(select(Activity.kind, Activity.amount, Activity.undated).order_by(Activity.id)).all()
    assert sorted(row[:2] for row in rows if row.undated) == [
        ("downvote_given", 2), ("profile_completed", 1), ("upvote_given", 7), ("upvote_received", 4), ("viewed", 500),
    ]  # fmt: skip
    assert all(row.undated for row in rows[-5:])


def test_activities_are_in_the_order_of_their_dates_whatever_they_are(dump, bring, session):
    dump.question(1, by=1, day=2, Score=0)
    dump.question(2, by=2, day=20)
    dump.answer(3, to=1, by=2, day=35)
    dump.votes(1, 2, day=12)
    dump.votes(3, 2, day=30)
    dump.history(1, 5, by=2, day=25)
    bring(dump)
    dates = session.scalars(select(Activity.happened_at).order_by(Activity.id)).all()
    assert dates == sorted(dates)
    kinds = session.scalars(select(Activity.kind).order_by(Activity.id)).all()
    assert kinds.index("good_question") < kinds.index("edited") < kinds.index("first_to_two")


def test_a_question_left_alone_for_a_week_is_found(dump, bring, deeds):
    dump.question(1, by=1, day=2.5)
    dump.vote(1, kind=5, day=3, UserId=2)  # marking it for oneself does not keep it company
    dump.question(2, by=1, day=3)
    dump.comment(2, by=2, day=9)
    dump.question(3, by=1, day=4)
    dump.vote(3, day=10)
    dump.question(4, by=1, day=5)
    dump.answer(5, to=4, by=2, day=12.5)
    bring(dump)
    assert deeds("stayed_alone") == [(1, 1, "01-09"), (1, 4, "01-12")]


def test_a_week_that_the_dump_does_not_cover_proves_nothing(dump, bring, deeds):
    dump.question(1, by=1, day=28)
    bring(dump)
    assert deeds("stayed_alone") == []


def test_an_old_question_is_revived_by_the_first_answer_to_reach_two(dump, bring, deeds):
    dump.question(1, by=1, day=2)
    dump.answer(2, to=1, by=1, day=3)
    dump.answer(3, to=1, by=2, day=40)
    dump.vote(2, day=4)
    dump.votes(3, 2, day=41)
    dump.vote(2, day=42)
    dump.question(4, by=1, day=2)
    dump.answer(5, to=4, by=2, day=20)
    dump.votes(5, 2, day=21)
    bring(dump)
    assert deeds("first_to_two") == [(2, 3, "02-10")]


def test_questions_are_good_poor_or_closed(dump, bring, deeds):
    dump.question(1, by=1, day=2)
    dump.vote(1, kind=3, day=3)
    dump.votes(1, 2, day=5)
    dump.question(2, by=1, day=2)
    dump.vote(2, kind=3, day=6)
    dump.question(3, by=1, day=2, ClosedDate="2020-01-08T00:00:00.000")
    dump.vote(3, day=6)
    bring(dump)
    assert deeds("good_question") == [(1, 1, "01-05")]
    assert deeds("poor_question") == [(1, 2, "01-06")]
    assert deeds("closed") == [(1, 3, "01-08")]


def test_a_good_question_counts_for_the_day_it_was_asked(dump, bring, session):
    dump.question(1, by=1, day=2)
    dump.vote(1, day=5)
    bring(dump)
    good = session.scalars(select(Activity).where(Activity.kind == "good_question")).one()
    asked = session.scalars(select(Activity).where(Activity.kind == "asked")).one()
    assert good.local_day == asked.local_day


def test_editing_and_answering_within_half_a_day_explains(dump, bring, deeds):
    dump.question(1, by=1, day=2)
    dump.answer(2, to=1, by=2, day=3)
    dump.history(1, 5, by=2, day=3.4)
    dump.answer(3, to=1, by=2, day=3.2)
    dump.votes(2, 1, day=5)
    dump.votes(3, 1, day=6)
    dump.question(4, by=1, day=2)
    dump.answer(5, to=4, by=2, day=3)
    dump.history(4, 5, by=2, day=3.6)
    dump.vote(5, day=5)
    bring(dump)
    assert deeds("explained") == [(2, 2, "01-05")]


def test_an_edit_after_half_a_year_of_silence_is_found_once_a_post(dump, bring, deeds):
    dump.question(1, by=1, day=2)
    dump.history(1, 5, by=2, day=200)
    dump.history(1, 5, by=2, day=400)
    dump.question(2, by=1, day=2)
    dump.answer(3, to=2, by=1, day=100)
    dump.history(2, 6, by=2, day=200)
    bring(dump)
    assert deeds("edited_dormant") == [(2, 1, "07-18")]


def test_answers_that_outdo_the_accepted_one_or_their_question(dump, bring, deeds):
    dump.question(1, by=1, AcceptedAnswerId=2)
    dump.answer(2, to=1, by=1)
    dump.answer(3, to=1, by=2)
    dump.votes(2, 11)
    dump.votes(3, 23)
    dump.question(4, by=1)
    dump.answer(5, to=4, by=2)
    dump.votes(4, 5, kind=3)
    dump.votes(5, 20)
    bring(dump)
    assert [row[:2] for row in deeds("populist")] == [(2, 3)]
    assert [row[:2] for row in deeds("reversal")] == [(2, 5)]


def test_a_tag_that_takes_off_counts_for_who_brought_it(dump, bring, deeds):
    for number in range(1, 51):
        dump.question(number, by=1, day=number + 1, Tags="<oolong>")
    dump.history(1, 6, by=2, day=2.5, text="<oolong>")
    bring(dump)
    assert deeds("tag_took_off") == [(2, 1, "02-20")]


def test_every_year_is_an_anniversary_until_the_dump_ends(dump, bring, deeds):
    dump.user(3, "Mia", CreationDate="2016-02-29T10:00:00.000", LastAccessDate="2018-03-01T00:00:00.000")
    dump.rows["Users"] = dump.rows["Users"][2:]
    bring(dump)
    assert deeds("anniversary") == [(3, None, "02-28"), (3, None, "02-28")]


def test_trust_brought_along_is_told_from_reputation_that_nothing_explains(dump, bring, deeds):
    dump.user(3, "Mia", Reputation=121)
    dump.question(1, by=3)
    dump.votes(1, 2)
    dump.user(4, "Tom", Reputation=21)
    dump.question(2, by=4)
    dump.votes(2, 2)
    bring(dump)
    assert deeds("trust_brought") == [(3, None, "01-01")]


def look(engine, at):
    """A scheduled look: it reads without a transaction and writes in its own."""
    with snapshot(engine) as reading:
        return derived.look(reading, partial(transaction, engine), at)


def test_the_scheduled_look_finds_on_the_live_site_what_the_import_would(session, engine):
    asker, helper = make_member(session, joined_at=datetime(2024, 5, 1, tzinfo=UTC)), make_member(session)
    thread = make_thread(session, by=asker)
    session.commit()

    noted = look(engine, datetime(2026, 5, 2, tzinfo=UTC))
    mine = select(Activity.kind, Activity.object).where(Activity.member_id == asker.id).order_by(Activity.id)
    assert [row for row in session.execute(mine) if row.kind == "anniversary"] == [
        ("anniversary", "1"),
        ("anniversary", "2"),
    ]
    assert noted == len([1 for row in session.execute(mine) if row.kind in (*derived.FACTS, "anniversary")])
    session.rollback()  # it only read, but holds the lock on SQLite
    assert look(engine, datetime(2026, 5, 2, 1, tzinfo=UTC)) == 0
    assert helper.id
    assert thread.id


def test_time_stands_still_for_imported_members(dump, bring, engine):
    dump.question(1, by=1, day=28)
    bring(dump)
    assert look(engine, datetime(2026, 1, 1, tzinfo=UTC)) == 0
