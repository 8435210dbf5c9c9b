"""Loading a catalogue: what the site has afterwards, and what it refuses to overwrite."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app.domain import catalogue
from app.domain.badging.badges import Badge, BadgeVersion
from app.domain.catalogue.loaded import LoadedCatalogue
from app.domain.problems import Conflict
from app.domain.record.points import PointRule, Rank
from tests.domain.test_catalogue_file import GOOD
from tests.factories import make_member

TINY = catalogue.parse(GOOD, "tiny.toml")


def changed(slug, **fields):
    """The small catalogue with one badge changed."""
    return replace(TINY, badges=tuple(replace(it, **fields) if it.slug == slug else it for it in TINY.badges))


def without(slug):
    return replace(TINY, badges=tuple(it for it in TINY.badges if it.slug != slug))


def find(session, slug):
    return session.scalar(select(Badge).where(Badge.slug == slug))


def count(session, table):
    return session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize("name", catalogue.SHIPPED)
def test_a_shipped_catalogue_is_loaded_whole_and_exported_the_same(session, name):
    shipped = catalogue.shipped(name)
    catalogue.load(session, shipped)
    session.expire_all()
    assert count(session, Badge) == count(session, BadgeVersion) == len(shipped.badges)
    assert catalogue.current(session) == shipped
    exported = catalogue.parse(catalogue.as_toml(catalogue.current(session)), "exported.toml")
    assert not catalogue.difference(session, exported)


@pytest.mark.parametrize("name", catalogue.SHIPPED)
def test_loading_twice_changes_nothing(session, name):
    shipped = catalogue.shipped(name)
    assert catalogue.load(session, shipped)
    session.flush()
    times = session.scalar(select(LoadedCatalogue.loaded_at))
    assert not catalogue.load(session, shipped)
    assert not session.dirty
    assert not session.new
    assert count(session, BadgeVersion) == len(shipped.badges)
    assert session.scalar(select(LoadedCatalogue.loaded_at)) == times


def test_the_sentence_of_a_rule_is_kept_with_it(session):
    catalogue.load(session, TINY)
    assert find(session, "safe-hands").version.how == "Have 10 answers accepted"
    assert find(session, "speaker").version.how == "Tell us where you spoke."
    assert find(session, "wings").version.how.startswith("Hold the badge Safe Hands")


def test_a_badge_without_rule_has_no_criterion_in_the_database_either(session):
    catalogue.load(session, TINY)
    without_rule = select(Badge.slug).join(BadgeVersion, Badge.version_id == BadgeVersion.id)
    assert session.scalars(without_rule.where(BadgeVersion.criterion.is_(None))).all() == ["speaker"]


def test_a_changed_rule_is_a_new_version(session):
    catalogue.load(session, TINY)
    old = find(session, "safe-hands").version
    catalogue.load(session, changed("safe-hands", earn={"count": "accepted", "n": 20}))
    new = find(session, "safe-hands").version
    assert (old.number, old.criterion["n"]) == (1, 10)
    assert (new.number, new.criterion["n"], new.how) == (2, 20, "Have 20 answers accepted")


def test_a_changed_how_is_a_new_version(session):
    catalogue.load(session, TINY)
    catalogue.load(session, changed("speaker", how="Send us the film."))
    assert find(session, "speaker").version.number == 2


def test_changed_words_and_looks_are_no_new_version(session):
    catalogue.load(session, TINY)
    catalogue.load(session, changed("safe-hands", name="Good Hands", glyph="heart"))
    badge = find(session, "safe-hands")
    assert (badge.name, badge.glyph, badge.version.number) == ("Good Hands", "heart", 1)
    assert find(session, "wings").version.how.startswith("Hold the badge Good Hands")
    assert count(session, BadgeVersion) == 3


def test_a_badge_edited_on_the_site_is_shown_and_stays(session):
    catalogue.load(session, TINY)
    find(session, "safe-hands").about = "Our own words."
    session.flush()
    found = catalogue.load(session, changed("safe-hands", about="The file's new words."))
    assert find(session, "safe-hands").about == "Our own words."
    assert found.lines() == [
        '! badge safe-hands: about: "Our own words." -> "The file\'s new words."',
        "  edited on the site since it was loaded; stays so unless overwritten (--force)",
    ]


def test_force_overwrites_what_was_edited_on_the_site(session):
    catalogue.load(session, TINY)
    find(session, "safe-hands").about = "Our own words."
    session.flush()
    catalogue.load(session, TINY, force=True)
    assert find(session, "safe-hands").about == "People were in good hands."
    assert not catalogue.difference(session, TINY)


def test_an_edit_that_the_file_has_taken_over_is_no_difference(session):
    catalogue.load(session, TINY)
    find(session, "safe-hands").about = "Our own words."
    session.flush()
    assert not catalogue.load(session, changed("safe-hands", about="Our own words."))
    catalogue.load(session, TINY)
    assert find(session, "safe-hands").about == "People were in good hands."


def test_a_badge_no_longer_in_the_file_is_told_and_stays(session):
    catalogue.load(session, TINY)
    found = catalogue.load(session, without("speaker"))
    assert found.lines() == ["- badge speaker: not in the file; stays unless retired (--retire)"]
    assert find(session, "speaker").state == "published"


def test_retire_makes_it_legacy_and_the_file_can_have_it_again(session):
    catalogue.load(session, TINY)
    catalogue.load(session, without("speaker"), retire=True)
    assert find(session, "speaker").state == "legacy"
    assert not catalogue.difference(session, without("speaker"))
    catalogue.load(session, TINY)
    assert find(session, "speaker").state == "published"


def test_a_badge_made_on_the_site_is_left_alone_and_exported(session):
    catalogue.load(session, TINY)
    session.add(
        Badge(
            slug="ours",
            name="Ours",
            family="hangar",
            tier="gold",
            glyph="star",
            about="Made here.",
            ways=["staff"],
            catalogue="site",
            position=9,
        )
    )
    session.flush()
    assert not catalogue.load(session, TINY, retire=True)
    assert find(session, "ours").state == "published"
    assert "ours" in catalogue.current(session).badge_names


def test_another_catalogue_takes_over_and_the_first_can_come_back(session):
    flight, other = (catalogue.shipped(name) for name in catalogue.SHIPPED)
    catalogue.load(session, flight)
    assert len(catalogue.load(session, other).replaced) == 88  # all but the two that were legacy already
    assert find(session, "smooth-landing").state == "legacy"
    assert session.scalars(select(Rank.name).order_by(Rank.position)).first() == "Newcomer"
    assert catalogue.current(session) == replace(other, extras=flight.extras)  # of which the other says nothing
    catalogue.load(session, flight)
    assert catalogue.current(session) == flight
    assert not catalogue.difference(session, flight)


def test_a_copy_under_another_name_takes_the_badges_with_it(session):
    catalogue.load(session, TINY)
    before = find(session, "speaker").id
    found = catalogue.load(session, replace(TINY, name="ours", title="Our own"))
    assert found.lines() == ["~ catalogue: tiny (A tiny catalogue) -> ours (Our own)"]
    assert (find(session, "speaker").id, find(session, "speaker").catalogue) == (before, "ours")


def test_a_rank_put_between_keeps_members_at_the_rank_they_reached(session):
    catalogue.load(session, replace(TINY, ranks=ladder(("start", 0), ("top", 100))))
    ada = make_member(session, rank=1)
    catalogue.load(session, replace(TINY, ranks=ladder(("start", 0), ("middle", 50), ("top", 100))))
    session.refresh(ada)
    assert session.scalar(select(Rank.slug).where(Rank.position == ada.rank)) == "top"


def test_a_rank_taken_away_leaves_members_the_highest_one_below(session):
    catalogue.load(session, replace(TINY, ranks=ladder(("start", 0), ("middle", 50), ("top", 100))))
    ada = make_member(session, rank=2)
    catalogue.load(session, replace(TINY, ranks=ladder(("start", 0), ("middle", 60))))
    session.refresh(ada)
    assert session.scalar(select(Rank.slug).where(Rank.position == ada.rank)) == "middle"


def ladder(*steps):
    start = TINY.ranks[0]
    return tuple(replace(start, slug=slug, name=slug, points=points) for slug, points in steps)


def test_points_edited_on_the_site_stay_unless_forced(session):
    catalogue.load(session, TINY)
    rule = session.scalar(select(PointRule))
    rule.amount = 7
    session.flush()
    found = catalogue.load(session, TINY)
    assert found.lines()[0] == "! points answer: amount: 7 -> 5"
    assert rule.amount == 7
    catalogue.load(session, TINY, force=True)
    assert rule.amount == 5


def test_a_rule_for_points_no_longer_in_the_file_is_gone(session):
    catalogue.load(session, TINY)
    catalogue.load(session, replace(TINY, points=()))
    assert count(session, PointRule) == 0


def test_an_edit_and_a_file_that_need_each_other_in_a_circle_are_refused(session):
    catalogue.load(session, TINY)
    find(session, "safe-hands").version.criterion = {"has": "speaker"}
    session.flush()
    with pytest.raises(Conflict, match="in a circle: safe-hands, speaker"):
        catalogue.load(session, changed("speaker", ways=["automatic"], earn={"has": "safe-hands"}, how=""))


def test_a_new_order_is_a_difference(session):
    catalogue.load(session, TINY)
    turned = replace(TINY, badges=TINY.badges[::-1])
    assert catalogue.difference(session, turned).lines() == ["~ badges: their order"]
    catalogue.load(session, turned)
    assert not catalogue.difference(session, turned)
