"""Rules as data: the words they come out as, and what is wrong with the wrong ones."""

import tomllib
from gettext import NullTranslations

import pytest

from app.domain import words
from app.domain.badging import criteria
from app.domain.badging.criteria.parse import KEYS, NODES
from app.domain.badging.facts import FACTS
from app.domain.catalogue import fields, reference
from app.domain.record import kinds


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"count": "accepted"}, "Have an answer accepted"),
        ({"count": "accepted", "n": 10}, "Have 10 answers accepted"),
        ({"count": "score", "each": "post", "n": 10, "where": {"post": "answer"}}, "Have an answer reach 10 votes"),
        ({"count": "score", "each": "post", "where": {"post": "question"}}, "Have a question reach 1 vote"),
        ({"count": "upvote_received", "n": 50, "where": {"post": "answer"}}, "Receive 50 Upvotes on your answers"),
        ({"streak": "visited", "n": 7}, "Visit 7 days in a row"),
        ({"count": "points", "per": "day", "reaches": 200}, "Earn 200 points in a day"),
        ({"count": "points", "per": "day", "reaches": 200, "n": 50}, "Earn 200 points in a day, on 50 days"),
        ({"count": "answered", "n": 5, "days": 7}, "Post 5 answers within 7 days"),
        ({"count": "mention_answered", "per": "member", "n": 25},
         "Mention members who then answer the thread, 25 times, each with a different member"),
        ({"count": {"asked": 1, "answered": 2}, "n": 9, "says": "Take part {n} times"}, "Take part 9 times"),
        ({"all": [{"has": "safe-hands"}, {"count": "anniversary"}]},
         "Hold the badge Safe Hands, and be a member for one year"),
        ({"any": [{"count": "best_of"}, {"count": "points", "n": 1000}]},
         "Have a post reach the Best Of page, or earn 1,000 points"),
        ({"yearly": 200}, "Be a member for a year, with 200 points for every year"),
        ({"count": "answered", "n": 3, "days": 1}, "Post 3 answers within a day"),
        ({"count": "answered", "n": 3, "per": "day", "days": 9},
         "Post 3 answers, each on a different day, within 9 days"),
        ({"count": "upvote_given", "n": 5, "per": "member"}, "Give 5 Upvotes, each to a different member"),
        ({"count": "insightful_received", "per": "member", "reaches": 3},
         "Receive 3 Insightful reactions from one member"),
        ({"count": "upvote_received", "n": 4, "where": {"post": "opening", "own": True}},
         "Receive 4 Upvotes on your opening posts"),
        ({"count": "upvote_received", "n": 4, "where": {"post": ["answer", "reply"]}},
         "Receive 4 Upvotes on your answers and replies"),
        ({"count": "edited", "n": 3, "where": {"own": False}}, "Make 3 edits to posts of other members"),
        ({"count": "answered", "n": 5, "where": {"again": False, "by_other": True}},
         "Post 5 answers in a thread somebody else started that are your first in the thread"),
        ({"streak": "answered", "n": 3, "where": {"category": "help"}},
         "Have answers posted in the category help 3 days in a row"),
        ({"together": [{"count": "downvote_received", "most": 0}, {"count": "answered", "n": 9}]},
         "Have no down-votes received and post 9 answers, at the same time"),
        ({"all": [{"any": [{"count": "asked"}, {"count": "started"}]}, {"has": "safe-hands"}]},
         "Either ask your first question, or start your first discussion or share an idea, "
         "and hold the badge Safe Hands"),
        ({"any": [{"has": "safe-hands"}, {"all": [{"count": "asked"}, {"count": "answered"}]}]},
         "Hold the badge Safe Hands, or both ask your first question, and post your first answer"),
    ],
)  # fmt: skip
def test_a_rule_words_itself(rule, sentence):
    assert criteria.parse(rule).sentence({"safe-hands": "Safe Hands"}) == sentence


def test_a_rule_words_itself_in_the_language_in_force():
    class Loud(NullTranslations):
        def gettext(self, message):
            return f"<{message}>"

    rule = criteria.parse({"count": "visited", "n": 7, "where": {"by_self": True}})
    plain = rule.sentence({})
    with words.spoken(Loud()):
        assert rule.sentence({}) != plain
    assert rule.sentence({}) == plain


@pytest.mark.parametrize(
    ("rule", "path", "problem"),
    [
        ({"count": "acepted"}, ("count",), "unknown kind 'acepted'. Did you mean 'accepted'?"),
        ({"count": "accepted", "n": 0}, ("n",), "the threshold must be a whole number of 1 or more"),
        ({"count": "accepted", "n": True}, ("n",), "the threshold must be a whole number"),
        ({"count": "accepted", "where": {"pots": "answer"}}, ("where", "pots"), "Did you mean 'post'?"),
        ({"count": "accepted", "where": {"by_other": 1}}, ("where", "by_other"), "must be true or false"),
        ({"count": {"asked": 1}}, ("count",), "needs words"),
        ({"count": "accepted", "reaches": 3}, ("reaches",), "needs `per`"),
        ({"count": "accepted", "first": True}, ("first",), "needs `each`"),
        ({"count": "score", "n": 5, "days": 7}, ("days",), "without weights"),
        ({"streak": "visited", "n": 1}, ("n",), "at least 2 days"),
        ({"all": [{"count": "accepted"}]}, ("all",), "at least two"),
        ({"all": [{"count": "accepted"}, {"count": "score", "each": "post"}]}, ("all", 1), "earned once"),
        ({"together": [{"count": "accepted", "n": 0}, {"count": "asked", "most": 3}]}, ("together",), "did nothing"),
        ({"cuont": "accepted"}, (), "needs exactly one of"),
        ({"any": [{"count": "asked"}, {"count": "nothing"}]}, ("any", 1, "count"), "unknown kind"),
        ({"yearly": 0}, ("yearly",), "1 or more"),
    ],
)  # fmt: skip
def test_a_wrong_rule_says_where_and_what(rule, path, problem):
    with pytest.raises(criteria.CriterionError) as no:
        criteria.parse(rule)
    assert no.value.path == path
    assert problem in str(no.value)


def test_each_kind_in_a_rule_has_words_for_one_and_many():
    from app.domain.record.kinds import KINDS, SUMS

    for kind in (*KINDS.values(), *SUMS.values()):
        for n in (1, 7):
            sentence = criteria.parse({"count": kind.slug, "n": n}).sentence({})
            assert sentence
            assert "{" not in sentence


def test_the_reference_has_every_word_of_the_language_with_examples_that_are_rules():
    nodes = {it.name: it.examples for it in reference.nodes()}
    assert list(nodes) == list(NODES)
    for name, examples in nodes.items():
        for it in examples:
            assert name in tomllib.loads(f"rule = {it.rule}")["rule"]
            assert (
                criteria.parse(tomllib.loads(f"rule = {it.rule}")["rule"]).sentence({"safe-hands": "Safe Hands"})
                == it.sentence
            )
    assert {it.name for it in reference.options()} == set().union(*KEYS.values()) | {"most"}
    assert [it.name for it in reference.deeds()] == [*kinds.KINDS, *kinds.SUMS]
    assert [it.name for it in reference.facts()] == list(FACTS)
    for it in reference.facts():
        for example in it.examples:
            criteria.parse({"count": "answered", "where": tomllib.loads(f"{it.name} = {example.rule}")})


def test_the_reference_has_every_key_of_a_catalogues_file():
    assert {table: [it.name for it in keys] for table, keys in reference.tables()} == {
        table: list(known) for table, known in fields.TABLES.items()
    }
    assert dict(reference.tables())["reply"][1].means == "approve, ask, decline"
