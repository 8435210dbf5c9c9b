"""What is wrong with a dump is said with file, line and remedy, and nothing half is left."""

import pytest
from sqlalchemy import func, select

from app.domain.awarding.imported import ImportRun
from app.domain.people.members import Member
from app.imports.stackexchange import DumpError, untold

BOMB = """<?xml version="1.0"?>
<!DOCTYPE posts [<!ENTITY a "tea"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<posts><row Id="1" PostTypeId="1" CreationDate="2020-01-02T00:00:00" Body="&b;" /></posts>"""
ROW = '<row Id="1" PostTypeId="1" CreationDate="2020-01-02T00:00:00" Body="x" />'

DAMAGES = {
    "cut short in a row": (f"<posts>\n{ROW}\n<row Id=", "line 3: ends in the middle"),
    "cut short between rows": (f"<posts>\n{ROW}\n", "line 3: ends in the middle"),
    "empty": ("", "ends in the middle"),
    "not XML": (f"<posts>\n{ROW}\n<row <", "line 3: is not well-formed XML"),
    "unbalanced": (f"<posts>\n{ROW}</users>", "line 2: is not well-formed XML"),
    "a bomb": (BOMB, "line 2: defines a document type or entities"),
    "another table": ("<users></users>", "holds <users>, not <posts>"),
    "no Id": ('<posts>\n<row PostTypeId="1" CreationDate="2020-01-02T00:00:00" /></posts>', "line 2: a row has no Id"),
    "a number that is none": ("<posts>" + ROW.replace('TypeId="1"', 'TypeId="one"') + "</posts>", "'one' is not a whole number"),
    "a number too large": ("<posts>" + ROW.replace('Id="1" P', f'Id="{10**30}" P') + "</posts>", "is too large a number"),
    "a date that is none": ("<posts>" + ROW.replace("2020-01", "2020-13") + "</posts>", "is not a time like"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_with_its_line_and_nothing_is_imported(dump, bring, session, tmp_path, damage):
    text, says = DAMAGES[damage]
    folder = dump.write(tmp_path / "damaged")
    (folder / "Posts.xml").write_text(text)
    with pytest.raises(DumpError) as no:
        bring(folder)
    assert f"{folder}/Posts.xml, line " in str(no.value)
    assert says in str(no.value)
    assert session.scalar(select(func.count()).select_from(Member)) == 0
    assert session.scalars(select(ImportRun)).all() == []
    assert not list((tmp_path / "work" / "imports").glob("*.sqlite*"))
    assert not list((tmp_path / "work" / "imports").glob("*.draft"))


def test_after_the_file_is_mended_the_import_runs(dump, bring, tmp_path):
    dump.question(1, by=1)
    folder = dump.write(tmp_path / "damaged")
    whole = (folder / "Posts.xml").read_bytes()
    (folder / "Posts.xml").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DumpError):
        bring(folder)
    (folder / "Posts.xml").write_bytes(whole)
    assert bring(folder).counts["thread"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_files_are_read_with_and_without_byte_order_mark(dump, bring, session, tmp_path, encoding):
    dump.user(3, "Zoë Đuro")
    folder = dump.write(tmp_path / "encoded")
    text = dump.xml("Users").replace('encoding="utf-8"', f'encoding="{encoding.removesuffix("-sig")}"')
    (folder / "Users.xml").write_text(text, encoding=encoding)
    bring(folder)
    assert session.scalars(select(Member.name).where(Member.username == "zoe.uro")).one() == "Zoë Đuro"


def test_another_encoding_than_the_file_says_is_refused_with_its_line(dump, bring, tmp_path):
    dump.user(3, "Zoë")
    folder = dump.write(tmp_path / "latin")
    (folder / "Users.xml").write_text(dump.xml("Users"), encoding="latin-1")
    with pytest.raises(DumpError, match=r"Users\.xml, line 5: is not well-formed XML"):
        bring(folder)


def test_an_empty_folder_is_no_dump(bring, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DumpError, match=r"has no Users\.xml and no Posts\.xml"):
        bring(tmp_path / "empty")
    with pytest.raises(DumpError, match="is not a folder"):
        bring(tmp_path / "nowhere")


def test_rows_that_refer_to_nothing_are_left_out(dump, bring):
    dump.question(1, by=1)
    dump.answer(2, to=99, by=2)
    dump.comment(98, by=1)
    dump.vote(97)
    dump.history(96, 5, by=1, day=3)
    counts = bring(dump).counts
    assert (counts["post"], counts.get("comment", 0)) == (1, 0)


@pytest.mark.parametrize(
    ("missing", "gone", "kept"),
    [
        ("PostHistory", {"edited", "retagged"}, {"upvote_received", "commented"}),
        ("Votes", {"upvote_received", "good_question", "stayed_alone"}, {"edited", "commented"}),
        ("Comments", {"commented", "stayed_alone"}, {"edited", "upvote_received", "good_question"}),
        ("Tags", set(), {"edited", "upvote_received", "commented", "stayed_alone"}),
    ],
)
def test_a_missing_table_drops_what_only_it_can_tell(dump, bring, deeds, missing, gone, kept):
    dump.question(1, by=1)
    dump.vote(1)
    dump.comment(1, by=2)
    dump.history(1, 5, by=2, day=5, revision="one")
    dump.history(1, 6, by=2, day=5, revision="one")
    dump.question(2, by=1)
    outcome = bring(dump, without=(f"{missing}",))

    assert outcome.missing == [missing]
    assert gone <= untold([missing])
    assert not any(deeds(kind) for kind in gone)
    assert all(deeds(kind) for kind in kept)
