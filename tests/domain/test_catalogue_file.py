"""A catalogue's file is read whole, or every problem is told with its line and what to do."""

import pytest

from app.domain import catalogue
from app.domain.catalogue import InvalidCatalogue
from app.domain.catalogue.places import Places

GOOD = """\
name = "tiny"
title = "A tiny catalogue"

[[rank]]
slug = "start"
name = "Start"
points = 0
stars = 0
about = "Everybody."

[[points]]
slug = "answer"
kind = "answered"
amount = 5
says = "Answer a question"
cap = "answers"
per_day = 50

[[badge]]
slug = "safe-hands"
name = "Safe Hands"
family = "ground"
tier = "silver"
glyph = "hand-heart"
about = "People were in good hands."
earn = { count = "accepted", n = 10 }

[[badge]]
slug = "wings"
name = "Wings"
family = "miles"
tier = "gold"
glyph = "airplane"
about = "Up and away."
earn = { all = [
  { has = "safe-hands" },
  { count = "visited", n = 7 },
] }

[[badge]]
slug = "speaker"
name = "Speaker"
family = "hangar"
tier = "bronze"
glyph = "microphone-stage"
about = "You shared what you know."
ways = ["request"]
how = "Tell us where you spoke."
"""


def problems(*changes):
    """What is said of the good file after some changes; an old text may be several lines."""
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with pytest.raises(InvalidCatalogue) as refusal:
        catalogue.parse(text, "tiny.toml")
    return refusal.value.lines


def test_a_good_file_is_read():
    tiny = catalogue.parse(GOOD, "tiny.toml")
    assert [badge.slug for badge in tiny.badges] == ["safe-hands", "wings", "speaker"]
    assert tiny.badges[0].ways == ["automatic"]
    assert tiny.points[0].allowance == "answers"


EARN = 'earn = { count = "accepted", n = 10 }'
FLAWS = {
    "a slug that is the address of a page": (
        [('slug = "speaker"', 'slug = "changes"')],
        "tiny.toml:41: badge 'changes': a page of the site has that address. Choose another slug.",
    ),
    "an unknown kind": (
        [('count = "accepted"', 'count = "acepted"')],
        "tiny.toml:26: badge 'safe-hands': unknown kind 'acepted'. Did you mean 'accepted'?",
    ),
    "a kind unknown on a later line of its rule": (
        [('"visited"', '"visitd"')],
        "tiny.toml:37: badge 'wings': unknown kind 'visitd'. Did you mean 'visited'?",
    ),
    "an unknown fact": (
        [(EARN, 'earn = { count = "accepted", where = { by_othr = true } }')],
        "tiny.toml:26: badge 'safe-hands': unknown fact 'by_othr'. Did you mean 'by_other'?",
    ),
    "an unknown badge": (
        [('has = "safe-hands"', 'has = "save-hands"')],
        "tiny.toml:36: badge 'wings': unknown badge 'save-hands'. Did you mean 'safe-hands'?",
    ),
    "badges that need each other": (
        [(EARN, 'earn = { all = [{ has = "wings" }, { count = "accepted" }] }')],
        "tiny.toml:26: badge 'safe-hands': nobody can ever earn it: 'safe-hands' needs 'wings' needs 'safe-hands'. "
        "Break the circle.",
    ),
    "a badge that needs itself": (
        [('has = "safe-hands"', 'has = "wings"')],
        "tiny.toml:35: badge 'wings': nobody can ever earn it: 'wings' needs 'wings'. Break the circle.",
    ),
    "a slug twice": (
        [('slug = "wings"', 'slug = "safe-hands"'), ('has = "safe-hands"', 'has = "speaker"')],
        "tiny.toml:29: badge 'safe-hands': another badge has the slug 'safe-hands' already. Give it a slug of its own.",
    ),
    "a name twice": (
        [('name = "Wings"', 'name = "SAFE HANDS"')],
        "tiny.toml:30: badge 'wings': badge 'safe-hands' has the name 'SAFE HANDS' already. Give it a name of its own.",
    ),
    "a threshold of 0": (
        [("n = 10", "n = 0")],
        "tiny.toml:26: badge 'safe-hands': the threshold must be a whole number of 1 or more, not 0. "
        "A badge for nothing is a gift to everybody.",
    ),
    "a negative threshold": (
        [("n = 10", "n = -3")],
        "tiny.toml:26: badge 'safe-hands': the threshold must be a whole number of 1 or more, not -3. "
        "A badge for nothing is a gift to everybody.",
    ),
    "no art": (
        [('glyph = "hand-heart"\n', "")],
        "tiny.toml:19: badge 'safe-hands': glyph is missing. Add glyph = \"...\", the drawing in its middle.",
    ),
    "no name": (
        [('name = "Safe Hands"\n', "")],
        "tiny.toml:19: badge 'safe-hands': name is missing. Add name = \"...\".",
    ),
    "nothing about it": (
        [('about = "People were in good hands."\n', "")],
        "tiny.toml:19: badge 'safe-hands': about is missing. Add about = \"...\", what the badge thanks for.",
    ),
    "an empty text": (
        [('"People were in good hands."', '"  "')],
        "tiny.toml:25: badge 'safe-hands': about is empty. Write about = \"...\", what the badge thanks for.",
    ),
    "no slug": (
        [('slug = "speaker"\n', "")],
        'tiny.toml:40: badge number 3: slug is missing. Add slug = "...".',
    ),
    "a slug that is none": (
        [('slug = "speaker"', 'slug = "The Speaker"')],
        "tiny.toml:41: badge 'The Speaker': 'The Speaker' is no slug. "
        "Use small letters, digits and single hyphens, as in safe-hands.",
    ),
    "an unknown family": (
        [('"hangar"', '"hanger"')],
        "tiny.toml:43: badge 'speaker': unknown family 'hanger'. Did you mean 'hangar'?",
    ),
    "an unknown tier": (
        [('"gold"', '"golden"')],
        "tiny.toml:32: badge 'wings': unknown tier 'golden'. Did you mean 'gold'?",
    ),
    "an unknown glyph": (
        [('"airplane"', '"aeroplane"')],
        "tiny.toml:33: badge 'wings': unknown glyph 'aeroplane'. Did you mean 'airplane'?",
    ),
    "no way": (
        [(EARN + "\n", "")],
        "tiny.toml:19: badge 'safe-hands': there is no way to earn it. "
        'Add earn = { ... }, or ways = ["request"] and how = "...".',
    ),
    "an empty list of ways": (
        [('ways = ["request"]', "ways = []")],
        "tiny.toml:47: badge 'speaker': there is no way to earn it. "
        "Name one of automatic, request, invitation, checklist, event, external, staff.",
    ),
    "an unknown way": (
        [('ways = ["request"]', 'ways = ["requst"]')],
        "tiny.toml:47: badge 'speaker': unknown ways 'requst'. Did you mean 'request'?",
    ),
    "a way without how": (
        [('how = "Tell us where you spoke."\n', "")],
        "tiny.toml:40: badge 'speaker': how is missing, and no rule tells how to get it by request. "
        'Add how = "...", what a member has to do.',
    ),
    "a how beside a rule that says it": (
        [(EARN, EARN + '\nhow = "Have ten answers accepted."')],
        "tiny.toml:27: badge 'safe-hands': how says again what the rule says by itself, and the two could part. "
        "Leave out how.",
    ),
    "automatic without a rule": (
        [('ways = ["request"]', 'ways = ["automatic", "request"]')],
        "tiny.toml:47: badge 'speaker': automatic needs a rule. "
        'Add earn = { count = "...", n = 1 }, or take automatic out of ways.',
    ),
    "a rule that ways deny": (
        [(EARN, EARN + '\nways = ["staff"]\nhow = "Ask."')],
        "tiny.toml:27: badge 'safe-hands': there is a rule, but ways does not say so: staff. "
        'Add "automatic" to ways.',
    ),
    "together true of everybody": (
        [(EARN, 'earn = { together = [{ count = "accepted", n = 0 }, { count = "answered", most = 3 }] }')],
        "tiny.toml:26: badge 'safe-hands': every part already holds for somebody who did nothing. "
        "Give one part a threshold of 1 or more.",
    ),
    "words that cannot be filled in": (
        [(EARN, 'earn = { count = "accepted", n = 10, says = "Do {m} things" }')],
        "tiny.toml:26: badge 'safe-hands': says must be a text in which only {n} is filled in. "
        'Write it as in says = "Read {n} threads".',
    ),
    "an unknown key": (
        [('tier = "gold"', 'tier = "gold"\nglpyh = "star"')],
        "tiny.toml:33: badge 'wings': unknown key 'glpyh'. Did you mean 'glyph'?",
    ),
    "an unknown table": (
        [("[[rank]]", '[[bagde]]\nslug = "x"\n\n[[rank]]')],
        "tiny.toml:4: unknown key 'bagde'. Did you mean 'badge'?",
    ),
    "a text where a number belongs": (
        [("amount = 5", 'amount = "5"')],
        "tiny.toml:14: points 'answer': amount must be a whole number, not '5'.",
    ),
    "broken TOML": (
        [('tier = "silver"', "tier = silver")],
        "tiny.toml:23: this is not TOML at column 8: invalid value. Correct it there, or in the line before.",
    ),
    "a file that ends too early": (
        [('how = "Tell us where you spoke."', 'how = """Tell us')],
        "tiny.toml:48: this is not TOML: unterminated string. Correct it there, or in the line before.",
    ),
    "ranks that do not rise": (
        [("[[points]]", '[[rank]]\nslug = "b"\nname = "B"\npoints = 0\nstars = 1\nabout = "B."\n\n[[points]]')],
        "tiny.toml:14: rank 'b': the ranks do not rise: 0 comes after 0. "
        "Order them by points, each above the one before.",
    ),
    "a ladder that begins in the air": (
        [("points = 0", "points = 10")],
        "tiny.toml:7: rank 'start': the first rank is where everybody starts. Write points = 0.",
    ),
    "an unknown unlock": (
        [("stars = 0", 'stars = 0\nunlocks = ["moderating"]')],
        "tiny.toml:9: rank 'start': unknown unlocks 'moderating'. Did you mean 'nominating'?",
    ),
    "points for an unknown kind": (
        [('kind = "answered"', 'kind = "answerd"')],
        "tiny.toml:13: points 'answer': unknown kind 'answerd'. Did you mean 'answered'?",
    ),
    "points under unknown facts": (
        [("amount = 5", 'amount = 5\nwhere = { pst = "answer" }')],
        "tiny.toml:15: points 'answer': unknown fact 'pst'. Did you mean 'post'?",
    ),
    "no points at all": (
        [("amount = 5", "amount = 0")],
        "tiny.toml:14: points 'answer': 0 points are no points. Leave the rule out: a deed without a rule gives none.",
    ),
    "a cap without a size": (
        [("per_day = 50\n", "")],
        "tiny.toml:16: points 'answer': cap names an allowance but not how large it is. "
        "Add per_day or per_pair, or leave out cap.",
    ),
    "caps that disagree": (
        [
            (
                "per_day = 50\n",
                'per_day = 50\n\n[[points]]\nslug = "reply"\nkind = "replied"\namount = 1\n'
                'says = "Reply"\ncap = "answers"\nper_day = 20\n',
            )
        ],
        "tiny.toml:25: points 'reply': per_day is 20 here and 50 in 'answer', which shares the allowance 'answers'. "
        "Write the same in both.",
    ),
    "a period that ends before it begins": (
        [("amount = 5", "amount = 5\nsince = 2020-01-02\nuntil = 2020-01-01")],
        "tiny.toml:16: points 'answer': until is before since. Exchange them.",
    ),
    "the name of what is made on the site": (
        [('name = "tiny"', 'name = "site"')],
        "tiny.toml:1: the name 'site' is taken: it means badges made on the site. "
        "Give the catalogue a name of its own.",
    ),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_problem_is_told_with_file_line_badge_and_remedy(flaw):
    changes, said = FLAWS[flaw]
    assert problems(*changes) == [said]


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    said = problems(('"hand-heart"', '"hand-hart"'), ('"visited"', '"visitd"'), ("amount = 5", "amount = 0"))
    assert [line.split(":")[1] for line in said] == ["14", "24", "37"]


def test_hostile_shapes_are_problems_and_not_crashes():
    assert problems(('slug = "wings"', "slug = [1]"), ('tier = "bronze"', "tier = { a = 1 }"))
    assert problems((EARN, "earn = 3"), ('ways = ["request"]', "ways = [[], {}]"))
    for text in ("", 'name = 1\nbadge = 2\nrank = [1]\npoints = "x"', "badge = [[]]"):
        with pytest.raises(InvalidCatalogue):
            catalogue.parse(text, "odd.toml")


def test_a_file_that_is_not_utf_8_is_told_by_its_line():
    with pytest.raises(InvalidCatalogue, match=r"^tiny.toml:2: this is not UTF-8 text. Save the file as UTF-8.$"):
        catalogue.parse(b'name = "tiny"\ntitle = "\xff"\n', "tiny.toml")


def test_line_ends_of_another_system_do_not_move_the_lines():
    with pytest.raises(InvalidCatalogue, match=r"^tiny.toml:26: "):
        catalogue.parse(GOOD.replace('"accepted"', '"acepted"').replace("\n", "\r\n").encode(), "tiny.toml")


def test_places_are_found_through_comments_strings_and_sub_tables():
    places = Places('''\
# a = 1
text = """
b = 2 # not a key
"""   # [[badge]]
[[badge]]
when = 2019-11-12 07:00:00
list = [ # first
  "]",
  { x = 1, 'y z' = [2,
    3] },
]
[badge.earn]
count = "x"
[[badge]]
[badge.earn]
a.b = 1
''')
    assert places.line(("text",)) == 2
    assert places.line(("badge", 0, "when")) == 6
    assert places.line(("badge", 0, "list", 1, "y z", 1)) == 10
    assert places.line(("badge", 0, "earn", "count")) == 13
    assert places.line(("badge", 1, "earn", "a", "b")) == 16
    assert places.line(("badge", 1, "missing", 3)) == 14
