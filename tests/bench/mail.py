"""From a deed to the letter in the folder, through web, Redis and worker; and writing the digests that are due."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from email.policy import SMTP
from pathlib import Path

from sqlalchemy import Exists, select, text, update

import config
from app import mail
from app.db import snapshot
from app.domain.awarding import derived, evaluator
from app.domain.base import now
from app.domain.mail import digests
from app.domain.people.members import Member
from app.domain.record import activities
from app.domain.record.activities import Activity
from tests.bench import history
from tests.bench.history import Size
from tests.bench.journey import served, waiting
from tests.bench.report import Row, say, share, shown
from tests.bench.site import Site, Workshop
from tests.servers import free_port, until

A_SECOND, SECONDS = 20, 30
P50, P95 = 1.0, 3.0
DEED, BADGE = "profile_completed", "Boarding Pass"  # one is enough
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
DUE = MIDNIGHT + timedelta(hours=1)
SENDING_SECONDS = 5.0
GROWTH = 1.5  # the cost of one digest may not grow by more, however many are due


def run(shop: Workshop, engine_name: str, due: tuple[int, ...]) -> list[Row]:
    """Deeds at a steady pace, each of which earns a badge; then digests for ever more members."""
    return [_letters(shop, engine_name), *_digests(shop, engine_name, due)]


def _letters(shop: Workshop, engine_name: str) -> Row:
    say(f"{engine_name}: from the deed to the letter, at {A_SECOND} deeds a second")
    site, deeds = shop.site(engine_name, PORT=str(free_port())), A_SECOND * SECONDS
    history.write(site, Size(activities=20_000, members=5000))
    with site.open() as session:  # type: ignore[attr-defined]
        evaluator.kept(session)  # adds up the history, which is another figure
    with snapshot(site.engine) as reading:
        derived.look(reading, site.open, now())  # and what came true long ago owes no letter
    with site.app.app_context():
        evaluator.run(site.open)  # type: ignore[arg-type]
    with site.open() as session:  # type: ignore[attr-defined]
        fresh = session.scalars(select(Member.id).where(~exists_of(DEED)).order_by(Member.id.desc()).limit(deeds)).all()
        reachable = {"email": Member.username + "@members.example", "email_verified_at": now()}
        session.execute(update(Member).where(Member.id.in_(fresh)).values(reachable))
    folder = config.read(site.settings).instance_dir / "mail"
    with served(site):
        until(lambda: not waiting(site), "all is evaluated", seconds=600)
        began = _note_all(site, fresh)
        until(lambda: len(_arrivals(folder)) >= deeds, f"{deeds} letters left", seconds=120)
        arrived = _arrivals(folder)
    took = [arrived[to] - moment for to, moment in began.items()]
    half, most = share(took, 0.5), share(took, 0.95)
    value, target = f"p50 {shown(half)}, p95 {shown(most)}", f"<= {P50:.0f}, {P95:.0f} s"
    what = f"deed to letter in its folder, {deeds} at {A_SECOND} a second"
    return Row(what, engine_name, value, target=target, met=half <= P50 and most <= P95)


def exists_of(kind: str) -> Exists:
    """That a member has done something of a kind."""
    return select(Activity.id).where(Activity.member_id == Member.id, Activity.kind == kind).exists()


def _note_all(site: Site, members: Sequence[int]) -> dict[str, float]:
    """Note a deed of each at a steady pace; the moment of each commit, by address."""
    began: dict[str, float] = {}
    start = time.monotonic()
    for nth, member_id in enumerate(members):
        time.sleep(max(0.0, start + nth / A_SECOND - time.monotonic()))
        with site.open() as session:  # type: ignore[attr-defined]
            member = session.get_one(Member, member_id)
            activities.note(session, DEED, member)
        began[str(member.email)] = time.time()
    return began


def _arrivals(folder: Path) -> dict[str, float]:
    """When each letter about the badge was in the folder, by address."""
    time.sleep(0.5)
    found: dict[str, float] = {}
    for path in folder.glob("*-badge-earned.eml"):
        head = BytesHeaderParser(policy=SMTP).parsebytes(path.read_bytes())
        if BADGE in str(head["Subject"]):
            found[str(head["To"])] = path.stat().st_mtime
    return found


def _digests(shop: Workshop, engine_name: str, sizes: tuple[int, ...]) -> list[Row]:
    """Digests for ever more members: what it costs to owe one, and to write and send one, may not grow with the others."""
    rows: list[Row] = []
    least: tuple[float, float] | None = None
    for number in sizes:
        say(f"{engine_name}: digests of {number:,} members")
        site = shop.site(engine_name)
        history.write(site, Size(activities=1000, members=number))
        _make_due(site)
        spent = site.cpu()
        assert digests.write_due(site.open, at=DUE) == number  # type: ignore[arg-type]
        owing = site.cpu() - spent
        each, sending = owing / number, _sent_each(site)
        least = least or (each, sending)
        rows += [
            _grown(f"CPU for owing {number:,} digests", engine_name, owing, each / least[0]),
            _grown(f"CPU for writing and sending one of {number:,}", engine_name, sending, sending / least[1]),
        ]
    return rows


def _grown(what: str, engine_name: str, value: float, ratio: float) -> Row:
    return Row(what, engine_name, shown(value), "", f"{ratio:.2f} x each", f"<= {GROWTH} x", ratio <= GROWTH)


def _make_due(site: Site) -> None:
    """A notice for every member, wanted daily, and the digest that tells it due."""
    with site.open() as session:  # type: ignore[attr-defined]
        for statement in (
            "UPDATE members SET email = username || '@members.example', email_verified_at = :at, digest_hour = 0",
            "INSERT INTO preferences (member_id, kind, frequency, before, chosen_at)"
            " SELECT id, 'rank', 'daily', 'weekly', :at FROM members",
            "INSERT INTO notifications (member_id, kind, what, key, facts, created_at)"
            """ SELECT id, 'rank', '', 'bench', '{"rank": "Cadet"}', :at FROM members""",
            "INSERT INTO digest_items (notification_id, member_id, kind, told_before)"
            " SELECT id, member_id, kind, 1 = 0 FROM notifications",
            "INSERT INTO digest_dues (member_id, period, due_at) SELECT id, 'daily', :at FROM members",
        ):
            session.execute(text(statement.replace(":at", f"'{MIDNIGHT:%Y-%m-%d %H:%M:%S.%f}'")))
        if not site.on_sqlite:
            session.execute(text("ANALYZE"))


def _sent_each(site: Site) -> float:
    """CPU seconds for one letter, from being owed to its folder."""
    mail.RUN_SECONDS = SENDING_SECONDS
    spent = site.cpu()
    with site.app.app_context():
        number = mail.send()
    return (site.cpu() - spent) / number
