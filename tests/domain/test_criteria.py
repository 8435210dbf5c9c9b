"""Rules as data: the words they come out as, and what is wrong with the wrong ones."""

import pytest

from app.domain.badging import criteria


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
    ],
)  # fmt: skip
def test_a_rule_words_itself(rule, sentence):
    assert criteria.parse(rule).sentence({"safe-hands": "Safe Hands"}) == sentence


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
