"""Criteria: when a badge is earned, as data.

One node gives four things that can therefore not drift apart: the statement that finds who earned
it and when, the sentence that members read, the progress bar, and the sums to listen to.
"""

from app.domain.badging.criteria.counts import Count
from app.domain.badging.criteria.measures import Measure
from app.domain.badging.criteria.moments import latest_of, running
from app.domain.badging.criteria.nodes import All, Any, Has, Together, Yearly
from app.domain.badging.criteria.parse import CriterionError, parse
from app.domain.badging.criteria.progress import Names, Node, Progress

__all__ = [
    "All",
    "Any",
    "Count",
    "CriterionError",
    "Has",
    "Measure",
    "Names",
    "Node",
    "Progress",
    "Together",
    "Yearly",
    "latest_of",
    "parse",
    "running",
]
