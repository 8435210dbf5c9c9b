"""Counts: so many deeds, with the statement that finds who did them, and the sentence that says so."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from gettext import NullTranslations

from sqlalchemy import Subquery

from app.domain import words
from app.domain.badging import facts
from app.domain.badging.criteria.measures import Measure
from app.domain.badging.criteria.moments import first_of
from app.domain.badging.criteria.phrases import DIFFERENT, MANY, ONE, PARTS, a_post, singular
from app.domain.badging.criteria.progress import Names, Progress, Reader, key_of
from app.domain.record import kinds
from app.domain.record.kinds import Kind
from app.domain.words import _, ngettext


@dataclass(frozen=True)
class Count:
    """So many deeds: in all, of each post, in different parts, or within some days."""

    measure: Measure
    n: int = 1
    first: bool = False
    days: int | None = None
    in_a_row: bool = False
    most: int | None = None  # only as a part of Together: the number must not be above this
    says: str | None = None

    @property
    def subjects(self) -> str:
        return "post" if self.measure.each and not self.first else "none"

    @cached_property
    def counts(self) -> "tuple[Count, ...]":
        return (self,)

    @cached_property
    def key(self) -> str:
        return key_of("count", self.measure.key, self.n, self.first, self.days, self.most)

    def earned(self, one_member: bool = False) -> Subquery:
        if self.days:
            return self.measure.within(self.n, self.days, one_member)
        reached = self.measure.reached([self.n], one_member)
        return first_of(reached) if self.first else reached

    def measures(self) -> set[Measure]:
        return {self.measure}

    def badges(self) -> set[str]:
        return set()

    @cached_property
    def kind(self) -> Kind:
        """The words for what is counted."""
        weights = dict(self.measure.weights)
        for candidate in (*kinds.KINDS.values(), *kinds.SUMS.values()):
            if (candidate.weights or {candidate.slug: 1}) == weights:
                return candidate
        return replace(kinds.KINDS[next(iter(weights))], noun="done", each="")

    def sentence(self, names: Names) -> str:
        language = words.spoken_now()
        if language not in self._said:  # pages ask for it of every badge, and it names no other
            self._said[language] = self._sentence()
        return self._said[language]

    @cached_property
    def _said(self) -> dict[NullTranslations, str]:
        return {}

    def _sentence(self) -> str:
        if self.says:
            return singular(self.says.format(n=f"{self.n if self.most is None else self.most:,}")) + self._span()
        if self.in_a_row:
            begin = _("Visit") if self.kind.slug == "visited" else _("Have %(noun)s", noun=_(self.kind.noun))
            return " ".join([begin, *self._conditions(), _("%(days)s days in a row", days=self.n)])
        return " ".join([self._base(), *self._conditions()]) + self._span()

    def _base(self) -> str:
        kind, measure, n = self.kind, self.measure, self.n
        if self.most is not None:
            return self._at_most(self.most)
        if measure.each:
            return singular(_(kind.each or kind.many).format(n=f"{n:,}", a_post=a_post(measure)))
        if measure.per and measure.reaches > 1:
            base = singular(_(kind.many).format(n=f"{measure.reaches:,}")) + _(self._split(ONE))
            return base if n == 1 else f"{base}, {_(self._split(MANY)).format(n=f'{n:,}')}"
        base = _(kind.one) if n == 1 else _(kind.many).format(n=f"{n:,}")
        return base if not measure.per or n == 1 else base + _(self._split(DIFFERENT))

    def _at_most(self, most: int) -> str:
        noun = _(self.kind.noun)
        return (
            _("have at most %(most)s %(noun)s", most=f"{most:,}", noun=noun)
            if most
            else _("have no %(noun)s", noun=noun)
        )

    def _split(self, texts: Mapping[str, str]) -> str:
        """The words for a split. What is received comes from other members, what is given goes to them."""
        text, ending = texts[self.measure.per or ""], self.kind.slug.rpartition("_")[2]
        return text.replace("with", {"received": "from", "given": "to"}.get(ending, "with"))

    def _conditions(self) -> list[str]:
        where = dict(self.measure.where)
        post, received = where.get("post"), self.kind.slug.endswith("_received")
        left = [it for it in self.measure.where if not (post and received and it == ("own", True))]  # "your" says it
        texts = facts.phrases(tuple(left))
        if post and not self.measure.each:
            nouns = facts.posts(post)
            texts.insert(0, _("on your %(posts)s", posts=nouns) if received else f"({nouns})")
        return texts

    def _span(self) -> str:
        if not self.days or "days" in (self.says or ""):
            return ""
        told = ngettext(" within a day", " within %(num)s days", self.days)
        return f",{told}" if self.measure.per else told

    def progress(self, reader: Reader, names: Names) -> list[Progress]:
        if self.in_a_row:
            have = reader.run(self.measure)
        elif self.days:
            have = reader.window(self.measure, self.days)
        else:
            have = reader.value(self.measure)
        noun = _("days in a row") if self.in_a_row else _(self._noun())
        return [Progress(self.sentence(names), max(0, min(have, self.n)), self.n, noun)]

    def _noun(self) -> str:
        per, reaches = self.measure.per, self.measure.reaches
        if per == "object" and reaches == 1 and self.kind.things:
            return self.kind.things
        return PARTS[per] if per else self.kind.noun
