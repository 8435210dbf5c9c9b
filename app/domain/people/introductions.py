"""Introductions: what members say of themselves, checked and made safe to show."""

import unicodedata
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from sqlalchemy.orm import Session

from app.domain import markup
from app.domain.people import likeness, pictures
from app.domain.people.members import Member
from app.domain.people.pictures import Drawing
from app.domain.problems import Invalid
from app.domain.words import _, ngettext

MOST = {"name": 80, "title": 120, "location": 120, "website": 300, "about": 5000}
MOST_LINKS = 5
ABOUT_HTML_MOST = 60_000
REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def change(
    session: Session, member: Member, *,
    name: str, title: str, location: str, website: str, links: str, about: str, zone: str,
) -> None:  # fmt: skip
    """Let a member say all this of themselves from now on; raises Invalid with everything that needs another look."""
    said = {"name": one_line(name) or member.username, "title": one_line(title), "location": one_line(location)}
    said |= {"website": website.strip(), "about": about.replace("\r\n", "\n").replace("\x00", "").strip()}
    addresses = [address for address in (it.strip() for it in links.splitlines()) if address]
    html = markup.render(said["about"])

    problems = {field: _too_long(MOST[field]) for field, text in said.items() if len(text) > MOST[field]}
    if said["name"] != member.name and not member.is_staff and likeness.is_like_staff(session, said["name"]):
        problems["name"] = _("Somebody of the team is called that. Choose a name that is not taken for theirs.")
    if said["website"] and not is_address(said["website"]):
        problems["website"] = _("Begin it with https:// or http://, as in https://example.org.")
    if len(addresses) > MOST_LINKS:
        problems["links"] = _("At most %(most)s, one a line.", most=MOST_LINKS)
    elif wrong := [it for it in addresses if not is_address(it)]:
        problems["links"] = no_address(wrong[0])
    if "about" not in problems and len(html) > ABOUT_HTML_MOST:
        problems["about"] = _("Use fewer links and less formatting here.")
    if zone not in zones() and zone != member.zone:
        problems["zone"] = _("Choose a time zone of the list.")
    if problems:
        raise Invalid(**problems)

    for field, text in said.items():
        setattr(member, field, text)
    member.links, member.about_html, member.zone = "\n".join(addresses), html, zone
    session.flush()


def draw_photo(file: bytes) -> tuple[Drawing, Drawing]:
    """The photo in an uploaded file, small and large; takes a moment and no database."""
    large = pictures.draw(file, pictures.Use.PHOTO, field="photo")
    return pictures.smaller(large, pictures.FACE_SIDE), large


def show_photo(session: Session, member: Member, small: Drawing, large: Drawing) -> None:
    """Show a photo wherever the member is named; the one before is gone."""
    hide_photo(session, member)
    member.photo = pictures.keep(session, member, small).name
    member.portrait = pictures.keep(session, member, large).name


def hide_photo(session: Session, member: Member) -> bool:
    """Take a member's photo away; whether there was one."""
    names = [name for name in (member.photo, member.portrait) if name]
    for name in names:
        pictures.remove(session, name, member)
    member.photo = member.portrait = None
    return bool(names)


@cache
def zones() -> tuple[str, ...]:
    """The time zones one can choose: those called after a place, and UTC."""
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.partition("/")[0] in REGIONS))


def one_line(text: str) -> str:
    """One line without invisible marks, which could turn the text round them about."""
    shown = "".join(
        " " if unicodedata.category(it) in ("Cc", "Zl", "Zp") else it
        for it in unicodedata.normalize("NFKC", text)
        if unicodedata.category(it) not in ("Cf", "Cs", "Co", "Cn")
    )
    return " ".join(shown.split())


def _too_long(most: int) -> str:
    return ngettext("Use at most %(num)s character.", "Use at most %(num)s characters.", most)


def is_address(text: str) -> bool:
    """Whether a link can lead there: a page of the web, and nobody's name and password."""
    if len(text) > MOST["website"] or not text.isprintable() or set(text) & set(' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and "." in (parts.hostname or "") and "@" not in parts.netloc
    except ValueError:
        return False


def no_address(text: str) -> str:
    """What to say of a text that is no address."""
    return _("“%(wrong)s” is not a web address. Begin it with https:// or http://.", wrong=text[:80])
