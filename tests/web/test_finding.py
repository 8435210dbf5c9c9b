"""Finding: search, Best Of, lists with what is new, what one follows and marks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from app.db import transaction
from app.domain.base import now
from app.domain.finding import best
from app.domain.forum import follows, reads
from app.domain.forum.threads import Post
from app.domain.people.members import Member
from app.domain.writing import posts, removals
from tests.factories import make_category, make_member
from tests.web.scenery import make_badge, make_post, make_ranks, make_thread_of, sign_in


@pytest.fixture
def ada(engine):
    with transaction(engine) as session:
        make_ranks(session)
        return make_member(session, "ada")


@pytest.fixture
def ben(engine):
    with transaction(engine) as session:
        return make_member(session, "ben")


def soup(answer):
    assert answer.status_code == 200, answer.status
    return BeautifulSoup(answer.data, "html.parser")


def read(client, thread):
    """Open a thread; that it was read is written down when the answer is closed."""
    with client.get(f"/t/{thread.id}/{thread.slug}") as answer:
        return soup(answer)


def send(client, path, **fields):
    token = BeautifulSoup(client.get("/appearance").data, "html.parser").select_one("[name=csrf_token]")["value"]
    return client.post(path, data={"csrf_token": token, **fields})


def start(session, by, title, body="Why?", **more):
    category = more.pop("category", None) or make_category(session)
    return posts.start_thread(session, by, category, kind=more.pop("kind", "question"), title=title, body=body, **more)


# --- Search -------------------------------------------------------------------------------------


def test_a_search_shows_the_words_it_found_and_where(client, engine, ada):
    with transaction(engine) as session:
        thread = start(
            session, ada, "About <b>rudders</b>", "Long ago. " * 40 + "The rudder is stuck. " + "And so on. " * 40
        )
    page = soup(client.get("/search?q=rudder"))
    [hit] = page.select("[data-hit]")
    assert hit.select_one("h3 a")["href"] == f"/t/{thread.id}/{thread.slug}"
    assert [it.text for it in hit.select("h3 mark")] == ["rudders"]
    assert hit.select_one(".excerpt mark").text == "rudder"
    assert len(hit.select_one(".excerpt").text) < 260
    assert hit.select_one("h3 b") is None


def test_members_and_badges_are_found_beside_posts(client, engine, ada):
    with transaction(engine) as session:
        make_badge(session, "propeller-head")
        make_member(session, "propeller-fan")
        start(session, ada, "Which propeller?")
    page = soup(client.get("/search?q=propeller"))
    assert page.select_one('[data-member="propeller-fan"]')
    assert page.select_one('a[href="/badges/propeller-head"]')
    assert len(page.select("[data-hit]")) == 1
    assert not soup(client.get("/search?q=propeller&what=members")).select("[data-hit]")
    assert len(soup(client.get("/search?q=propeller&what=badges")).select("#results .people > li")) == 1


def test_a_misspelled_search_leads_to_the_right_one(client, engine, ada):
    with transaction(engine) as session:
        start(session, ada, "How does NETWORKDAYS count?")
    page = soup(client.get("/search?q=netwrokdays"))
    assert "Nothing found for “netwrokdays”" in page.select_one("#results h2").text
    meant = page.select_one("[data-meant]")
    assert meant.text == "networkdays"
    assert soup(client.get(meant["href"])).select("[data-hit]")
    assert not soup(client.get("/search?q=zzzzzzzz")).select("[data-meant]")


def test_where_few_have_all_words_others_are_offered_below(client, engine, ada):
    with transaction(engine) as session:
        start(session, ada, "Cleaning a burr grinder", "With rice?")
    page = soup(client.get("/search?q=best+cleaning+of+my+grinder"))
    assert page.select_one("#results h2").text.startswith("Nothing found")
    near = page.select_one('section[aria-labelledby="near-posts"]')
    assert [it.text for it in near.select("[data-hit] h3 mark")] == ["Cleaning", "grinder"]
    assert not soup(client.get("/search?q=cleaning+grinder")).select("#near-posts")


def test_who_finds_little_by_a_slip_of_the_pen_is_led_to_more(client, engine, ada):
    with transaction(engine) as session:
        start(session, ada, "A slip", "raspbery")
        for nth in range(6):
            start(session, ada, f"Question {nth}", "About a raspberry")
    page = soup(client.get("/search?q=raspbery"))
    assert len(page.select("[data-hit]")) == 1
    assert page.select_one("[data-meant]").text == "raspberry"
    assert not soup(client.get("/search?q=raspberry")).select("[data-meant]")


@pytest.mark.parametrize("query", ["", "q=", "q=%22", "q=" + "%25" * 1000, "q=a&author=%0A&tag=%27&category=%22"])
def test_whatever_is_typed_gives_a_page(client, ada, query):
    assert client.get(f"/search?{query}").status_code == 200


@pytest.mark.parametrize("query", ["what=x", "state=x", "period=x", "page=0", "page=x"])
def test_a_filter_that_is_none_is_a_bad_request(client, query):
    assert client.get(f"/search?q=a&{query}").status_code == 400


def test_what_was_removed_is_nowhere_to_be_found(client, engine, ada, ben):
    """Side doors: search, Best Of, lists, tags, feeds, maps, bookmarks, follows, previews."""
    with transaction(engine) as session:
        mia = make_member(session, "mia", role="moderator")
        thread = start(session, session.merge(ada), "canarytitle", "canarybody", tagged=["canarytag"])
        other = start(session, session.merge(ada), "Fine", "Fine")
        reply = posts.post_reply(session, other, session.merge(ada), "canaryreply")
        comment = posts.comment(session, reply, session.merge(ada), "canarycomment")
        for it in (thread, other):
            follows.follow(session, session.merge(ben), it)
        opening = session.query(Post).filter_by(thread_id=thread.id).one()
        for it in (opening, reply, comment):
            it.upvotes = 5
        ids = [it.id for it in (opening, reply, comment)]
    ways = [
        "/", "/?sort=active", "/?sort=following", "/?tag=canarytag", "/best", "/best?period=all", "/following",
        "/bookmarks", "/feeds/threads.atom", f"/feeds/t/{other.id}.atom", f"/feeds/t/{thread.id}.atom", "/sitemaps/1.xml",
        f"/t/{other.id}/fine", f"/t/{thread.id}/canarytitle", "/u/ada", "/search?q=canary", "/search?q=canarytitel",
        "/search?q=canaryreply", f"/unread/{thread.id}", f"/feeds/c/{thread.category.slug}.atom", f"/c/{thread.category.slug}",
    ]  # fmt: skip
    sign_in(client, engine, ben)
    for it in ids:
        send(client, f"/p/{it}/bookmark")

    def seen():
        page_texts = {way: client.get(way).text.replace(way.partition("=")[2], "") for way in ways}
        return {way for way, text in page_texts.items() if "canary" in text}

    assert len(seen()) >= 15  # all of it is there while it may be seen
    with transaction(engine) as session:
        for it in ids:
            removals.remove(session, session.get(Post, it), session.merge(mia))
    assert seen() - {f"/t/{thread.id}/canarytitle"} == set()
    assert client.get(f"/unread/{thread.id}").status_code == client.get(f"/feeds/t/{thread.id}.atom").status_code == 404


# --- Best Of ------------------------------------------------------------------------------------


def test_the_best_comes_first_and_the_newer_of_two_alike(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0, created_at=now())
        old, new, liked, old_time = (
            make_post(session, thread, ada, upvotes=votes, created_at=now() - timedelta(days=age))
            for votes, age in ((4, 5), (4, 1), (9, 3), (50, 40))
        )
        make_post(session, thread, ada, created_at=now())
        make_post(session, thread, ada, kind="comment", parent_id=new.id, upvotes=99, created_at=now())

    def order(path):
        return [int(it["data-hit"]) for it in soup(client.get(path)).select("[data-hit]")]

    assert order("/best") == [liked.id, new.id, old.id]
    assert order("/best?period=month") == [liked.id, new.id, old.id]
    assert order("/best?period=all")[0] == old_time.id
    assert order("/best?period=all&what=threads") == []


def test_a_reaction_counts_half_after_half_the_period():
    half = timedelta(days=3.5)
    assert best.value(8, timedelta(), half) == 8
    assert best.value(8, half, half) == 4
    assert best.value(8, 2 * half, half) == 2


def test_best_of_comes_in_pages(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0)
        for votes in range(25):
            make_post(session, thread, ada, upvotes=votes + 1, created_at=now())
    pages = [[it["data-hit"] for it in soup(client.get(f"/best?page={n}")).select("[data-hit]")] for n in (1, 2)]
    assert [len(it) for it in pages] == [20, 5]
    assert len({*pages[0], *pages[1]}) == 25
    assert client.get("/best?page=3").status_code == 404


# --- Lists --------------------------------------------------------------------------------------


def titles(client, path="/"):
    return [it.text for it in soup(client.get(path)).select(".threads h2 a")]


def test_pinned_threads_come_first_on_the_first_page_only(client, engine, ada):
    with transaction(engine) as session:
        lounge = make_category(session, slug="lounge")
        make_thread_of(
            session, ada, 0, title="Pinned", category=lounge, pinned_at=now(), created_at=now() - timedelta(days=9)
        )
        for nth in range(31):
            make_thread_of(session, ada, 0, title=f"Thread {nth}", created_at=now() - timedelta(minutes=nth))
    first, second = titles(client), titles(client, "/?page=2")
    assert first == ["Pinned", *(f"Thread {nth}" for nth in range(30))]
    assert second == ["Thread 30"]
    assert titles(client, "/c/lounge") == ["Pinned"]
    assert titles(client, "/?sort=active")[0] == "Pinned"


def test_a_tag_narrows_a_list(client, engine, ada):
    with transaction(engine) as session:
        lounge = make_category(session, slug="lounge")
        start(session, ada, "Tagged", tagged=["wind"], category=lounge)
        start(session, ada, "Tagged elsewhere", tagged=["wind"])
        start(session, ada, "Bare", category=lounge)
    assert set(titles(client, "/?tag=Wind")) == {"Tagged", "Tagged elsewhere"}
    assert titles(client, "/c/lounge?tag=wind&sort=active") == ["Tagged"]
    assert "No threads with this tag" in client.get("/?tag=nothing").text


def test_new_posts_are_counted_until_they_are_read(client, engine, ada, ben, app):
    with transaction(engine) as session:
        thread = start(session, ada, "Which gate?")
    sign_in(client, engine, ben)

    def new(path="/"):
        return int(soup(client.get(path)).select_one(".threads > li[data-new]")["data-new"])

    read(client, thread)
    assert new() == 0
    with transaction(engine) as session:
        first = posts.post_reply(session, session.merge(thread), session.merge(ada), "B7.")
        posts.comment(session, first, session.merge(ada), "Or B8.")
        posts.comment(session, first, session.merge(ben), "Thanks")
    assert new() == new("/?sort=active") == 2
    assert client.get(f"/unread/{thread.id}").location == f"/p/{first.id}"
    assert read(client, thread).select_one(f'a[href="/unread/{thread.id}"]')
    assert new() == 0
    assert client.get(f"/unread/{thread.id}").location == f"/t/{thread.id}/{thread.slug}"


def test_a_page_of_a_thread_leaves_what_is_on_another_unread(engine, session, ada, ben):
    with transaction(engine) as writing:
        thread = start(writing, ada, "Long")
        one, two, three = (posts.post_reply(writing, thread, writing.merge(ada), str(n)) for n in range(3))
        opening = writing.query(Post).filter_by(thread_id=thread.id, kind="question").one()
    reader = session.get(Member, ben.id)
    assert reads.see(session, thread.id, reader, [opening.id, one.id, three.id]) == one.id
    assert reads.first_new(session, ben.id, thread.id) == two.id
    assert reads.see(session, thread.id, reader, [two.id, three.id]) == three.id
    assert reads.first_new(session, ben.id, thread.id) is None


def test_a_thread_started_since_one_joined_is_new_until_opened_and_all_can_be_marked_read(client, engine, ada, ben):
    with transaction(engine) as session:
        thread = start(session, ada, "Fresh", at=now() + timedelta(seconds=1))
        start(session, ada, "Stale", at=now() - timedelta(days=400))
        start(session, session.merge(ben), "Own", at=now() + timedelta(seconds=2))
    sign_in(client, engine, ben)

    def marks():
        page = soup(client.get("/"))
        return {it.select_one("h2").text: it["data-new"] for it in page.select(".threads > li[data-new]")}

    assert marks() == {"Fresh": "-1", "Stale": "0", "Own": "0"}
    with transaction(engine) as session:
        reads.all_read(session, session.merge(ben), at=now() + timedelta(minutes=1))
    assert marks()["Fresh"] == "0"
    assert send(client, "/reads", next=f"/t/{thread.id}").location == f"/t/{thread.id}"
    assert send(client, "/reads", next="//evil.example").location == "/"


def test_a_line_tells_what_is_new_since_the_last_visit(client, engine, ada, ben):
    left = now() - timedelta(hours=5)
    with transaction(engine) as session:
        start(session, ada, "Since", at=now() - timedelta(hours=1))
        start(session, ada, "Before", at=now() - timedelta(hours=9))
        session.merge(ben).seen_at = left
    assert not soup(client.get("/")).select(".since")
    sign_in(client, engine, ben)
    for _ in range(2):  # the visit is written down after the first page
        rows = soup(client.get("/")).select(".threads > li")
        assert [it.h2.text if it.h2 else "line" for it in rows] == ["Since", "line", "Before"]


# --- Following and bookmarks --------------------------------------------------------------------


def test_following_and_stopping_with_one_button(client, engine, ada, ben):
    with transaction(engine) as session:
        lounge = make_category(session, slug="lounge")
        thread = start(session, ada, "Which gate?", category=lounge)
    sign_in(client, engine, ben)
    for page, action in ((f"/t/{thread.id}/{thread.slug}",) * 2, ("/c/lounge",) * 2, ("/u/ada",) * 2):
        action = f"/t/{thread.id}/following" if action.startswith("/t") else f"{action}/following"
        for pressed in ("true", "false"):
            assert send(client, action).location == page
            assert soup(client.get(page)).select_one(f'form[action="{action}"] button')["aria-pressed"] == pressed


def test_nobody_follows_themselves_or_what_is_not_there(client, engine, ada):
    sign_in(client, engine, ada)
    assert send(client, "/u/ada/following").status_code == 403
    for path in ("/u/nobody/following", "/c/nowhere/following", "/t/99/following", "/p/99/bookmark"):
        assert send(client, path).status_code == 404


def test_strangers_are_asked_to_sign_in(client, ada):
    for path in ("/following", "/bookmarks", "/unread/1"):
        assert client.get(path).location.startswith("/login?next=/")
    assert client.get("/?sort=following").location == "/login?next=/%3Fsort%3Dfollowing"


def test_by_htmx_a_button_answers_with_itself(client, engine, ada, ben):
    with transaction(engine) as session:
        thread = start(session, ada, "Which gate?")
    sign_in(client, engine, ben)
    token = soup(client.get("/appearance")).select_one("[name=csrf_token]")["value"]
    answer = client.post(f"/t/{thread.id}/following", data={"csrf_token": token}, headers={"HX-Request": "true"})
    [form] = soup(answer).find_all(recursive=False)
    assert form["action"] == f"/t/{thread.id}/following"
    assert form.button["aria-pressed"] == "true"


def test_writers_follow_what_they_write_in(session, ada, ben):
    ada, ben = session.merge(ada), session.merge(ben)
    thread = start(session, ada, "Which gate?")
    assert not follows.follows(session, ben.id, thread=thread.id)
    posts.post_reply(session, thread, ben, "B7.")
    assert follows.follows(session, ada.id, thread=thread.id)
    assert follows.follows(session, ben.id, thread=thread.id)


def test_what_one_follows_is_listed_with_new_posts_first(client, engine, ada, ben):
    with transaction(engine) as session:
        ben_here, lounge = session.merge(ben), make_category(session, slug="lounge", name="Lounge")
        quiet, busy = (start(session, ada, title) for title in ("Quiet", "Busy"))
        for what in (quiet, busy, lounge, session.merge(ada)):
            follows.follow(session, ben_here, what)
    sign_in(client, engine, ben)
    for thread in (busy, quiet):
        read(client, thread)
    with transaction(engine) as session:
        posts.post_reply(session, session.merge(busy), session.merge(ada), "News.")
        session.merge(quiet).active_at = now() + timedelta(days=1)
        start(session, ada, "By Ada")
        start(session, make_member(session), "Not followed")
    page = soup(client.get("/following"))
    assert [(it.h3.text, it["data-new"]) for it in page.select(".threads > li")] == [("Busy", "1"), ("Quiet", "0")]
    assert page.select_one('aside a[href="/c/lounge"]')
    assert page.select_one('aside [data-member="ada"]')
    assert set(titles(client, "/?sort=following")) == {"Quiet", "Busy", "By Ada"}
    assert send(client, f"/t/{busy.id}/following", **{"from": "list"}).location == "/following"
    assert [it.h3.text for it in soup(client.get("/following")).select(".threads > li")] == ["Quiet"]


def test_bookmarks_are_ones_own(client, engine, ada, ben):
    with transaction(engine) as session:
        thread = start(session, ada, "Which gate?", "Where do I go from here?")
        post = session.query(Post).filter_by(thread_id=thread.id).one()
    sign_in(client, engine, ben)
    assert send(client, f"/p/{post.id}/bookmark").location == f"/p/{post.id}"
    [hit] = soup(client.get("/bookmarks")).select("[data-hit]")
    assert "Where do I go" in hit.select_one(".excerpt").text
    sign_in(client, engine, ada)
    assert not soup(client.get("/bookmarks")).select("[data-hit]")
    sign_in(client, engine, ben)
    send(client, f"/p/{post.id}/bookmark")
    assert not soup(client.get("/bookmarks")).select("[data-hit]")
