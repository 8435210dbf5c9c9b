"""Quizzes: the questions at the end of a text, written below it line by line.

    ? What makes a good title?
    - It is long
    + It says what the thread is about
    ! People look for it by its title.

A line with `?` asks, each `-` is an answer that is wrong, the one `+` the one that is right, and `!` says why. From the
first question on, everything belongs to the quiz; what stands above is the text to read.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from app.domain.problems import Invalid
from app.domain.words import _

BEGINNING = re.compile(r"^\? ", re.MULTILINE)
MOST_QUESTIONS, MOST_CHOICES, LONGEST_LINE = 20, 8, 300


class Question(NamedTuple):
    """What is asked, what one may answer, which answer is right (from 0), and why."""

    text: str
    choices: tuple[str, ...]
    right: int
    because: str


def reading(body: str) -> str:
    """What stands above the questions."""
    found = BEGINNING.search(body)
    return body[: found.start()].rstrip() if found else body


@lru_cache(128)
def questions(body: str) -> tuple[Question, ...]:
    """The questions of a text, none where it has none. Raises Invalid where one cannot be answered."""
    found = BEGINNING.search(body)
    if not found:
        return ()
    lines = [line.strip() for line in body[found.start() :].splitlines() if line.strip()]
    starts = [i for i, line in enumerate(lines) if line.startswith("? ")]
    if len(starts) > MOST_QUESTIONS:
        raise Invalid(body=_("Ask at most %(most)s questions.", most=MOST_QUESTIONS))
    ends = [*starts[1:], len(lines)]
    return tuple(_question(lines[start:end]) for start, end in zip(starts, ends, strict=True))


def _question(lines: Sequence[str]) -> Question:
    text, answers = lines[0][2:].strip(), [line for line in lines[1:] if line[:2] in ("- ", "+ ")]
    others = [line for line in lines[1:] if line[:2] not in ("- ", "+ ", "! ")]
    right = [i for i, line in enumerate(answers) if line.startswith("+")]
    if others:
        raise Invalid(body=_("Among the questions, begin “%(line)s” with ?, -, + or !", line=others[0][:60]))
    if any(len(line) > LONGEST_LINE for line in lines):
        raise Invalid(body=_("Shorten the lines of “%(question)s”: at most %(most)s characters each.",
                             question=text[:60], most=LONGEST_LINE))  # fmt: skip
    if not 2 <= len(answers) <= MOST_CHOICES:
        raise Invalid(body=_("Give “%(question)s” two to %(most)s answers.", question=text[:60], most=MOST_CHOICES))
    if len(right) != 1:
        raise Invalid(body=_("Mark one answer of “%(question)s” as the right one, with a +.", question=text[:60]))
    because = " ".join(line[2:].strip() for line in lines if line.startswith("! "))
    return Question(text, tuple(line[2:].strip() for line in answers), right[0], because)
