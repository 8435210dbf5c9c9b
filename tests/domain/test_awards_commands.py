"""`flask awards` and `flask points`: what they print, and their status."""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from app.domain.awarding.imported import ImportKey, ImportRun
from app.domain.badging.badges import Award
from app.domain.people.members import Member
from app.domain.record import activities
from tests.domain.rules import make_badge
from tests.factories import make_answer, make_member

MAY = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def run(app, session):
    """Commits what the test arranged and runs a command."""
    runner = app.test_cli_runner()

    def invoke(*words):
        session.commit()
        return runner.invoke(args=[str(word) for word in words])

    return invoke


@pytest.fixture
def ada(session):
    """Ada was here on three days; three days are a badge, four are another."""
    make_badge(session, "three-days", {"count": "visited", "n": 3})
    make_badge(session, "four-days", {"count": "visited", "n": 4})
    member = make_member(session, "ada")
    for day in range(3):
        activities.note(session, "visited", member, at=MAY + timedelta(days=day))
    return member


def test_backfill_tells_who_gained_what_and_leaves_nothing_waiting(run, ada):
    done = run("awards", "backfill")
    assert done.exit_code == 0
    assert "three-days" in done.stdout
    assert "1 members gained it (1 awards, 2026-05-03 to 2026-05-03)" in done.stdout
    assert "four-days" not in done.stdout
    assert run("points", "audit").stdout == "0 differences, 0 activities waiting.\n"


def test_a_dry_run_tells_the_same_and_changes_nothing(run, session, ada):
    done = run("awards", "backfill", "--dry-run")
    assert "1 members would gain it (1 awards, 2026-05-03 to 2026-05-03, 1 notices by mail)" in done.stdout
    assert "Nothing was changed." in done.stdout
    assert session.scalar(select(func.count()).select_from(Award)) == 0
    assert run("points", "audit").stdout == "0 differences, 3 activities waiting.\n"


def test_backfill_of_a_badge_that_is_not_there_is_one_clear_line(run, ada):
    done = run("awards", "backfill", "--badge", "tree-days")
    assert done.exit_code == 1
    assert "No published badge with a rule is called 'tree-days'" in done.stderr


def test_export_writes_names_dates_and_subjects(run, session, ada, tmp_path):
    make_badge(session, "liked", {"count": "upvote_received", "each": "post"})
    answer = make_answer(session, by=ada)
    activities.note(session, "upvote_received", ada, by=make_member(session), post=answer, at=MAY)
    run("awards", "backfill")
    assert run("awards", "export", tmp_path / "all.csv").exit_code == 0
    rows = list(csv.reader((tmp_path / "all.csv").open()))
    assert rows == [
        ["member", "badge", "earned_at", "subject"],
        ["ada", "Liked", "2026-05-01T00:00:00.000Z", str(answer.id)],
        ["ada", "Three-Days", "2026-05-03T00:00:00.000Z", ""],
    ]


def test_export_of_a_source_gives_the_numbers_of_home_and_no_others(run, session, ada):
    session.add(ImportRun(source="old.example", stage="done", missing=[]))
    session.add(ImportKey(source="old.example", kind="member", external_id=77, local_id=ada.id))
    ben = make_member(session, "ben")
    for day in range(3):
        activities.note(session, "visited", ben, at=MAY + timedelta(days=day))
    run("awards", "backfill")
    lines = run("awards", "export", "-", "--source", "old.example").stdout.splitlines()
    assert lines[1:] == ["77,Three-Days,2026-05-03T00:00:00.000Z,"]


def test_export_leaves_the_day_open_where_only_the_state_is_known(run, session, ada):
    for it in activities.standing(session, member_id=ada.id):
        it.undated = True
    run("awards", "backfill")
    assert run("awards", "export", "-").stdout.splitlines()[1] == "ada,Three-Days,,"


def test_export_of_an_unknown_source_is_one_clear_line(run):
    done = run("awards", "export", "-", "--source", "nowhere")
    assert (done.exit_code, done.stderr) == (1, "Error: Nothing was imported from 'nowhere'. Known sources: none.\n")


def test_explain_tells_what_is_there_what_is_missing_and_what_completed_it(run, ada):
    run("awards", "backfill")
    earned, missing = (run("awards", "explain", "ada", slug).stdout for slug in ("three-days", "four-days"))
    assert "Visit on 3 days: 3 of 3 days, done" in earned
    assert "Earned 2026-05-03 00:00 UTC under version 1 of the rule, completed by visited" in earned
    assert "Visit on 4 days: 3 of 4 days, 1 to go" in missing
    assert "does not have it yet" in missing


def test_explain_tells_what_did_not_count_and_why(run, session, ada):
    make_badge(session, "helper", {"count": "answered", "n": 2, "where": {"by_other": True}})
    make_answer(session, by=ada)
    own = make_answer(session, by=make_member(session)).thread
    make_answer(session, by=own.author, thread=own)
    run("awards", "backfill")
    words = run("awards", "explain", own.author.username, "helper").stdout
    assert "0 of 2 answers posted, 2 to go" in words
    assert "1 not counted: only those in a thread somebody else started count" in words


def test_explain_of_nobody_or_nothing_is_one_clear_line(run, ada):
    assert "no member called 'bob'" in run("awards", "explain", "bob", "three-days").stderr
    assert "no badge called 'nine'" in run("awards", "explain", "ada", "nine").stderr


def test_audit_fails_on_a_difference_and_repairs_it(run, session, ada):
    run("awards", "backfill")
    session.execute(update(Member).values(points=7))
    found = run("points", "audit")
    assert (found.exit_code, found.stdout.splitlines()[0]) == (1, "ada: balance is 7, should be 0")
    assert run("points", "audit", "--repair").exit_code == 0
    assert run("points", "audit").exit_code == 0
