"""What every template can use: words, numbers, dates, remembered drawings."""

from collections.abc import Callable, MutableMapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, request
from flask.templating import Environment
from markupsafe import Markup

from app import logs
from app.domain import words
from app.domain.badging.insignia import FAMILIES, TIERS, shape
from app.domain.forum.listing import standing
from app.domain.record.audit_log import named
from app.domain.rewards.statements import why_held
from app.web import site
from app.web.audience import viewer

STYLE_SHEETS = ("tokens.css", "base.css", "layout.css", "components.css", "badges.css")
THEMES = ("auto", "light", "dark")
SECTIONS = (
    ("threads", "/", "chats-circle", "Threads"),
    ("badges", "/badges", "medal", "Badges"),
    ("leaders", "/leaders", "ranking", "Leaders"),
)
REMEMBERED = {
    "components/art.html": ("icon", "badge", "drawing", "avatar", "stars", "standing_chip"),
    "components/badges.html": ("tile", "line"),
    "components/hits.html": ("hit",),
    "components/pieces.html": ("points_chip",),
    "components/ledger.html": ("ledger_line",),
    "components/board.html": ("board_line", "team_line"),
    "components/requests.html": ("request_row", "request_head", "request_filters", "request_replies"),
    "components/threads.html": ("thread_row",),
    "layouts/_frame.html": ("frame_head", "frame_nav", "frame_menu", "frame_foot", "corner"),
}


class Templates(Environment):
    """Templates that share what is global as it is; Jinja would lay it over itself anew for each of them."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


def install(app: Flask) -> None:
    """Give the templates of an app their surroundings."""
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(
        number=number,
        ago=ago,
        day=day,
        moment=moment,
        date=on_date,
        initials=initials,
        standing=standing,
        prose=prose,
        sentence=sentence,
        named=named,
        why_held=why_held,
    )
    env.globals.update(
        _=said,
        trace=logs.reference,
        ngettext=counted,
        shape_of=shape,
        FAMILIES=FAMILIES,
        TIERS=TIERS,
        SECTIONS=SECTIONS,
        STYLE_SHEETS=STYLE_SHEETS,
    )
    for template, names in REMEMBERED.items():
        env.globals.update({name: remembered(env, template, name) for name in names})
    app.context_processor(surroundings)


def surroundings() -> dict[str, Any]:
    """What the layout asks for on every page."""
    return {"viewer": viewer(), "theme": theme(), **site.surroundings()}


def theme() -> str:
    """The look a visitor chose: auto, light or dark."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else THEMES[0]


def remembered(env: Environment, template: str, name: str) -> Callable[..., Markup]:
    """A macro that draws the same thing only once.

    A drawing is asked for hundreds of times a page. Whatever can change while the site runs is one of its
    arguments, as the site's name is; when a second language comes, the language becomes another.
    """

    @lru_cache(4096)
    def draw(*args: object, **named: object) -> Markup:
        return macro()(*args, **named)

    @cache
    def macro() -> Callable[..., Any]:
        return getattr(env.get_template(template).module, name)

    return draw


def said(text: str, **values: object) -> Markup:
    """A sentence in the language in force, its %(named)s values filled in safely."""
    text = words.gettext(text)
    return Markup(text) % values if values else _without_values(text)  # noqa: S704  the templates' own words


def counted(one: str, many: str, num: int, **values: object) -> Markup:
    """The form of a sentence that fits a number; %(num)s is the number with its thousands set apart."""
    return Markup(words.plural(one, many, num)) % {"num": number(num), **values}  # noqa: S704  as above


@lru_cache(4096)
def _without_values(text: str) -> Markup:
    return Markup(text) % {}  # noqa: S704  as above


def number(value: int) -> str:
    """A number with its thousands set apart."""
    return f"{value:,}"


def sentence(text: str) -> str:
    """The lines of a text as sentences: each with a full stop, unless it ends in a mark of its own."""
    return " ".join(it if it.endswith((".", "!", "?", "…")) else f"{it}." for it in text.splitlines())


def initials(name: str) -> str:
    """The first letters of the first two words of a name."""
    return "".join(word[0] for word in name.split()[:2]).upper()


def prose(html: str) -> Markup:
    """What a member wrote, as it was made safe when it was written.

    Code and tables may be wider than the page and scroll; so they can be reached by keyboard. The sanitiser
    leaves no attribute on them and escapes every "<" of the text, so these are the tags themselves.
    """
    return Markup(html.replace("<pre>", '<pre tabindex="0">').replace("<table>", '<table tabindex="0">'))  # noqa: S704


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 (a row of words)
MINUTE, HOUR, DAY = 60, 3600, 86_400  # in seconds


def day(when: datetime) -> Markup:
    """A date: 18 Nov 2026."""
    return _time(when, _date(when))


def moment(when: datetime, zone: str = "UTC") -> Markup:
    """A date with its time, in a zone: 18 Nov 2026, 16:20 UTC."""
    there = when.astimezone(ZoneInfo(zone))
    return _time(when, f"{on_date(there)}, {there.hour:02}:{there.minute:02} {there.tzname()}")


def ago(when: datetime) -> Markup:
    """How long ago, as far back as a week; then the date."""
    past = int((datetime.now(UTC) - when).total_seconds())
    if past < MINUTE:
        text = "just now"
    elif past < HOUR:
        text = f"{past // MINUTE} min ago"
    elif past < DAY:
        text = f"{past // HOUR} h ago"
    elif past < 8 * DAY:
        text = "yesterday" if past < 2 * DAY else f"{past // DAY} days ago"
    else:
        text = _date(when)
    return _time(when, text)


def on_date(day: date) -> str:
    """A day of the calendar, whatever the time there: 18 Nov 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _date(when: datetime) -> str:
    return on_date(when.astimezone(UTC))


def _time(when: datetime, text: str) -> Markup:
    return Markup(f'<time datetime="{_exact(when)}">{text}</time>')  # noqa: S704  both are made here


def _exact(when: datetime) -> str:
    """As machines read it; strftime takes several times as long."""
    there = when if when.tzinfo is UTC else when.astimezone(UTC)
    return f"{there.isoformat()[:16]}Z"
