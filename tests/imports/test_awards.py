"""A community's history becomes awards: by the command, the backfill and the export."""

import csv
import os
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain import catalogue
from app.domain.awarding import backfill, evaluator, export
from app.imports.stackexchange import course
from tests.imports.conftest import SOURCE, Silent

DUMPS = os.environ.get("CONTRAIL_DUMPS")


@pytest.fixture
def awards(engine):
    """Backfills with Stack Exchange's catalogue; gives member, badge, day and post of each award."""

    def run(source: str = SOURCE) -> list[tuple[int, str, str, str]]:
        with transaction(engine) as session:
            catalogue.load(session, catalogue.shipped("stackexchange"))
        backfill.run(lambda: transaction(engine))
        with Session(engine) as session:
            return [(int(who), badge, at[:10], post) for who, badge, at, post in export.awards(session, source)]

    return run


def test_a_history_earns_its_badges_at_its_dates(dump, bring, awards):
    dump.user(3, "Mia", UpVotes=1, AboutMe="Tea, mostly")
    dump.question(1, by=1, day=2, AcceptedAnswerId=2, ViewCount=1000)
    dump.answer(2, to=1, by=2, day=3)
    dump.vote(1, day=5)
    dump.votes(2, 9, day=6)
    dump.vote(2, kind=1, day=8)
    dump.vote(2, day=9)
    dump.history(1, 5, by=3, day=7)
    bring(dump)
    assert set(awards()) == {
        (1, "Student", "2020-01-05", ""), (1, "Scholar", "2020-01-08", ""), (1, "Popular Question", "", "1"),
        (2, "Teacher", "2020-01-06", ""), (2, "Nice Answer", "2020-01-09", "2"), (2, "Enlightened", "2020-01-09", "2"),
        (3, "Editor", "2020-01-07", ""), (3, "Supporter", "", ""), (3, "Autobiographer", "", ""),
    }  # fmt: skip


def test_a_worker_beside_the_import_makes_the_same_awards_as_a_backfill(dump, bring, awards, engine, monkeypatch):
    for number in range(1, 60, 2):
        dump.question(number, by=1 + number % 4 // 2, day=number / 4 + 2)
        dump.answer(number + 1, to=number, by=2, day=number / 4 + 40)
        dump.votes(number + 1, 3, day=number + 50)
        dump.votes(number, 2, day=number + 3)
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("stackexchange"))
    monkeypatch.setattr(course, "BATCH", 20)
    monkeypatch.setattr(Silent, "advance", lambda self, rows: evaluator.run(lambda: transaction(engine)))
    bring(dump)
    with Session(engine) as session:
        live = sorted(export.awards(session, SOURCE))
    assert {badge for _, badge, _, _ in live} >= {"Student", "Teacher", "Revival", "Curious"}

    monkeypatch.undo()
    bring(dump, source="again")
    awards("again")
    with Session(engine) as session:
        assert sorted(export.awards(session, "again")) == live


def test_the_command_says_what_came_and_the_second_time_that_it_is_there(dump, app, tmp_path):
    dump.question(1, by=1)
    folder = dump.write(tmp_path / "teas.example", without=("Comments",))
    run = app.test_cli_runner().invoke

    first = run(args=["import", "stackexchange", str(folder)])
    assert first.exit_code == 0, first.output
    assert "The dump has no Comments.xml. Not awarded from it: " in first.output
    assert "Commentator" in first.output
    assert "2 members, 1 threads, 1 posts" in first.output
    second = run(args=["import", "stackexchange", str(folder)])
    assert (second.exit_code, "nothing to do" in second.output) == (0, True)


def test_the_command_fails_with_one_line_for_a_folder_that_is_no_dump(app, tmp_path):
    done = app.test_cli_runner().invoke(args=["import", "stackexchange", str(tmp_path)])
    assert done.exit_code == 1
    assert done.stderr.strip().splitlines() == [
        f"Error: {tmp_path}: has no Users.xml and no Posts.xml. Unpack the whole dump into this folder."
    ]


@pytest.mark.slow
@pytest.mark.skipif(not DUMPS, reason="CONTRAIL_DUMPS names no folder of real dumps")
def test_a_real_community_gets_the_awards_it_really_got(bring, awards):
    """Against Badges.xml: precision .998, recall of what can be told .975, days .966, or better."""
    folder = Path(DUMPS or "") / "coffee.stackexchange.com"
    bring(folder)
    ours = Counter((member, badge) for member, badge, _, _ in awards())
    theirs = Counter(
        (int(row.get("UserId", 0)), row.get("Name"))
        for _, row in ET.iterparse(folder / "Badges.xml")  # noqa: S314  it is ours
        if row.tag == "row" and row.get("TagBased") != "True"
    )
    names = {name for _, name in ours} | {"Tumbleweed"}
    theirs = Counter({key: count for key, count in theirs.items() if key[1] in names})
    same = (ours & theirs).total()
    assert same / ours.total() >= 0.998
    assert same / theirs.total() >= 0.975


def test_the_export_is_read_back_as_it_was_written(dump, bring, awards, app, tmp_path):
    dump.user(3, "Mia", UpVotes=1)
    bring(dump)
    awards()
    done = app.test_cli_runner().invoke(args=["awards", "export", str(tmp_path / "out.csv"), "--source", SOURCE])
    assert done.exit_code == 0, done.output
    with (tmp_path / "out.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["member", "badge", "earned_at", "subject"], ["3", "Supporter", "", ""]]
