"""Search: what is found, what never is, and that the index cannot miss anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.badging import library
from app.domain.base import now
from app.domain.finding import search, similar, spelling
from app.domain.writing import edits, posts, removals
from tests.factories import make_category, make_member, make_thread
from tests.web.scenery import make_badge


@pytest.fixture
def ada(session):
    return make_member(session, "ada")


def ask(session, by, title="A thread", body="Why?", **more):
    category = more.pop("category", None) or make_category(session)
    return posts.start_thread(session, by, category, kind=more.pop("kind", "question"), title=title, body=body, **more)


def found(session, typed, **filters):
    session.flush()
    rows, _more = search.written(session, search.Query(search.words_of(typed), **filters))
    return [it.id for it in rows]


def opening(session, thread):
    return session.scalar(text("SELECT min(id) FROM posts WHERE thread_id = :id"), {"id": thread.id})


@pytest.mark.parametrize("typed", ["networkdays", "NETWORKDAYS", "network", "networkdays function", "networkday's"])
def test_a_thread_is_found_by_its_title_and_by_its_text(session, ada, typed):
    by_title = ask(session, ada, title="The NETWORKDAYS function")
    by_text = ask(session, ada, body="I tried networkdays, the function.")
    ask(session, ada, title="Something else")
    assert set(found(session, typed)) == {opening(session, it) for it in (by_title, by_text)}


def test_every_word_has_to_be_there(session, ada):
    both = ask(session, ada, title="Red kite", body="It flies.")
    ask(session, ada, title="Red wine")
    assert found(session, "red kite") == [opening(session, both)]
    assert found(session, "red balloon") == []


def test_a_word_in_the_title_counts_more_than_one_in_the_text(session, ada):
    ask(session, ada, title="Trains", body="No propeller here.")
    best = ask(session, ada, title="Propeller pitch", body="Coarse or fine?")
    ask(session, ada, title="Boats", body="A propeller too.")
    assert found(session, "propeller")[0] == opening(session, best)


def test_answers_and_comments_are_found_and_kinds_told_apart(session, ada):
    thread = make_thread(session, ada, body="About gliders?")
    answer = posts.post_reply(session, thread, ada, "Gliders have no engine.")
    comment = posts.comment(session, answer, ada, "Motor gliders do.")
    assert set(found(session, "gliders")) == {opening(session, thread), answer.id, comment.id}
    assert found(session, "gliders", opening=True) == [opening(session, thread)]
    assert set(found(session, "gliders", opening=False)) == {answer.id, comment.id}


@pytest.mark.parametrize("typed", ["c", "C#", "go", "js", "über", "日本語"])
def test_short_and_foreign_words_are_found(session, ada, typed):
    thread = ask(session, ada, title="C# or Go?", body="node.js and über, 日本語")
    ask(session, ada, title="Nothing", body="nothing")
    assert found(session, typed) == [opening(session, thread)]


@pytest.mark.parametrize(
    ("typed", "body"),
    [("cafe", "A small café."), ("CAFÉ", "A small cafe."), ("naive", "How naïve!"), ("crème brulee", "Creme brûlée, please."),
     ("resume", "My re\u0301sume\u0301"), ("hangar", "Der HANGAR."), ("שלום", "אז שלום לך"), ("مرحبا", "قال مرحبا بكم"),
     ("Ёлка", "Где ёлка?"), ("한국", "한국어를 배우다"), ("日本語", "これは日本語です。"), ("东京", "我住在东京塔旁边"), ("水", "冷たい水です"),
     ("ภาษา", "ผมพูดภาษาไทย"), ("😀 kite", "A kite 😀"), ("iphone版", "これはiPhone版です")],
)  # fmt: skip
def test_neither_case_nor_accents_nor_scripts_without_spaces_hide_a_word(session, ada, typed, body):
    thread = ask(session, ada, title="One", body=body)
    ask(session, ada, title="Other", body="Nothing: здесь, 大阪, ธง.")
    assert found(session, typed) == [opening(session, thread)]


def test_short_words_are_found_whole_in_texts_and_by_their_beginning_in_titles(session, ada):
    whole = ask(session, ada, title="Channels", body="Written in Go.")
    begun = ask(session, ada, title="Good morning")
    ask(session, ada, title="Evening", body="A good one.")
    assert found(session, "go") == [opening(session, whole), opening(session, begun)]


def test_words_that_follow_each_other_count_more_than_the_same_words_apart(session, ada):
    near = ask(session, ada, title="First", body="Put the landing light on.")
    ask(session, ada, title="Second", body="A light wind at landing.")
    assert len(found(session, "landing light")) == 2
    assert found(session, "landing light")[0] == opening(session, near)


def test_what_was_liked_comes_before_what_was_not(session, ada):
    thread = make_thread(session, ada)
    liked, newer = (posts.post_reply(session, thread, ada, "Try ballast.") for _ in range(2))
    liked.upvotes = 3
    assert found(session, "ballast") == [liked.id, newer.id]


def test_however_many_have_a_word_the_newest_and_those_titled_with_it_are_looked_at(session, ada, monkeypatch):
    monkeypatch.setattr(search, "CANDIDATES", 4)
    search._written.cache_clear()
    titled = ask(session, ada, title="Windsock", body="Which?")
    thread = make_thread(session, ada)
    replies = [posts.post_reply(session, thread, ada, f"The windsock {nth}") for nth in range(9)]
    assert found(session, "windsock") == [opening(session, titled), *(it.id for it in replies[:-5:-1])]
    ben = make_member(session, "ben")
    replies[0].author = ben
    assert found(session, "windsock", author="ben") == [replies[0].id]  # filters come before the bound
    search._written.cache_clear()


def test_where_few_have_all_words_those_with_the_telling_ones_are_near(session, ada):
    close = ask(session, ada, title="Cleaning a burr grinder")
    ask(session, ada, title="How do I do it?")
    session.flush()
    query = search.Query(search.words_of("how do I best do the cleaning of my grinder"))
    assert not search.written(session, query)[0]
    assert [it.id for it in search.nearly(session, query)] == [opening(session, close)]


def test_badges_are_found_by_the_beginnings_of_words_accents_or_not(session, ada):
    for slug, name in (("scout", "Éclaireur"), ("safe-hands", "Safe hands")):
        make_badge(session, slug, name=name)

    def names(typed):
        return [it.name for it in search.badges(library.every(session), search.words_of(typed))]

    assert names("eclair") == names("ÉCLAIREUR") == ["Éclaireur"]
    assert names("hand") == names("safe hands") == ["Safe hands"]
    assert names("ands") == names("") == []


def test_an_edit_is_found_by_the_new_words_and_no_longer_by_the_old(session, ada):
    thread = ask(session, ada, title="Old heading", body="Old words")
    post = session.get(posts.Post, opening(session, thread))
    edits.edit(session, post, ada, title="Fresh heading", body="Fresh words")
    assert found(session, "fresh heading words") == [post.id]
    assert found(session, "old") == found(session, "words old") == []


def test_what_was_removed_is_not_found_until_it_is_restored(session, ada):
    thread = make_thread(session, ada)
    mia = make_member(session, "mia", role="moderator")
    answer = posts.post_reply(session, thread, ada, "zeppelin")
    assert found(session, "zeppelin") == [answer.id]
    removals.remove(session, answer, mia)
    assert found(session, "zeppelin") == []
    removals.restore(session, answer, mia)
    assert found(session, "zeppelin") == [answer.id]
    removals.remove(session, session.get(posts.Post, opening(session, thread)), mia)
    assert found(session, "zeppelin") == []


def test_rows_written_past_the_verbs_are_found_and_forgotten_too(session, ada):
    thread = make_thread(session, ada)
    session.flush()
    session.execute(text("UPDATE posts SET body = 'airship' WHERE thread_id = :id"), {"id": thread.id})
    assert found(session, "airship") == [opening(session, thread)]
    session.execute(text("UPDATE threads SET title = 'Dirigible' WHERE id = :id"), {"id": thread.id})
    assert found(session, "dirigible") == [opening(session, thread)]
    answer = posts.post_reply(session, thread, ada, "blimp")
    session.flush()
    session.execute(text("DELETE FROM activities WHERE post_id = :id"), {"id": answer.id})
    session.execute(text("DELETE FROM posts WHERE id = :id"), {"id": answer.id})
    count = {"sqlite": "SELECT count(*) FROM search_words WHERE search_words MATCH 'blimp'"}
    everywhere = "SELECT count(*) FROM search_posts WHERE words @@ to_tsquery('simple', 'blimp')"
    assert session.scalar(text(count.get(session.get_bind().dialect.name, everywhere))) == 0


def test_filters_narrow_what_is_found(session, ada):
    ben, lounge = make_member(session, "ben"), make_category(session, slug="lounge")
    kite = ask(session, ada, title="Kite", category=lounge, tagged=["wind"])
    idea = ask(session, ben, title="Kite festival", kind="idea", at=now() - timedelta(days=20))
    first, second = opening(session, kite), opening(session, idea)
    assert set(found(session, "kite")) == {first, second}
    assert found(session, "kite", category="lounge") == found(session, "kite", tag="Wind") == [first]
    assert found(session, "kite", author="BEN") == found(session, "kite", state="idea") == [second]
    assert found(session, "kite", period="week") == found(session, "kite", state="waiting") == [first]
    assert found(session, "kite", category="nowhere") == found(session, "kite", state="answered") == []


def test_results_come_in_pages_without_gaps(session, ada):
    thread = make_thread(session, ada)
    for nth in range(25):
        posts.comment(session, session.get(posts.Post, opening(session, thread)), ada, f"seaplane {nth}")
    session.flush()
    query = search.Query(search.words_of("seaplane"))
    (one, more), (two, no_more) = search.written(session, query), search.written(session, query, 2)
    assert (len(one), more, len(two), no_more) == (20, True, 5, False)
    assert len({it.id for it in [*one, *two]}) == 25


@pytest.mark.parametrize(
    "typed",
    ['"', "'", "\\", "a:*", "NOT", "AND OR", "NEAR(a b)", "-x", "^x", "*", "%" * 1000, "_", "(", "{title}:x", "x & !", "<->",
     "title:x", "'; DROP TABLE posts; --", "\u202e", "x" * 5000, "²", "‍", "½ ﬁ", "a\x00b", "😀"],
)  # fmt: skip
def test_no_sign_is_taken_for_syntax(session, ada, typed):
    ask(session, ada, title="Anything")
    found(session, typed)
    search.people(session, search.words_of(typed))
    spelling.suggestion(session, typed, [], lambda _words: True)
    assert session.scalar(text("SELECT count(*) FROM posts")) == 1


def test_members_are_found_by_any_part_of_their_names(session, ada):
    make_member(session, "grace.hopper").name = "Grace Hopper"
    make_member(session, "unverified-hopper", email_verified_at=None)
    make_member(session, "gone-hopper", deleted_at=now())
    session.flush()

    def names(typed):
        return [it.username for it in search.people(session, search.words_of(typed))[0]]

    assert names("hopper") == names("opper") == names("grace hop") == names("gr") == ["grace.hopper"]
    session.execute(text("UPDATE members SET name = 'Amazing G' WHERE username = 'grace.hopper'"))
    assert names("amazing") == ["grace.hopper"]
    assert names("nobody") == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("netwrokdays", "networkdays"), ("networkdais", "networkdays"), ("How to use netwrokdays", "How to use networkdays"),
     ("balooon", "balloon"), ("networkdays", None), ("qqqqqq", None)],
)  # fmt: skip
def test_a_misspelled_word_is_put_right(session, ada, typed, meant):
    ask(session, ada, title="How to use NETWORKDAYS", body="A balloon is no function.")
    session.flush()

    def finds(words):
        return bool(search.written(session, search.Query(words))[0])

    assert spelling.suggestion(session, typed, [], finds) == meant


def test_of_words_alike_the_one_that_many_wrote_is_meant(session, ada):
    ask(session, ada, title="One", body="A slip of the pen: caffeiene.")
    for nth in range(3):
        ask(session, ada, title=f"Question {nth}", body="How much caffeine?")
    session.flush()

    def finds(words):
        return bool(search.written(session, search.Query(words))[0])

    assert spelling.suggestion(session, "caffiene", [], finds) == "caffeine"
    assert spelling.suggestion(session, "caffeine", [], finds) is None


def test_words_that_nobody_may_see_are_not_suggested(session, ada):
    thread = ask(session, ada, title="Hidden canaryword", tagged=["canarytag"])
    mia = make_member(session, "mia", role="moderator")
    assert spelling.suggestion(session, "canarywrod", [], lambda words: bool(found(session, words[0]))) == "canaryword"
    removals.remove(session, session.get(posts.Post, opening(session, thread)), mia)
    session.flush()
    for typed in ("canarywrod", "canarytga"):
        assert spelling.suggestion(session, typed, [], lambda words: bool(found(session, words[0]))) is None


def similar_to(session, title):
    session.flush()
    return [it.thread_id for it in similar.threads(session, title)]


def test_threads_about_the_same_are_found_by_the_telling_words_of_a_title(session, ada):
    same = ask(session, ada, title="Counting working days between two dates")
    close = ask(session, ada, title="Which function knows the working days?")
    ask(session, ada, title="How do I change the oil?")
    assert similar_to(session, "How do I count the working days between dates")[:1] == [same.id]
    assert set(similar_to(session, "The function for working days of a year")) >= {close.id}
    assert similar_to(session, "Gliders at night") == []


@pytest.mark.parametrize("title", ["", "How do I", "?!", "a b c", "the"])
def test_a_title_that_says_nothing_yet_finds_nothing(session, ada, title):
    ask(session, ada, title="How do I land, and what is the gate for?")
    assert similar_to(session, title) == []


def test_a_few_similar_threads_are_enough_and_those_gone_are_none(session, ada):
    many = [ask(session, ada, title=f"Gliders number {nth}") for nth in range(7)]
    assert len(similar_to(session, "gliders")) == similar.SHOWN
    for it in many[1:]:
        removals.remove(session, session.get(posts.Post, opening(session, it)), ada)
    assert similar_to(session, "gliders") == [many[0].id]
