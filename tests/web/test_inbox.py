"""The inbox and the bell: what one was told, opened by opening what it is about."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, update

from app.db import transaction
from app.domain.base import now
from app.domain.forum.threads import Post, Thread
from app.domain.notices import notifications
from app.domain.notices.notifications import Notification
from app.domain.people import blocks
from app.domain.people.members import Member
from app.domain.ways import requests
from app.domain.writing import acceptance, posts, reactions
from app.web.correspondence import notices
from tests.factories import make_answer, make_member, make_thread
from tests.web.forms import send, soup, toast
from tests.web.scenery import make_award, make_badge, make_ranks, sign_in
from tests.web.visitors import Visitor


@pytest.fixture
def people(engine):
    """Ada asks, Ben answers, Mia is of the staff."""
    with transaction(engine) as session:
        make_ranks(session)
        return {
            "ada": make_member(session, "ada"),
            "ben": make_member(session, "ben"),
            "mia": make_member(session, "mia", role="moderator"),
        }


@pytest.fixture
def visit(app, engine, people):
    """Somebody at their browser."""
    return lambda name: Visitor(sign_in(app.test_client(), engine, people[name]))


@pytest.fixture
def answered(engine, people):
    """Ben has answered Ada's question."""
    with transaction(engine) as session:
        thread = make_thread(session, by=session.get_one(Member, people["ada"].id))
        return make_answer(session, by=session.get_one(Member, people["ben"].id), thread=thread)


@pytest.fixture
def earn(engine, people):
    """Gives Ada badges by name, and tells her."""

    def give(*slugs):
        with transaction(engine) as session:
            ada = session.get_one(Member, people["ada"].id)
            made = [make_award(session, make_badge(session, slug), ada).id for slug in slugs]
            notifications.tell_of_awards(session, made)
            return made

    return give


def bell(visitor, path="/ranks"):
    """What the bell says on a page."""
    return visitor.get(path).select_one("#bell-link")["aria-label"]


def lines(page):
    return [it.select_one("span:last-child").get_text(" ", strip=True) for it in page.select("[data-notice]")]


def news(visitor, path):
    """What an open page is told when it asks; nothing where it shows all there is."""
    with visitor.client.get(path) as answer:
        return soup(answer) if answer.status_code == 200 else None


def toasts(page):
    return [it.p.get_text(" ", strip=True) for it in page.select("#toasts .toast.stay")]


# --- the inbox ---------------------------------------------------------------------------------


def test_nothing_yet_is_all_quiet(visit):
    page = visit("ada").get("/notifications")
    assert page.select_one(".empty h2").text == "All quiet"
    assert page.select_one("#bell-link")["aria-label"] == "Notifications"
    assert not page.select("form[action='/notifications/reads']")


def test_a_notice_says_what_happened_and_leads_there(visit, answered):
    page = visit("ada").get("/notifications")
    [line] = page.select("[data-notice]")
    assert line.has_attr("data-unread")
    assert "Unread: ben answered your question “A thread”" in " ".join(line.text.split())
    assert line.a["href"] == f"/p/{answered.id}"
    assert [it.text for it in page.select("h2.day")] == ["Today"]


def test_names_are_escaped(visit, engine, people, answered):
    with transaction(engine) as session:
        session.execute(update(Member).where(Member.username == "ben").values(name="<b>x</b>\x02"))
        session.execute(update(Thread).values(title="<script>alert(1)</script>"))
    page = visit("ada").get("/notifications")
    assert not page.select("main script")
    assert page.select_one("[data-notice] bdi").text == "<b>x</b>"


def test_days_are_those_of_who_looks(visit, engine, people):
    zone = ZoneInfo("Pacific/Kiritimati")
    midnight = now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    with transaction(engine) as session:
        session.execute(update(Member).where(Member.username == "ada").values(zone=zone.key))
        for number, minutes in enumerate((-1, 1)):  # the same day in most of the world
            notice = {
                "member_id": people["ada"].id,
                "kind": "rank",
                "key": f"rank:{number}",
                "facts": {"rank": "Cadet"},
            }
            notifications.tell(session, [notice], at=midnight + timedelta(minutes=minutes))
    assert [it.text for it in visit("ada").get("/notifications").select("h2.day")] == ["Today", "Yesterday"]


def test_a_long_inbox_has_pages(visit, engine, people):
    with transaction(engine) as session:
        for number in range(35):
            notice = {
                "member_id": people["ada"].id,
                "kind": "rank",
                "key": f"rank:{number}",
                "facts": {"rank": "Cadet"},
            }
            notifications.tell(session, [notice])
    ada = visit("ada")
    assert len(ada.get("/notifications").select("[data-notice]")) == 30
    assert len(ada.get("/notifications?page=2").select("[data-notice]")) == 5
    assert bell(ada, "/badges") == "Notifications, more than 9 unread"
    ada.get("/notifications?page=3", status=404)
    ada.get("/notifications?show=nonsense", status=400)


def test_the_inbox_costs_as_much_for_many_as_for_one(visit, engine, people):
    ada, asked, costs = visit("ada"), [], []
    event.listen(engine, "before_cursor_execute", lambda *it: asked.append(it[2]))
    for more in (2, 20):
        with transaction(engine) as session:
            me = session.get_one(Member, people["ada"].id)
            for _ in range(more):
                post = make_answer(session, by=me)
                reactions.react(session, post, make_member(session), "upvote")
        ada.get("/notifications")
        asked.clear()
        ada.get("/notifications")
        costs.append(len([it for it in asked if "site_settings" not in it and "text_versions" not in it]))
    assert costs[0] == costs[1]


# --- opening -----------------------------------------------------------------------------------


def test_looking_at_the_inbox_opens_nothing(visit, answered):
    ada = visit("ada")
    ada.get("/notifications")
    assert bell(ada) == "Notifications, 1 unread"


def test_opening_the_thread_reads_what_was_told_of_it(visit, answered):
    ada = visit("ada")
    assert bell(ada) == "Notifications, 1 unread"
    assert bell(ada, f"/t/{answered.thread_id}/a-thread") == "Notifications"
    assert bell(ada) == "Notifications"
    assert not ada.get("/notifications").select("[data-unread]")


def test_opening_the_thread_again_reads_what_was_told_since(visit, engine, people, answered):
    ben, path = visit("ben"), f"/t/{answered.thread_id}/a-thread"
    ben.get(path)
    with transaction(engine) as session:
        post = session.get_one(Post, answered.id)
        reactions.react(session, post, session.get_one(Member, people["ada"].id), "upvote")
    assert bell(ben) == "Notifications, 1 unread"
    ben.get(path)
    assert bell(ben) == "Notifications"


def test_an_answer_on_another_page_stays_unread(visit, engine, people):
    with transaction(engine) as session:
        ada = session.get_one(Member, people["ada"].id)
        threads = [make_thread(session, by=ada) for _ in range(2)]
        for it in threads:
            make_answer(session, by=session.get_one(Member, people["ben"].id), thread=it)
    ada = visit("ada")
    ada.get(f"/t/{threads[0].id}/a-thread")
    assert bell(ada) == "Notifications, 1 unread"


def test_opening_a_badge_or_its_award_reads_its_notice(visit, earn):
    first, _second = earn("speaker", "mentor")
    ada = visit("ada")
    ada.get(f"/awards/{first}")
    assert bell(ada) == "Notifications, 1 unread"
    assert bell(ada, "/badges/mentor") == "Notifications"
    assert bell(ada) == "Notifications"


def test_a_page_that_opens_one_notice_leaves_those_of_all_other_kinds_to_be_told(visit, engine, people, answered, earn):
    rank = {"member_id": people["ada"].id, "kind": "rank", "key": "rank:1", "facts": {"rank": "Cadet"}}
    with transaction(engine) as session:
        notifications.tell(session, [rank])  # it has neither a post nor an award
    [award] = earn("mentor")
    ada = visit("ada")
    assert bell(ada, "/badges") == "Notifications, 3 unread"
    for path in ("/badges/mentor", f"/awards/{award}", f"/t/{answered.thread_id}/a-thread"):
        with transaction(engine) as session:
            session.execute(update(Notification).values(read_at=None, seen_at=None))
        page = ada.get(path)
        assert page.select_one("#bell-link")["aria-label"] == "Notifications, 2 unread", path
        assert any("Cadet" in it for it in toasts(page)), path


def test_somebody_else_opening_the_badge_reads_nothing_of_mine(visit, earn):
    earn("speaker")
    visit("ben").get("/badges/speaker")
    assert bell(visit("ada")) == "Notifications, 1 unread"


def test_all_badges_of_a_retroactive_run_are_one_line_and_read_where_they_stand(visit, engine, people):
    with transaction(engine) as session:
        ada = session.get_one(Member, people["ada"].id)
        award = make_award(session, make_badge(session, "speaker"), ada)
        facts = {"key": "retroactive:0", "award_id": award.id, "facts": {"badges": 14}}
        notifications.tell(session, [{"member_id": ada.id, "kind": "badge_earned", **facts}])
    visitor = visit("ada")
    [line] = visitor.get("/notifications").select("[data-notice]")
    assert "You have earned 14 badges for what you already did. See them all" in " ".join(line.text.split())
    assert line.a["href"] == "/u/ada/badges"
    for elsewhere in ("/badges/speaker", "/u/ben/badges"):
        visitor.get(elsewhere)
        assert bell(visitor) == "Notifications, 1 unread", elsewhere
    visitor.get("/u/ada/badges")
    assert bell(visitor) == "Notifications"


@pytest.mark.parametrize(
    ("kind", "facts", "path"),
    [
        ("rank", {"rank": "Cadet"}, "/ranks"),
        ("swag", {"milestone": "Luggage tag", "state": "eligible"}, "/swag"),
        ("leaders", {"week": "2026-W46", "position": 3}, "/leaders?period=week&week=2026-W46"),
    ],
)
def test_what_has_a_page_of_its_own_is_read_there(visit, engine, people, kind, facts, path):
    with transaction(engine) as session:
        notifications.tell(session, [{"member_id": people["ada"].id, "kind": kind, "key": "once", "facts": facts}])
    ada = visit("ada")
    assert ada.get("/notifications").select_one("[data-notice] a")["href"] == path
    ada.get(path)
    assert bell(ada, "/badges") == "Notifications"


def test_whatever_opens_notices_is_a_page_there_is(app):
    assert set(notices.OPENS) <= set(app.view_functions)


def test_all_can_be_marked_as_read_and_what_came_meanwhile_is_not(visit, answered, engine, people, earn):
    ada = visit("ada")
    page = ada.get("/notifications")
    form = {it["name"]: it["value"] for it in page.select("form[action='/notifications/reads'] input")}
    earn("speaker")
    answer = ada.client.post("/notifications/reads", data=form)
    assert toast(ada.client, answer).startswith("All notices are marked as read.")
    unread = ada.get("/notifications?show=unread")
    assert len(unread.select("[data-notice]")) == 1
    assert "You earned" in unread.select_one("[data-notice]").text
    assert len(ada.get("/notifications").select("[data-notice]")) == 2


def test_only_numbers_are_taken_for_how_far(visit, answered):
    ada = visit("ada")
    assert send(ada.client, "/notifications", "form[action='/notifications/reads']", until="x").status_code == 400
    assert bell(ada) == "Notifications, 1 unread"


def test_nobody_reads_the_notices_of_another(visit, answered):
    page = visit("ben").get("/notifications")
    assert not page.select("[data-notice]")


# --- the bell and what pops up -----------------------------------------------------------------


def test_an_open_page_learns_of_news_only_when_there_are_any(visit, earn):
    ada = visit("ada")
    here = ada.get("/ranks").select_one("#corner")["hx-get"]
    assert news(ada, here) is None
    earn("speaker")
    answer = news(ada, here)
    assert answer.select_one("#bell-link")["aria-label"] == "Notifications, 1 unread"
    [popped] = answer.select("hx-partial[hx-target='#toasts'] .toast")
    assert popped.p.get_text(" ", strip=True) == "New badge: Speaker"
    assert popped.a["href"].startswith("/awards/")
    assert not news(ada, here).select(".toast")


def test_whoever_was_signed_out_meanwhile_learns_nothing(client):
    assert client.get("/-/bell?notices=0&messages=0").status_code == 204


def test_what_is_new_pops_up_once_on_the_next_page_too(visit, earn):
    earn("speaker")
    ada = visit("ada")
    assert toasts(ada.get("/ranks")) == ["New badge: Speaker"]
    assert toasts(ada.get("/ranks")) == []
    assert bell(ada) == "Notifications, 1 unread"


def test_several_badges_at_once_are_one(visit, earn):
    earn("speaker", "mentor", "guide")
    assert toasts(visit("ada").get("/ranks")) == ["3 new badges: Guide , Mentor , Speaker . See them all"]


def test_many_notices_at_once_are_one(visit, engine, people):
    with transaction(engine) as session:
        thread = make_thread(session, by=session.get_one(Member, people["ada"].id))
        for _ in range(4):
            make_answer(session, thread=thread)
    assert toasts(visit("ada").get("/ranks")) == ["4 new notices. See them all"]


def test_what_is_old_does_not_pop_up(visit, engine, people):
    with transaction(engine) as session:
        notice = {"member_id": people["ada"].id, "kind": "rank", "key": "rank:1", "facts": {"rank": "Cadet"}}
        notifications.tell(session, [notice], at=now() - timedelta(hours=1))
    assert toasts(visit("ada").get("/badges")) == []


def test_nothing_pops_up_on_the_page_that_it_is_about(visit, earn):
    earn("speaker")
    assert toasts(visit("ada").get("/badges/speaker")) == []


def test_quiet_mode_counts_and_shows_nothing_but_keeps_it(visit, engine, people, earn):
    with transaction(engine) as session:
        session.get_one(Member, people["ada"].id).quiet = True
    ada = visit("ada")
    here = ada.get("/ranks").select_one("#corner")["hx-get"]
    earn("speaker")
    assert news(ada, here) is None
    page = ada.get("/ranks")
    assert page.select_one("#bell-link")["aria-label"] == "Notifications"
    assert toasts(page) == []
    inbox = ada.get("/notifications")
    assert "Quiet mode is on" in inbox.select_one("main .note").text
    assert len(inbox.select("[data-notice]")) == 1


def test_the_panel_shows_the_latest_and_opens_nothing(visit, answered):
    ada = visit("ada")
    panel = soup(ada.client.get("/-/notices", headers={"HX-Request": "true"}))
    assert "ben answered" in panel.select_one("[data-notice]").text
    assert [it["href"] for it in panel.select(".cardhead > a")] == ["/notifications", "/settings/notifications"]
    assert bell(ada) == "Notifications, 1 unread"


def test_what_was_removed_or_blocked_is_neither_counted_nor_shown(visit, engine, people, answered):
    with transaction(engine) as session:
        ada, ben = (session.get_one(Member, people[it].id) for it in ("ada", "ben"))
        post = session.get_one(Post, answered.id)
        acceptance.accept(session, post, ada)
        reactions.react(session, post, ada, "insightful")
        posts.post_reply(session, session.get_one(Thread, post.thread_id), ada, "Thank you, @ben.")
        assert not blocks.is_blocked(session, ben, ada)
    ben = visit("ben")
    assert bell(ben) == "Notifications, 3 unread"
    assert "ada found your answer insightful" in " ".join(ben.get("/notifications").text.split())
    with transaction(engine) as session:
        blocks.block(session, *(session.get_one(Member, people[it].id) for it in ("ben", "ada")))
    assert bell(ben) == "Notifications"
    assert ben.get("/notifications").select_one(".empty")


def test_the_bell_costs_no_statement_of_its_own(visit, engine, people, answered, earn):
    asked = []
    event.listen(engine, "before_cursor_execute", lambda *it: asked.append(it[2]))
    costs = []
    for name in ("ben", "ada"):
        visitor = visit(name)
        for _ in range(2):  # the first look shows what is new
            visitor.get("/how-to-get-badges")
            costs.append([it for it in asked if "UPDATE" not in it and "site_settings" not in it])
            asked.clear()
    assert len(costs[1]) == len(costs[3])


def test_the_page_of_invitations_reads_what_was_told_of_them_and_nothing_else(visit, engine, people):
    told = {"member_id": people["ada"].id, "kind": "request_update", "actor_id": people["mia"].id,
            "facts": {"invitation": 1, "badge": "speaker", "name": "Speaker", "state": "invited"}}  # fmt: skip
    with transaction(engine) as session:
        make_badge(session, "speaker")
        notifications.tell(session, [told | {"key": key} for key in ("invitation:1", "request:1:2")])
    ada = visit("ada")
    assert bell(ada, "/badges") == "Notifications, 2 unread"
    assert bell(ada, "/invitations") == "Notifications, 1 unread"
    assert bell(ada, "/badges") == "Notifications, 1 unread"


@pytest.mark.parametrize(
    ("kind", "key", "facts", "path", "said"),
    [
        ("request_update", "invitation:1", {"invitation": 1, "badge": "speaker", "name": "Speaker", "state": "invited"},
         "/badges/speaker", "mia invites you to Speaker"),
        ("badge_open", "badge-open:1", {"badge": "Speaker", "slug": "speaker"}, "/badges/speaker",
         "Speaker can be earned now"),
        ("badge_revoked", "revoke:1", {"badge": "Speaker", "slug": "speaker", "reason": "By mistake."},
         "/badges/speaker", "Speaker was taken back: “By mistake.”"),
    ],
)  # fmt: skip
def test_what_became_of_a_badge_is_read_on_its_page(visit, engine, people, kind, key, facts, path, said):
    with transaction(engine) as session:
        for slug in ("speaker", "mentor"):
            make_badge(session, slug)
        notice = {"kind": kind, "key": key, "facts": facts, "actor_id": people["mia"].id}
        notifications.tell(session, [notice | {"member_id": people["ada"].id}])
    ada = visit("ada")
    [line] = ada.get("/notifications").select("[data-notice]")
    assert said in " ".join(line.text.split())
    assert line.a["href"] == path
    ada.get("/badges/mentor")
    assert bell(ada) == "Notifications, 1 unread"
    ada.get("/badges/speaker")
    assert bell(ada) == "Notifications"


def test_a_question_about_a_request_is_read_where_it_is_answered(visit, engine, people):
    with transaction(engine) as session:
        ada, mia = (session.get_one(Member, people[it].id) for it in ("ada", "mia"))
        looked_at = [
            requests.send(session, ada, make_badge(session, slug, ways=["request"]), "I did it.")[0]
            for slug in ("speaker", "mentor")
        ]
        for it in looked_at:
            requests.ask(session, it, mia, "Which user group was it?", version=it.version)
        here = looked_at[0].id
    ada = visit("ada")
    line = ada.get("/notifications").select("[data-notice]")[1]
    assert "About Speaker, mia asks: “Which user group was it?”" in " ".join(line.text.split())
    assert line.a["href"] == f"/requests/{here}"
    ada.get(f"/requests/{here}")
    assert bell(ada) == "Notifications, 1 unread"
