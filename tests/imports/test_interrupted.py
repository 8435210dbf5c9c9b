"""However an import ends, the next run goes on, and the rows are those of one that was never interrupted."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.awarding.imported import ImportRun
from app.domain.base import Base
from app.domain.problems import Conflict
from app.imports import stackexchange
from app.imports.stackexchange import course, staging
from tests import servers
from tests.imports.conftest import SOURCE, Silent
from tests.imports.dumps import Dump

KILLS = 40 if os.environ.get("FULL") else 6

HOME = "(SELECT external_id FROM import_keys WHERE kind {kind} AND local_id = {of})"
MEMBER, POST = HOME.format(kind="= 'member'", of="{}"), HOME.format(kind="IN ('post', 'comment')", of="{}")
THREAD = HOME.format(kind="= 'thread'", of="{}")

TOLD = {
    "members": f"SELECT {MEMBER.format('id')} AS n, username, name, joined_at, about_html FROM members ORDER BY n",
    "threads": f"""SELECT {THREAD.format('id')} AS n, {MEMBER.format('author_id')}, title, created_at, answers, replies, score,
        views, {POST.format('accepted_post_id')} FROM threads ORDER BY n""",
    "posts": f"""SELECT kind, {POST.format('id')} AS n, {THREAD.format('thread_id')}, {POST.format('parent_id')},
        {MEMBER.format('author_id')}, html, created_at, by_other, nth, again, waited, upvotes FROM posts ORDER BY kind, n""",
    "tags": f"""SELECT {THREAD.format('thread_id')} AS n, name, {MEMBER.format('added_by_id')}, added_at
        FROM thread_tags JOIN tags ON tags.id = tag_id ORDER BY n, name""",
    "reactions": f"SELECT {POST.format('post_id')} AS n, kind, created_at FROM reactions ORDER BY n, kind, created_at",
    "edits": f"""SELECT {POST.format('post_id')} AS n, {MEMBER.format('member_id')} AS m, part, before, created_at
        FROM edits ORDER BY n, created_at, m""",
    "activities": f"""SELECT kind, {MEMBER.format('member_id')}, {MEMBER.format('actor_id')}, {POST.format('post_id')},
        {THREAD.format('thread_id')}, category_id, object, amount, happened_at, local_day, undated FROM activities ORDER BY id""",
    "keys": "SELECT source, kind, count(*), count(DISTINCT local_id) FROM import_keys GROUP BY source, kind ORDER BY kind",
}  # fmt: skip

IMPORT = """
import sys
from pathlib import Path
from sqlalchemy import create_engine
from app.db import prepare
from app.imports import stackexchange
from app.imports.stackexchange import course
from tests.imports.conftest import SOURCE, Silent

course.BATCH = 7
stackexchange.run(prepare(create_engine(sys.argv[1])), Path(sys.argv[2]), SOURCE, Path(sys.argv[3]), Silent())
"""


def lively() -> Dump:
    """A dump in which a little of everything happens."""
    dump, some = Dump(), random.Random(7)
    for number in range(1, 40):
        dump.user(number, f"Name {number % 9}", UpVotes=number % 4, AboutMe="Hi" if number % 3 else "")
    for number in range(1, 120):
        by = some.randrange(1, 40)
        if number % 3 == 1:
            dump.question(number, by=by, day=number / 4 + 2, Tags=f"<tea><t{number % 5}>", ViewCount=number)
        else:
            dump.answer(number, to=number - number % 3 + (1 if number % 3 else -2), by=by, day=number / 4 + 4)
        dump.history(number, 5, by=some.randrange(1, 40), day=number / 4 + 5)
        dump.comment(number, by=some.randrange(1, 40), day=number / 4 + 6, score=number % 3)
        dump.votes(number, some.randrange(4), kind=some.choice((2, 2, 3)), day=int(number / 4) + 7)
    return dump


def everything(engine) -> dict[str, list[tuple]]:
    """What the rows say, by the numbers things had at home: our own ids may have gaps."""
    with engine.connect() as connection:
        return {name: [tuple(row) for row in connection.execute(text(sql))] for name, sql in TOLD.items()}


@pytest.fixture
def unbroken(bring, engine, tmp_path):
    """The rows of an import in one go."""
    folder = lively().write(tmp_path / "lively")
    bring(folder)
    rows = everything(engine)
    assert len(rows["activities"]) > 500
    return folder, rows


def empty(engine) -> None:
    if engine.dialect.name == "postgresql":
        with closing(servers.Emptier(engine)) as emptier:
            emptier.empty()
        return
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")


@pytest.mark.faults
def test_an_import_killed_at_any_moment_goes_on_and_doubles_nothing(unbroken, engine, tmp_path):
    folder, rows = unbroken
    empty(engine)
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", IMPORT, url, str(folder), str(tmp_path / "killed")]
    root = Path(__file__).parents[2]
    seen, moments = set(), random.Random(11)

    for _ in range(KILLS):
        process = subprocess.Popen(command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)})
        wait_for_work(process, engine, seen)
        time.sleep(moments.random() * 0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        seen.add(place(engine))

    subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, check=True)
    assert len({stage for stage, _ in seen}) > 1  # it was really interrupted, at several places
    again = everything(engine)
    assert {table for table in rows if rows[table] != again[table]} == set()


def place(engine) -> tuple[str, int]:
    """How far the import has come; looking keeps nobody from writing."""
    with Session(engine.execution_options(isolation_level="AUTOCOMMIT")) as session:
        run = session.get(ImportRun, SOURCE)
        return (run.stage, run.position) if run else ("", 0)


def wait_for_work(process, engine, seen) -> None:
    """Until the process has got further than the last one did."""
    while process.poll() is None and place(engine) in seen | {("", 0)}:
        time.sleep(0.02)


def test_an_error_in_the_middle_leaves_whole_batches_and_the_next_run_goes_on(unbroken, engine, tmp_path, monkeypatch):
    folder, rows = unbroken
    empty(engine)
    monkeypatch.setattr(course, "BATCH", 7)
    for patience in (10, 30, 40):
        advances = iter(range(patience))

        class Impatient(Silent):
            def advance(self, rows, advances=advances):
                if next(advances, None) is None:
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            stackexchange.run(engine, folder, SOURCE, tmp_path / "stopped", Impatient())
    stackexchange.run(engine, folder, SOURCE, tmp_path / "stopped", Silent())
    again = everything(engine)
    assert {table for table in rows if rows[table] != again[table]} == set()


def test_a_lost_staging_file_is_made_again(unbroken, engine, tmp_path, monkeypatch):
    folder, rows = unbroken
    empty(engine)
    monkeypatch.setattr(course, "BATCH", 50)
    monkeypatch.setattr(Silent, "advance", lambda self, rows: (_ for _ in ()).throw(KeyboardInterrupt))
    monkeypatch.setattr(staging, "BATCH", 10**6)
    for _ in range(12):
        with pytest.raises(KeyboardInterrupt):
            stackexchange.run(engine, folder, SOURCE, tmp_path / "lost", Silent())
        for path in (tmp_path / "lost" / "imports").glob("*.sqlite"):
            path.unlink()
        monkeypatch.setattr(staging, "build", quiet(staging.build))
    monkeypatch.undo()
    stackexchange.run(engine, folder, SOURCE, tmp_path / "lost", Silent())
    again = everything(engine)
    assert {table for table in rows if rows[table] != again[table]} == set()


def quiet(build):
    return lambda files, target, _advance: build(files, target, lambda rows: None)


def test_two_imports_of_one_source_do_not_run_at_once(dump, bring, engine, tmp_path, monkeypatch):
    folder = dump.write(tmp_path / "one")

    class Nosy(Silent):
        def begin(self, stage, rows):
            with pytest.raises(Conflict, match="another process"):
                stackexchange.run(engine, folder, SOURCE, tmp_path / "work", Silent())

    assert stackexchange.run(engine, folder, SOURCE, tmp_path / "work", Nosy()).counts["member"] == 2


def test_memory_does_not_grow_with_the_dump(tmp_path):
    """Ten times the rows take hardly more memory than one time."""
    peaks = []
    for times in (1, 10):
        folder = tmp_path / f"times-{times}"
        folder.mkdir()
        body = "tea " * 500
        with (folder / "Posts.xml").open("w") as file:
            file.write("<posts>\n")
            for number in range(1, 3000 * times):
                file.write(
                    f'<row Id="{number}" PostTypeId="1" CreationDate="2020-01-02T00:00:00.000" Body="{body}" />\n'
                )
            file.write("</posts>")
        (folder / "Users.xml").write_text("<users></users>")
        code = (
            "import resource, sys; from pathlib import Path; from app.imports.stackexchange import dump, staging;"
            "f = dump.files(Path(sys.argv[1])); staging.build(f, Path(sys.argv[1]) / 's.sqlite', lambda n: None);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] < peaks[0] * 1.15
