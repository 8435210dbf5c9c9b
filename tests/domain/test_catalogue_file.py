"""A catalogue's file is read whole, or every problem is told with its line and what to do."""

import re

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


TINY_LESSON = '''
[[lesson]]
slug = "trim"
text = """
# Trim

Slowly.

? Which?
- Left
+ Right
"""
'''
TINY_REPLY = """
[[reply]]
name = "Thanks"
suits = "approve"
body = "Thank you, {member}."
"""
TINY_EVENT = """
[[event]]
slug = "opening-night"
title = "Opening night"
begins = 2199-12-04 18:00:00
ends = 2199-12-04 20:00:00
zone = "Europe/Oslo"
place = "Harbour"
"""


def problems(*changes, more=""):
    """What is said of the good file after some changes; an old text may be several lines."""
    text = GOOD + more
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


EXTRA_FLAWS = {
    "a lesson without questions": (
        ("\n? Which?\n- Left\n+ Right", ""),
        "tiny.toml:52: lesson 'trim': there are no questions to finish it by. "
        'Write them below the text: "? " asks, "- " is a wrong answer, "+ " the right one; or offered = false.',
    ),
    "a question without a right answer": (
        ("+ Right", "- Right"),
        "tiny.toml:52: lesson 'trim': Mark one answer of “Which?” as the right one, with a +.",
    ),
    "a lesson of no text": (
        ('"""\n# Trim\n\nSlowly.\n\n? Which?\n- Left\n+ Right\n"""', '""'),
        'tiny.toml:52: lesson \'trim\': text is empty. Write text = """...""", the lesson with its questions below.',
    ),
    "a lesson that is too long": (
        ("Slowly.", "x" * 20_000),
        "tiny.toml:52: lesson 'trim': text has 20034 letters. Shorten it to 20000.",
    ),
    "an unknown place in a reply": (
        ("{member}", "{name}"),
        "tiny.toml:65: reply 'Thanks': Nobody knows what belongs at {name}. "
        "There are {member}, {badge}, {how}, {date}, {again}, {moderator}.",
    ),
    "a reply for nothing": (
        ('suits = "approve"', 'suits = "approval"'),
        "tiny.toml:64: reply 'Thanks': unknown suits 'approval'. Did you mean 'approve'?",
    ),
    "two replies of one name": (
        ("\n[[event]]", '\n[[reply]]\nname = "Thanks"\nsuits = "ask"\nbody = "Which?"\n\n[[event]]'),
        "tiny.toml:68: reply 'Thanks': another reply has the name 'Thanks' already. Give it a name of its own.",
    ),
    "an event that ends before it begins": (
        ("ends = 2199-12-04 20", "ends = 2199-12-04 17"),
        "tiny.toml:71: event 'opening-night': It ends after it begins, and within a month.",
    ),
    "an event on a day without time": (
        ("begins = 2199-12-04 18:00:00", "begins = 2199-12-04"),
        "tiny.toml:70: event 'opening-night': begins must be a day and a time without quotes, as 2026-12-04 18:00:00, "
        "not datetime.date(2199, 12, 4).",
    ),
    "an event beyond the calendar": (
        ("ends = 2199", "ends = 9999"),
        "tiny.toml:70: event 'opening-night': no calendar of ours goes that far. Write a nearer day.",
    ),
    "an event in no zone": (
        ('"Europe/Oslo"', '"Europe/Olso"'),
        "tiny.toml:72: event 'opening-night': unknown zone 'Europe/Olso'. Did you mean 'Europe/Oslo'?",
    ),
    "an event that gives a badge of a rule": (
        ('place = "Harbour"', 'badge = "safe-hands"'),
        "tiny.toml:73: event 'opening-night': 'safe-hands' is no badge that an event gives. Leave out badge.",
    ),
    "an event for a rank that is not there": (
        ('place = "Harbour"', 'audience = "rank"\nrank = "pilot"'),
        "tiny.toml:74: event 'opening-night': Choose the rank.",
    ),
    "an event for a group that it does not name": (
        ('place = "Harbour"', 'audience = "guests"'),
        "tiny.toml:67: event 'opening-night': Say which group it is: everybody reads it.",
    ),
    "a rank of an event for everybody": (
        ('place = "Harbour"', 'rank = "start"'),
        "tiny.toml:73: event 'opening-night': rank is there, but the event is not for one. "
        'Add audience = "rank", or leave out rank.',
    ),
    "a number no database holds": (
        ("per_day = 50", "per_day = 100000000000000000000"),
        "tiny.toml:17: points 'answer': per_day is too large a number. Write 10000000 or less.",
    ),
    "a threshold nobody reaches": (
        ("n = 10", "n = 99999999999999999999"),
        "tiny.toml:26: badge 'safe-hands': nobody can ever reach that many. Write 10000000 or less.",
    ),
    "a list of what are no tables": (
        ("[[rank]]", "event = [1]\n\n[[rank]]"),
        "tiny.toml:4: event is a list of tables. Begin each with [[event]] on a line of its own.",
    ),
}


@pytest.mark.parametrize("flaw", EXTRA_FLAWS)
def test_what_is_wrong_with_a_lesson_reply_or_event_is_told_at_its_line(flaw):
    change, said = EXTRA_FLAWS[flaw]
    more = TINY_LESSON + TINY_REPLY + ("" if "event = [1]" in change[1] else TINY_EVENT)
    assert problems(change, more=more) == [said]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = " + "[" * 5000, "too deep"),
        ("a = " + "{b = " * 5000, "too deep"),
        ("a = " + "9" * 5000, "a number nobody can read"),
        ("#" * 250_001, "larger than 250,000 bytes"),
        (GOOD + "".join(f'\n[[lesson]]\nslug = "a{i}"' for i in range(1001)), "there are 1,001 [[lesson]]"),
        (GOOD.replace('"Wings"', '"' + "w" * 100_000 + '"'), "name has 100000 letters"),
        (GOOD.replace("n = 10", "n = [" + "1, " * 50_000 + "]"), "must be a whole number"),
    ],
)
def test_a_hostile_file_is_refused_in_a_line_one_can_read(text, told):
    with pytest.raises(InvalidCatalogue, match=re.escape(told)) as refusal:
        catalogue.parse(text, "tiny.toml")
    assert max(map(len, refusal.value.lines)) < 500


def test_a_rule_may_neither_be_too_long_nor_too_deep():
    part = '{ count = "accepted" }'
    deep = part
    for _ in range(7):
        deep = f"{{ all = [{deep}, {part}] }}"
    assert "too deep" in problems((EARN, f"earn = {deep}"))[0]
    assert "too many parts" in problems((EARN, f"earn = {{ any = [{', '.join([part] * 21)}] }}"))[0]
    fours = f"{{ all = [{', '.join([part] * 6)}] }}"
    assert "too many parts" in problems((EARN, f"earn = {{ any = [{', '.join([fours] * 4)}] }}"))[0]


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
