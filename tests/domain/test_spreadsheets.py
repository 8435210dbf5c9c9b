"""What a spreadsheet would take for a formula becomes text, and nothing else is touched."""

from __future__ import annotations

import pytest

from app.domain.spreadsheets import harmless

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0@x", "\uff1d1", "\uff20x")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Answer a question", "1 + 1 = 2", "a@members.example", "'=1", "O'Hare"])
def test_other_text_stays_as_it_is(text):
    assert harmless(text) == text
