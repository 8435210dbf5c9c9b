"""The form in which members write: what was typed, and the ways round posting it.

Beside posting, its buttons show a preview, keep a draft and add a picture; without script each of them is
a round trip that brings the form back with everything in it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from flask import abort, current_app, render_template, request

from app.db import db, transaction
from app.domain.base import now
from app.domain.forum import drafts
from app.domain.forum.drafts import Draft
from app.domain.people import pictures
from app.domain.people.pictures import Drawing
from app.domain.problems import Conflict, Invalid, Problem, TooSoon
from app.domain.rewards import unlocks
from app.domain.rewards.unlocks import Lock
from app.domain.words import _
from app.domain.writing import mentions
from app.web import audience, site
from app.web.answers import by_htmx
from app.web.audience import member

ACTS = ("post", "preview", "draft", "picture")


@dataclass
class Form:
    """A form to write in. `place` names its draft, `action` where it is sent, `kind` what it makes."""

    place: str
    action: str
    kind: str
    body: str = ""
    parent: int | None = None  # of a comment
    thread: object = None
    typed: dict[str, str] = field(default_factory=dict)  # title, category, kind, tags of a new thread or an edit
    sending: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    problems: dict[str, str] = field(default_factory=dict)
    preview: str | None = None
    saved_at: datetime | None = None
    restored: bool = False
    lock: Lock | None = None  # what still keeps the member from adding pictures

    @property
    def id(self) -> str:
        """The id of the text's field: a comment's has the post in it, as it may stand beside another form."""
        return f"body-{self.place}" if self.kind == "comment" else "body"


def blank(place: str, action: str, kind: str, **more: object) -> Form:
    """A form with what its draft holds, if there is one."""
    form = Form(place, action, kind, lock=picture_lock(), **more)  # type: ignore[arg-type]
    if draft := drafts.find(db.session(), member(), place):
        restore(form, draft)
    return form


def restore(form: Form, draft: Draft) -> None:
    """Put what was being written back into its form."""
    form.body, form.restored, form.saved_at = draft.body, True, draft.updated_at
    form.typed |= {name: getattr(draft, name) for name in form.typed if getattr(draft, name, "")}


def sent(place: str, action: str, kind: str, names: tuple[str, ...] = (), **more: object) -> Form:
    """The form as it was sent."""
    typed = {name: request.form.get(name, "") for name in names}
    return Form(
        place, action, kind, body=request.form.get("body", "").replace("\r\n", "\n"), typed=typed,
        sending=request.form.get("sending", "") or secrets.token_urlsafe(16), lock=picture_lock(), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def picture_lock() -> Lock | None:
    """What keeps whoever is looking from adding pictures."""
    return unlocks.lock(site.current().ladder, member(), unlocks.IMAGES)


def detour(form: Form) -> bool:
    """Do what another button than the one to post asks for; whether it was another one."""
    act = request.form.get("act", "post")
    if act not in ACTS:
        abort(400, "There is no such button.")
    if act == "post" and request.files.get("picture"):
        act = "picture"  # chosen, but not added yet: it would be lost
    if act == "preview":
        form.preview = mentions.preview(db.session(), member(), form.body)
    elif act == "draft":
        _keep(form)
    elif act == "picture":
        _add_picture(form)
    return act != "post"


def upload(file: bytes) -> str:
    """Keep a picture for a post; the Markdown that shows it."""
    drawing = _draw(file)
    with transaction() as writing:
        picture = pictures.keep(writing, audience.myself(writing), drawing)
    return f"![{_('picture')}]({picture.path})"


def refused(form: Form, template: str, problem: Problem, **given: object) -> tuple[str, int, dict[str, str]]:
    """The form once more with the reason at its field; what was typed is also kept as a draft."""
    form.problems = problem.fields if isinstance(problem, Invalid) else {"body": str(problem)}
    _keep(form)
    headers: dict[str, str] = {}
    code = 409 if isinstance(problem, Conflict) else 422 if isinstance(problem, Invalid) else 403
    if isinstance(problem, TooSoon):
        code, headers = 429, {"Retry-After": str(max(1, round(problem.wait.total_seconds())))}
    return render_template(template, form=form, **given), code, headers


def page(form: Form, template: str, **given: object) -> tuple[str, int]:
    """The form after a detour."""
    return render_template(template, form=form, **given), 422 if form.problems else 200


def fragment_or(page_template: str) -> str:
    """The form alone where htmx asked, else the page it stands on."""
    return "posts/_composer.html" if by_htmx() else page_template


def easy() -> bool:
    """Whether the site is being tried out, and so in no hurry to slow anybody."""
    return not current_app.config["SETTINGS"].production


def post_path(post_id: int) -> str:
    """Where a post stands in its thread."""
    return f"/p/{post_id}"


def _keep(form: Form) -> None:
    try:
        with transaction() as writing:
            kept = drafts.save(writing, audience.myself(writing), form.place, form.typed | {"body": form.body})
        form.saved_at = now() if kept else None
    except Problem as no:
        form.problems.setdefault("body", str(no))


def _draw(file: bytes) -> Drawing:
    unlocks.require(db.session(), member(), unlocks.IMAGES)
    return pictures.draw(file)


def _add_picture(form: Form) -> None:
    chosen = request.files.get("picture")
    try:
        markdown = upload(chosen.read() if chosen else b"")
    except Invalid as no:
        form.problems = no.fields
    except Problem as no:
        form.problems = {"picture": str(no)}
    else:
        form.body = f"{form.body.rstrip()}\n\n{markdown}\n".lstrip()
        form.preview = mentions.preview(db.session(), member(), form.body)
