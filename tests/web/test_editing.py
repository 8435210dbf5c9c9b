"""Badges edited on the site, and the catalogue as a text."""

from __future__ import annotations

from functools import partial
from io import BytesIO

import pytest
from sqlalchemy import func, select

from app.db import transaction
from app.domain import catalogue
from app.domain.awarding import backfill, evaluator
from app.domain.badging.badges import Award, Badge, BadgeVersion
from app.domain.badging.insignia import FAMILIES, GLYPHS
from app.domain.people.members import Role
from app.domain.record.audit_log import AuditEntry
from app.domain.record.points import PointRule, Rank
from tests.factories import make_member, make_thread
from tests.web.forms import soup
from tests.web.scenery import sign_in
from tests.web.visitors import Visitor
from tests.web.world import token

BADGE = {
    "name": "Night Owl", "slug": "night-owl", "about": "You ask when others sleep.", "family": "cabin", "tier": "silver",
    "glyph": "moon", "state": "published", "ways": "automatic", "rule": '{ count = "asked", n = 1 }',
}  # fmt: skip


@pytest.fixture
def people(engine):
    """Ada has asked a question, which is booked; boss runs the site."""
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("flight"))
        found = {"ada": make_member(session, "ada"), "boss": make_member(session, "boss", role=Role.ADMINISTRATOR)}
        make_thread(session, found["ada"])
    evaluator.run(partial(transaction, engine))
    return found


@pytest.fixture
def boss(app, engine, people):
    return Visitor(sign_in(app.test_client(), engine, people["boss"]))


def publish(boss, **changed):
    return boss.send("/staff/badges/new", "#edit-badge", **(BADGE | changed))


def edit(boss, slug, **changed):
    """Send a badge's form; its ways are boxes, which the form's reader takes the last of."""
    return boss.send(f"/staff/badges/{slug}", "#edit-badge", **changed)


def test_a_new_badge_is_awarded_for_what_was_already_done(boss, engine, session):
    answer = publish(boss, do="save")
    assert (answer.status_code, answer.location) == (303, "/staff/badges/night-owl")
    backfill.resume(partial(transaction, engine))  # what the worker does when the bell rings
    badge = session.scalars(select(Badge).filter_by(slug="night-owl")).one()
    assert badge.catalogue == "site"
    assert session.scalar(select(func.count()).select_from(Award).where(Award.badge_id == badge.id)) == 1
    page = boss.get("/badges/night-owl")
    assert "Ask your first question." in page.select_one("main").text
    assert page.select_one("[data-holders]")["data-holders"] == "1"


def test_a_badge_stands_in_the_library_as_soon_as_it_is_published_and_says_what_it_says_now(boss):
    assert not boss.get("/badges").select('[data-badge="night-owl"]')
    publish(boss, do="save")
    assert "Ask your first question." in boss.get("/badges").select_one('[data-badge="night-owl"]').text
    edit(boss, "night-owl", name="Early Bird", do="save")
    assert boss.get("/badges").select_one('[data-badge="night-owl"] a').text == "Early Bird"


def test_a_preview_tells_whom_it_would_reach_and_changes_nothing(boss, session):
    page = soup(publish(boss, do="preview"))
    told = page.select_one("#preview").text
    assert "One member would get it at once: Ada" in told or "One member would get it at once: ada" in told
    assert "Ask your first question" in told
    assert page.select_one("#name")["value"] == "Night Owl"
    assert session.scalars(select(Badge).filter_by(slug="night-owl")).first() is None
    nobody = soup(publish(boss, do="preview", rule='{ count = "asked", n = 9 }'))
    assert "Nobody has earned it yet." in nobody.select_one("#preview").text


@pytest.mark.parametrize(
    ("wrong", "field", "told"),
    [
        ({"rule": "{ count = "}, "rule", "This is not a rule"),
        ({"rule": '{ count = "asekd" }'}, "rule", "Did you mean 'asked'"),
        ({"rule": '{ has = "night-owl" }'}, "rule", "nobody can ever earn it"),
        ({"rule": ""}, "ways", "automatic needs a rule"),
        ({"slug": "Night Owl"}, "slug", "small letters"),
        ({"slug": "speaker"}, "slug", "already"),
        ({"name": "Checked In"}, "name", "already"),
        ({"about": " "}, "about", "about is missing"),
        ({"glyph": "dragon"}, "glyph", "unknown glyph"),
        ({"name": "x" * 61}, "name", "Shorten it to 60"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_the_rest_is_kept(boss, session, wrong, field, told):
    answer = publish(boss, do="save", **wrong)
    assert answer.status_code == 422
    assert told in soup(answer).select_one(f"#{field}-problem").text
    kept = soup(answer).select_one("#about" if field != "about" else "#name")["value"]
    assert kept == (BADGE["about"] if field != "about" else "Night Owl")
    assert session.scalars(select(Badge).filter_by(catalogue="site")).first() is None


def test_a_changed_rule_is_a_new_version_and_new_words_are_none(boss, session):
    publish(boss, do="save")
    edit(boss, "night-owl", about="Quiet hours.", do="save")
    assert session.scalar(select(func.count()).select_from(BadgeVersion).join(Badge, Badge.id == BadgeVersion.badge_id)
                          .where(Badge.slug == "night-owl")) == 1  # fmt: skip
    session.rollback()  # or it would keep SQLite's only writer waiting
    edit(boss, "night-owl", rule='{ count = "asked", n = 2 }', do="save")
    session.rollback()
    badge = session.scalars(select(Badge).filter_by(slug="night-owl")).one()
    assert (badge.about, badge.version.number) == ("Quiet hours.", 2)
    log = session.execute(select(AuditEntry.what, AuditEntry.subject).order_by(AuditEntry.id)).all()
    assert log == [("badge", "Night Owl")] * 3
    assert "Night Owl" in boss.get("/staff/log").select_one("main").text


def test_who_edits_over_somebody_else_is_told(boss, session):
    publish(boss, do="save")
    page = boss.get("/staff/badges/night-owl").select_one("#edit-badge [name=seen]")["value"]
    edit(boss, "night-owl", about="Mine.", do="save")
    answer = boss.client.post(
        "/staff/badges/night-owl", data=BADGE | {"about": "Theirs.", "seen": page, "csrf_token": token(boss.client)}
    )
    assert answer.status_code == 409
    assert soup(answer).select_one("#about")["value"] == "Theirs."
    assert "Somebody else changed this badge" in soup(answer).select_one("#problems").text
    assert session.scalars(select(Badge.about).filter_by(slug="night-owl")).one() == "Mine."


def test_a_retired_badge_stays_with_its_holders(boss, engine, session):
    publish(boss, do="save")
    backfill.resume(partial(transaction, engine))
    edit(boss, "night-owl", state="legacy", do="save")
    session.rollback()
    badge = session.scalars(select(Badge).filter_by(slug="night-owl")).one()
    assert (badge.state, badge.holders) == ("legacy", 1)


def test_ranks_and_points_are_edited_as_text_and_a_file_does_not_take_it_back(boss, session):
    content = boss.get("/staff/catalogue").select_one("#content").text
    changed = content.replace('name = "Captain"', 'name = "Skipper"').replace("amount = 15", "amount = 16", 1)
    assert changed.count("Skipper") == 1
    look = boss.send("/staff/catalogue", "#edit-catalogue", content=changed, do="preview")
    assert '"Captain" -> "Skipper"' in soup(look).select_one("#difference").text
    assert boss.send("/staff/catalogue", "#edit-catalogue", content=changed, do="save").status_code == 303
    session.rollback()
    assert "Skipper" in session.scalars(select(Rank.name)).all()
    assert 16 in session.scalars(select(PointRule.amount)).all()

    session.rollback()
    with transaction(session.get_bind()) as writing:
        found = catalogue.load(writing, catalogue.shipped("flight"))
    assert any(it.edited for it in found.ranks)
    session.rollback()
    assert "Skipper" in session.scalars(select(Rank.name)).all()


def test_a_text_with_mistakes_is_told_line_by_line_and_kept(boss, session):
    content = boss.get("/staff/catalogue").select_one("#content").text.replace('kind = "answered"', 'kind = "answred"')
    answer = boss.send("/staff/catalogue", "#edit-catalogue", content=content, do="save")
    assert answer.status_code == 422
    page = soup(answer)
    assert "Did you mean 'answered'" in page.select_one("#problems").text
    assert "answred" in page.select_one("#content").text
    other = boss.send("/staff/catalogue", "#edit-catalogue", content=content.replace('name = "flight"', 'name = "x"'))
    assert other.status_code == 422


def test_a_file_is_looked_at_before_it_is_loaded(boss, session):
    file = catalogue.as_toml(catalogue.current(session)).replace("Checked In", "Checked Through")
    session.rollback()
    page = boss.get("/staff/catalogue")
    look = boss.client.post(
        "/staff/catalogue/file",
        data={"csrf_token": page.select_one("#bring [name=csrf_token]")["value"], "file": (BytesIO(file.encode()), "a.toml")},
    )  # fmt: skip
    assert "Checked Through" in soup(look).select_one("#difference").text
    form = soup(look).select_one("#edit-catalogue")
    sent = {it["name"]: it["value"] for it in form.select("input[type=hidden]")} | {
        "content": form.select_one("textarea").text
    }
    assert boss.client.post("/staff/catalogue", data=sent).status_code == 303
    session.rollback()
    assert "Checked Through" in session.scalars(select(Badge.name)).all()


@pytest.mark.parametrize("file", [b"", b"x" * 250_001, b"\x00\xff"])
def test_what_is_no_catalogue_is_refused_in_words(boss, file):
    form = boss.get("/staff/catalogue").select_one("#bring [name=csrf_token]")["value"]
    answer = boss.client.post("/staff/catalogue/file", data={"csrf_token": form, "file": (BytesIO(file), "a.toml")})
    assert answer.status_code == 422


def test_the_download_loads_back_to_no_difference(boss, session):
    answer = boss.client.get("/staff/catalogue.toml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="flight.toml"'
    assert not catalogue.difference(session, catalogue.parse(answer.data, "it"))


def test_a_wrong_part_of_a_rule_is_told_by_its_number_and_the_rest_of_the_rule_is_kept(boss):
    rule = '{ all = [{ count = "asked" }, { any = [{ has = "safe-hands" }, { count = "acepted" }] }] }'
    page = soup(publish(boss, do="save", rule=rule))
    told = page.select_one("#rule-problem").text
    assert told == "all, part 2, any, part 2, count: unknown kind 'acepted'. Did you mean 'accepted'?"
    assert page.select_one("#rule").text.strip() == rule


def test_whoever_writes_a_rule_has_its_language_beside_the_form(boss):
    page = boss.get("/staff/badges/new").select_one("#rules")
    assert "Have 10 answers accepted by somebody else." in page.text
    assert "insightful_received" in page.text
    assert "[[lesson]]" in boss.get("/staff/catalogue").select_one("#tables").text


def test_a_catalogue_that_somebody_changed_meanwhile_is_kept_as_typed_and_saved_after_a_look(boss, session):
    page = boss.get("/staff/catalogue")
    mine = page.select_one("#content").text.strip().replace('name = "Captain"', 'name = "Skipper"')
    publish(boss, do="save")
    seen = page.select_one("#edit-catalogue [name=seen]")["value"]
    answer = boss.send("/staff/catalogue", "#edit-catalogue", content=mine, seen=seen, do="save")
    assert answer.status_code == 409
    assert "Somebody changed the catalogue" in soup(answer).select_one("#problems").text
    assert "Skipper" in soup(answer).select_one("#content").text
    look = soup(boss.send("/staff/catalogue", "#edit-catalogue", content=mine, seen=seen, do="preview"))
    assert "badge night-owl: not in the file" in look.select_one("#difference").text
    fresh = look.select_one("#edit-catalogue [name=seen]")["value"]
    assert boss.send("/staff/catalogue", "#edit-catalogue", content=mine, seen=fresh, do="save").status_code == 303


def test_a_text_that_is_too_long_is_refused_and_never_cut(boss, session):
    content = boss.get("/staff/catalogue").select_one("#content").text
    answer = boss.send("/staff/catalogue", "#edit-catalogue", content=content + "#" * 250_000, do="save")
    assert (answer.status_code, "larger than 250,000 bytes" in soup(answer).select_one("#problems").text) == (422, True)
    assert boss.send("/staff/catalogue", "#edit-catalogue", content=content + "#" * 150_000).status_code == 303


def test_lessons_and_replies_are_edited_as_text_too(boss, engine):
    content = boss.get("/staff/catalogue").select_one("#content").text
    changed = content.replace("# Asking so that", "# Asking, so that").replace('name = "Not yet"', 'name = "Soon"')
    look = soup(boss.send("/staff/catalogue", "#edit-catalogue", content=changed, do="preview"))
    told = look.select_one("#difference").text
    for line in ("+ # Asking, so that", "+ reply Soon: new, decline", "- reply Not yet: not in the file; stays"):
        assert line in told
    assert boss.send("/staff/catalogue", "#edit-catalogue", content=changed, do="save", retire="1").status_code == 303
    page = boss.get("/staff/texts/lesson-asking")
    assert "with the catalogue" in page.select_one("aside").text
    assert "Version 2" in page.select_one("aside").text
    boss.get("/staff/texts/lesson-asking?version=0", status=404)
    assert {it.b.text for it in boss.get("/staff/replies").select("[data-reply]")} >= {"Soon"}
    assert "Not yet" not in boss.get("/staff/replies").select_one("main").text
    assert "changed the catalogue" in boss.get("/staff/log").select_one("main").text


# --- How a badge looks ----------------------------------------------------------------------


def test_the_form_shows_every_drawing_and_the_badge_as_it_looks(boss):
    page = boss.get("/staff/badges/safe-hands")
    drawn = {it["value"] for it in page.select("[name=glyph]")}
    assert drawn == GLYPHS
    assert [it["value"] for it in page.select("[name=glyph][checked]")] == ["hand-heart"]
    assert page.select_one("#art")["aria-label"] == "Silver, Ground crew, hand heart"
    assert len(boss.get("/staff/badges/new").select("[name=glyph][checked]")) == 1


def test_another_choice_is_drawn_at_once_and_one_that_is_not_known_is_not(boss):
    art = boss.get("/-/badge-art?family=tower&tier=gold&glyph=binoculars").select_one("#art")
    assert art["aria-label"] == "Gold, Control tower, binoculars"
    large, small, unearned = art.select("svg")
    assert (large["data-family"], large["data-tier"]) == ("tower", "gold")
    assert all("g-binoculars" in str(it) for it in (large, small, unearned))
    assert [it.has_attr("data-locked") for it in (large, small, unearned)] == [False, False, True]
    for query in (
        "family=x&tier=gold&glyph=binoculars",
        "family=tower&tier=x&glyph=sun",
        "family=tower&tier=gold&glyph=x",
    ):
        boss.get(f"/-/badge-art?{query}", status=404)


@pytest.mark.parametrize("address", ["/staff/badges", "/staff/awards"])
def test_long_lists_of_badges_stand_in_their_groups(boss, address):
    page = boss.get(address)
    links = [it["href"] for it in page.select("nav[aria-label=Groups] a")]
    assert links == [f"#{it.h2['id']}" for it in page.select("main section[aria-labelledby]")]
    assert len(links) == len(FAMILIES)
    assert "Safe Hands" in page.select_one('section[aria-labelledby="ground"]').text
    assert "Safe Hands" not in page.select_one('section[aria-labelledby="tower"]').text
