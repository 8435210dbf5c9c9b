"""Derived facts: what no single deed shows. Absence, relations of two deeds, time passing.

Each fact is one statement over the site's own tables and finds the same whenever it is asked, so
the importer (for everything at once) and the scheduled look (for what was touched lately) share it.
A fact is noted once, under a key of its own, and never withdrawn: it is true that it happened.
"""

from app.domain.awarding.derived.facts import FACTS, find
from app.domain.awarding.derived.looks import look
from app.domain.awarding.derived.scope import BEGINNING, Found, Scope

__all__ = ["BEGINNING", "FACTS", "Found", "Scope", "find", "look"]
