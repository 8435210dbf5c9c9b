"""What loading a file would change on the site."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy.orm import Session

from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.catalogue import extras, site
from app.domain.catalogue.entries import EXTRAS, BadgeEntry, Catalogue, EventEntry, Extra
from app.domain.catalogue.export import value_as_toml
from app.domain.catalogue.fields import MADE_HERE
from app.domain.catalogue.loaded import LoadedCatalogue

MOST_LINES = 40  # of a changed text that are shown
GONE = {
    "badge": "becomes legacy", "lesson": "is no longer offered", "reply": "is thrown away", "event": "is called off",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One badge, rank, points rule or the like that differs between the site and a file.

    `here` is what the site has, `there` what the file says; None where one of them lacks it.
    `edited`: it was changed on the site since the file was loaded, and stays unless forced.
    """

    what: str
    here: Any
    there: Any
    edited: bool = False

    @property
    def slug(self) -> str:
        return str((self.there or self.here).slug)

    def lines(self, force: bool = False, retire: bool = False) -> Iterator[str]:
        """The change in words: + new, - gone, ~ changed, ! changed on the site and left so."""
        kept = self.edited and not force
        mark = "!" if kept else "+" if self.here is None else "-" if self.there is None else "~"
        whose = f"{mark} {self.what} {self.slug}"
        if self.here is None:
            yield f"{whose}: new, {self.there.called}"
        elif self.there is None:
            yield f"{whose}: not in the file" + self._gone(retire)
        else:
            for it in fields(self.there):
                yield from _changed(f"{whose}: {it.name}", getattr(self.here, it.name), getattr(self.there, it.name))
        if kept:
            done = "removed" if self.here is None else "edited"
            yield f"  {done} on the site since it was loaded; stays so unless overwritten (--force)"

    def _gone(self, retire: bool) -> str:
        if self.what not in GONE:
            return ""
        return "; " + (GONE[self.what] if retire else "stays unless retired (--retire)")


def _changed(whose: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if "\n" not in f"{before}{after}":
        yield f"{whose}: {_shown(before)} -> {_shown(after)}"
        return
    yield f"{whose}:"
    told = [it for it in difflib.ndiff(str(before).splitlines(), str(after).splitlines()) if it[0] in "+-"]
    yield from (f"    {it}" for it in told[:MOST_LINES])
    if len(told) > MOST_LINES:
        yield f"    and {len(told) - MOST_LINES} lines more"


def _shown(value: Any) -> str:
    """A value as it stands in the file."""
    return "nothing" if value is None else value_as_toml(value)


@dataclass
class Difference:
    """Everything a file and the site do not agree on. `replaced` are badges of the catalogue used until now."""

    badges: list[Change] = field(default_factory=list)
    ranks: list[Change] = field(default_factory=list)
    points: list[Change] = field(default_factory=list)
    milestones: list[Change] = field(default_factory=list)
    extras: list[Change] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)  # the catalogue's own name and title
    reordered: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        changes = (self.badges, self.ranks, self.points, self.milestones, self.extras)
        return any((*changes, self.replaced, self.renamed, self.reordered))

    def lines(self, force: bool = False, retire: bool = False) -> list[str]:
        """The difference in words, a line each, as loading it with these wishes settles it."""
        changes = (*self.ranks, *self.points, *self.badges, *self.milestones, *self.extras)
        return [
            *self.renamed,
            *(line for change in changes for line in change.lines(force, retire)),
            *(f"- badge {slug}: of the catalogue used until now; becomes legacy" for slug in self.replaced),
            *(f"~ {what}: their order" for what in self.reordered),
        ]


def difference(session: Session, file: Catalogue, *, whole: bool = False) -> Difference:
    """What loading the file would change.

    A `whole` text was edited on the site, so that what it lacks was taken out of it; a file knows only what it brought.
    """
    used = site.active(session)
    past = Catalogue.from_data(used.content) if used else None
    rows = {badge.slug: badge for badge in site.badges(session)}
    entries = {slug: site.badge_entry(badge) for slug, badge in rows.items()}
    ranks = tuple(map(site.rank_entry, site.ranks(session)))
    points = tuple(map(site.points_entry, site.point_rules(session)))
    milestones = tuple(map(site.milestone_entry, site.milestones(session)))
    kept = extras.here(session)
    return Difference(
        badges=[*_badges(session, file, rows, entries, used), *_gone(file, rows, entries, whole)],
        ranks=_list("rank", ranks, file.ranks, past.ranks if past else ()),
        points=_list("points", points, file.points, past.points if past else ()),
        milestones=_list("milestone", milestones, file.milestones, past.milestones if past else ()),
        extras=list(_extras(kept, file, past, whole)),
        replaced=_replaced(file, rows),
        renamed=_renamed(used, file),
        reordered=[
            what
            for what, here, there in (
                ("points", points, file.points),
                ("badges", entries.values(), file.badges),
                ("milestones", milestones, file.milestones),
                ("lessons", kept["lesson"], file.extras.get("lesson", ())),
            )
            if _out_of_order([it.slug for it in here], [it.slug for it in there])
        ],
    )


def _renamed(used: LoadedCatalogue | None, file: Catalogue) -> list[str]:
    if used is None or (used.name, used.title) == (file.name, file.title):
        return []
    return [f"~ catalogue: {used.name} ({used.title}) -> {file.name} ({file.title})"]


def _replaced(file: Catalogue, rows: Mapping[str, Badge]) -> list[str]:
    return [
        slug
        for slug, badge in rows.items()
        if badge.catalogue not in (file.name, MADE_HERE) and badge.state != "legacy" and slug not in file.badge_names
    ]


def _badges(
    session: Session,
    file: Catalogue,
    rows: Mapping[str, Badge],
    entries: Mapping[str, BadgeEntry],
    used: LoadedCatalogue | None,
) -> Iterator[Change]:
    past = {it: _past_badges(session, it) for it in {badge.catalogue for badge in rows.values()}}
    for there in file.badges:
        here = entries.get(there.slug)
        if here is None:
            yield Change("badge", None, there)
        elif here != there:
            catalogue = rows[there.slug].catalogue
            before = past[catalogue].get(there.slug)
            # Another catalogue took its place meanwhile: that it is legacy was nobody's edit.
            put_away = used is not None and catalogue != used.name
            yield Change("badge", here, there, edited=not _alike(here, before, but="state" if put_away else ""))


def _past_badges(session: Session, name: str) -> dict[str, BadgeEntry]:
    loaded = session.get(LoadedCatalogue, name)
    return {it.slug: it for it in map(BadgeEntry.from_data, loaded.content["badge"])} if loaded else {}


def _alike(here: BadgeEntry, before: BadgeEntry | None, but: str) -> bool:
    return before is not None and all(
        getattr(here, it.name) == getattr(before, it.name) for it in fields(here) if it.name != but
    )


def _gone(
    file: Catalogue, rows: Mapping[str, Badge], entries: Mapping[str, BadgeEntry], whole: bool
) -> Iterator[Change]:
    ours = (file.name, MADE_HERE) if whole else (file.name,)
    for slug, badge in rows.items():
        if badge.catalogue in ours and slug not in file.badge_names and badge.state != "legacy":
            yield Change("badge", entries[slug], None)


def _list(what: str, here: Sequence[Any], there: Sequence[Any], before: Sequence[Any]) -> list[Change]:
    """How the ladder, the points rules or the milestones differ. They only make sense together, so one edit holds all."""
    edited = bool(here) and here != before
    ours, theirs = {it.slug: it for it in here}, {it.slug: it for it in there}
    return [
        Change(what, ours.get(slug), theirs.get(slug), edited)
        for slug in dict.fromkeys([*theirs, *ours])
        if ours.get(slug) != theirs.get(slug)
    ]


def _extras(
    here: Mapping[str, Sequence[Extra]], file: Catalogue, past: Catalogue | None, whole: bool
) -> Iterator[Change]:
    """How lessons, replies and events differ, one by one. A table that a file does not have says nothing."""
    for table in EXTRAS:
        if whole or table in file.extras:
            brought = {it.slug: it for it in (past.extras.get(table, ()) if past else ())}
            ours = {it.slug: it for it in here[table]}
            theirs = {it.slug: it for it in file.extras.get(table, ()) if not _is_over(it)}
            for slug, there in theirs.items():
                if ours.get(slug) != there:
                    yield Change(table, ours.get(slug), there, edited=ours.get(slug) != brought.get(slug))
            for slug in [it for it in ours if it not in theirs]:
                if (whole or slug in brought) and ours[slug] != ours[slug].retired():
                    yield Change(table, ours[slug], None)


def _is_over(entry: Extra) -> bool:
    """Nobody can come to it any more, and the site keeps what was."""
    return isinstance(entry, EventEntry) and entry.ends <= now()


def _out_of_order(here: list[str], there: list[str]) -> bool:
    """Whether what both have stands in another order."""
    both = set(here) & set(there)
    return [slug for slug in here if slug in both] != [slug for slug in there if slug in both]
