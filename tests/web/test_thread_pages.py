"""Reading threads and lists of threads."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from app.db import transaction
from app.domain.base import now
from tests.factories import make_category, make_member
from tests.web.scenery import make_post, make_ranks, make_thread_of


@pytest.fixture
def ada(engine):
    with transaction(engine) as session:
        make_ranks(session)
        return make_member(session, "ada")


def soup(answer):
    return BeautifulSoup(answer.data, "html.parser")


def posts_on(page):
    return [int(it["data-post"]) for it in page.select("article[data-post]")]


def test_a_wrong_slug_leads_to_the_right_one_with_its_query(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 30)
    answer = client.get(f"/t/{thread.id}/wrong?page=2")
    assert answer.status_code == 301
    assert answer.location == f"/t/{thread.id}/a-thread?page=2"


def test_the_accepted_answer_comes_first_then_the_best_then_the_oldest(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0)
        old, liked, accepted = (make_post(session, thread, ada, upvotes=n) for n in (0, 3, 1))
        thread.accepted_post_id = accepted.id
    page = soup(client.get(f"/t/{thread.id}/a-thread"))
    assert posts_on(page)[1:] == [accepted.id, liked.id, old.id]
    assert page.select_one(f"#post-{accepted.id}").get_text(" ", strip=True).startswith("Accepted answer")


def test_replies_of_a_discussion_stay_in_their_order_whatever_their_votes(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0, kind="discussion")
        first, second = (make_post(session, thread, ada, kind="reply", upvotes=n) for n in (0, 9))
    assert posts_on(soup(client.get(f"/t/{thread.id}/a-thread")))[1:] == [first.id, second.id]


def test_every_post_stands_on_exactly_one_page(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 45)
    pages = [posts_on(soup(client.get(f"/t/{thread.id}/a-thread?page={n}"))) for n in (1, 2, 3)]
    assert [len(it) for it in pages] == [21, 20, 5]
    assert len({post for page in pages for post in page}) == 46
    assert client.get(f"/t/{thread.id}/a-thread?page=4").status_code == 404


def test_a_link_to_a_post_leads_to_its_page(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 45)
        last = make_post(session, thread, ada)
        comment = make_post(session, thread, ada, kind="comment", parent_id=last.id)
    assert client.get(f"/p/{last.id}").location == f"/t/{thread.id}/a-thread?page=3#post-{last.id}"
    assert (
        client.get(f"/p/{comment.id}").location
        == f"/t/{thread.id}/a-thread?page=3&comments={last.id}#post-{comment.id}"
    )
    assert last.id in posts_on(soup(client.get(f"/t/{thread.id}/a-thread?page=3")))


def test_many_comments_are_folded_until_asked_for(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 1)
        answer = make_post(session, thread, ada)
        for _ in range(18):
            make_post(session, thread, ada, kind="comment", parent_id=answer.id)
    page = soup(client.get(f"/t/{thread.id}/a-thread"))
    shown = page.select(f"#post-{answer.id} .comments [data-post]")
    assert len(shown) == 15
    more = page.select_one(f"#post-{answer.id} .comments > li:last-child a")["href"].partition("#")[0]
    assert len(soup(client.get(more)).select(f"#post-{answer.id} .comments [data-post]")) == 18


def test_counts_of_reactions_are_on_each_post(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0)
        post = make_post(session, thread, ada, upvotes=7, insightfuls=2)
    page = soup(client.get(f"/t/{thread.id}/a-thread"))
    found = {it["data-reaction"]: it["data-count"] for it in page.select(f"#post-{post.id} [data-reaction]")}
    assert found == {"insightful": "2", "upvote": "7"}


def test_a_new_reaction_is_seen_at_once_though_posts_are_kept_drawn(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0)
        post = make_post(session, thread, ada, upvotes=1)
    client.get(f"/t/{thread.id}/a-thread")
    with transaction(engine) as session:
        session.merge(post).upvotes = 2
    page = soup(client.get(f"/t/{thread.id}/a-thread"))
    assert page.select_one(f'#post-{post.id} [data-reaction="upvote"]')["data-count"] == "2"


def test_deleted_posts_and_threads_are_gone(client, engine, ada):
    with transaction(engine) as session:
        thread, gone = make_thread_of(session, ada, 0), make_thread_of(session, ada, 0, deleted_at=now())
        post = make_post(session, thread, ada, text="SECRET", deleted_at=now())
        hidden = make_post(session, gone, ada)
    assert "SECRET" not in client.get(f"/t/{thread.id}/a-thread").text
    assert {
        client.get(path).status_code for path in (f"/t/{gone.id}/a-thread", f"/p/{post.id}", f"/p/{hidden.id}")
    } == {404}


def test_whoever_left_is_a_former_member_everywhere(client, engine, ada):
    with transaction(engine) as session:
        eve = make_member(session, "eve")
        thread = make_thread_of(session, eve, 1)
        session.merge(eve).deleted_at = now()
    for path in (f"/t/{thread.id}/a-thread", "/"):
        text = client.get(path).text
        assert "Former member" in text
        assert "eve" not in soup(client.get(path)).main.get_text(" ").lower().split()


def test_only_questions_without_an_answer_are_unanswered(client, engine, ada):
    with transaction(engine) as session:
        waiting = make_thread_of(session, ada, 0, title="Waiting")
        make_thread_of(session, ada, 1, title="Answered")
        make_thread_of(session, ada, 0, kind="idea", title="Idea")
    page = soup(client.get("/?sort=unanswered"))
    assert [it["href"] for it in page.select(".threads h2 a")] == [f"/t/{waiting.id}/a-thread"]


def test_a_category_shows_its_own_threads(client, engine, ada):
    with transaction(engine) as session:
        lounge = make_category(session, slug="lounge", name="Lounge")
        make_thread_of(session, ada, 0, title="Here", category=lounge)
        make_thread_of(session, ada, 0, title="Elsewhere")
    page = soup(client.get("/c/lounge"))
    assert [it.text for it in page.select(".threads h2 a")] == ["Here"]
    assert client.get("/c/nowhere").status_code == 404


def test_a_long_list_is_paged(client, engine, ada):
    with transaction(engine) as session:
        lounge = make_category(session, slug="lounge", name="Lounge")
        for _ in range(31):
            make_thread_of(session, ada, 0, category=lounge)
    assert len(soup(client.get("/")).select(".threads > li")) == 30
    assert soup(client.get("/")).select_one("a[rel=next]")["href"].endswith("page=2")
    assert len(soup(client.get("/?page=2")).select(".threads > li")) == 1
    assert client.get("/?page=3").status_code == 404


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=1e99", "page=٣", "page=99999999999999999999", "sort=x", "page="]
)
def test_nonsense_in_an_address_is_a_bad_request(client, query):
    assert client.get(f"/?{query}").status_code == 400


def test_a_thread_number_beyond_every_integer_is_not_found(client):
    assert client.get("/t/99999999999999999999999/x").status_code == 404
    assert client.get("/p/99999999999999999999999").status_code == 404
