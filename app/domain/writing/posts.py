"""Starting threads and writing in them.

A verb changes rows and notes activities; its caller owns the transaction, and every member, thread
and post given to it belongs to that session. A thread is held from the first look to the commit,
so that two deeds in it wait for each other.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.domain import markup
from app.domain.base import now
from app.domain.forum import follows, tags, threads
from app.domain.forum.threads import OPENING_KINDS, Category, Kind, Post, Thread
from app.domain.notices import announcements, hearers
from app.domain.people import members
from app.domain.people.members import Member
from app.domain.problems import Invalid, Refused
from app.domain.record import activities
from app.domain.words import _
from app.domain.writing import mentions

TITLE_MOST = 200
BODY_MOST = markup.MAX_SOURCE
NOTED_AS = {
    Kind.QUESTION: "asked", Kind.DISCUSSION: "started", Kind.IDEA: "started",
    Kind.ANSWER: "answered", Kind.REPLY: "replied", Kind.COMMENT: "commented",
}  # fmt: skip


def start_thread(
    session: Session, author: Member, category: Category, *, kind: str, title: str, body: str,
    tagged: Sequence[str] = (), at: datetime | None = None,
) -> Thread:  # fmt: skip
    """Start a thread with its first post. An announcement counts for nothing."""
    moment = at or now()
    members.admit(author, moment)
    title, body = _checked_opening(title, body, kind)
    if (category.staff_only or kind == Kind.ANNOUNCEMENT) and not author.is_staff:
        raise Refused(_("Only the team starts threads here."))

    thread = Thread(
        author=author, category=category, kind=kind, title=title, slug=threads.slug(title),
        created_at=moment, active_at=moment,
    )  # fmt: skip
    session.add(thread)
    post = _add(session, thread, author, Kind(kind), body, moment)
    tags.settle(session, thread, tagged, author, moment)
    follows.follow(session, author, thread, at=moment)

    _note(session, post, author, moment)
    return thread


def post_reply(session: Session, thread: Thread, author: Member, body: str, *, at: datetime | None = None) -> Post:
    """Answer a question, or reply to any other thread."""
    moment = at or now()
    members.admit(author, moment)
    body = checked_body(body)
    threads.hold(session, thread)
    refuse_closed(thread)
    kind = Kind.ANSWER if thread.kind == Kind.QUESTION else Kind.REPLY
    if kind == Kind.ANSWER:
        _refuse_answers(thread)

    earlier = _answers_in(session, thread) if kind == Kind.ANSWER else []
    post = _add(session, thread, author, kind, body, moment)
    post.nth, post.again = len(earlier) + 1 if kind == Kind.ANSWER else 0, author.id in earlier
    _count(thread, post, moment)
    follows.follow(session, author, thread, at=moment)

    _note(session, post, author, moment)
    return post


def comment(session: Session, parent: Post, author: Member, body: str, *, at: datetime | None = None) -> Post:
    """Comment on a post. A comment on a comment stands beside it, under the same post."""
    moment = at or now()
    members.admit(author, moment)
    body = checked_body(body)
    threads.hold_post(session, parent)
    refuse_closed(parent.thread)
    if parent.deleted_at is not None:
        raise Refused(_("What you comment on was removed meanwhile."))

    post = _add(session, parent.thread, author, Kind.COMMENT, body, moment)
    post.parent_id = parent.parent_id or parent.id
    _count(parent.thread, post, moment)

    _note(session, post, author, moment, answered=(parent, session.get_one(Post, post.parent_id)))
    return post


def open_categories(session: Session, member: Member) -> Sequence[Category]:
    """The categories that a member starts threads in, in their order."""
    every = select(Category).order_by(Category.position, Category.id)
    return session.scalars(every if member.is_staff else every.where(Category.staff_only.is_(False))).all()


def opening(session: Session, thread: Thread) -> Post:
    """The first post of a thread."""
    return session.scalars(select(Post).where(Post.thread_id == thread.id, Post.kind.in_(OPENING_KINDS))).one()


def quotation(post: Post, said: str = "") -> str:
    """A post, or the part of it that somebody marked, as a quotation in Markdown with the way back to it."""
    text = said.strip() or post.body.strip()
    lines = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    name = post.author.name if post.author and post.author.deleted_at is None else _("Former member")
    plain = re.sub(r"[\\\[\]<>`*_]", "", name)
    return f"{lines}\n>\n> — [{plain}](/p/{post.id})\n\n"


def _checked_opening(title: str, body: str, kind: str) -> tuple[str, str]:
    """Title and body; raises Invalid with everything that is wrong with a new thread at once."""
    problems: dict[str, str] = {}
    for checked, text in ((checked_title, title), (checked_body, body)):
        try:
            checked(text)
        except Invalid as no:
            problems |= no.fields
    if kind not in OPENING_KINDS:
        problems["kind"] = _("Choose question, discussion or idea.")
    if problems:
        raise Invalid(**problems)
    return checked_title(title), checked_body(body)


def checked_title(title: str) -> str:
    """The title on one line; raises Invalid where there is none or too much of it."""
    title = " ".join(markup.without_overrides(title).replace("\x00", "").split())
    if not title:
        raise Invalid(title=_("Give it a title."))
    if len(title) > TITLE_MOST:
        raise Invalid(title=_("Make the title shorter: at most %(most)s characters.", most=TITLE_MOST))
    return title


def checked_body(body: str) -> str:
    """The text without space around it; raises Invalid where there is none or too much of it."""
    body = body.replace("\x00", "").strip()
    if not body:
        raise Invalid(body=_("Write something first."))
    if len(body) > BODY_MOST:
        raise Invalid(body=_("Make it shorter: at most %(most)s characters.", most=f"{BODY_MOST:,}"))
    return body


def refuse_closed(thread: Thread | Row) -> None:
    """Raise Refused where a thread takes nothing more."""
    if thread.deleted_at is not None:
        raise Refused(_("This thread was removed."))
    if thread.locked_at is not None:
        raise Refused(_("This thread is locked. It can be read, but takes nothing new."))


def why_not(thread: Thread | Row, member: Member, *, comment: bool = False) -> str | None:
    """Why a member cannot write in a thread, or None where they can; `comment`: not an answer, only a comment."""
    try:
        members.admit(member, now())
        refuse_closed(thread)
        if thread.kind == Kind.QUESTION and not comment:
            _refuse_answers(thread)
    except Refused as no:
        return str(no)
    return None


def _refuse_answers(question: Thread | Row) -> None:
    if question.closed_at is not None:
        raise Refused(_("This question is closed; it takes comments, but no new answers."))


def _answers_in(session: Session, thread: Thread) -> list[int | None]:
    # Removed ones too: who deletes an answer and writes it again is not the first.
    return list(session.scalars(select(Post.author_id).where(Post.thread_id == thread.id, Post.kind == Kind.ANSWER)))


def _add(session: Session, thread: Thread, author: Member, kind: Kind, body: str, moment: datetime) -> Post:
    post = Post(
        thread=thread, author=author, kind=kind, body=body, html=markup.render(body), created_at=moment,
        by_other=author.id != thread.author.id if thread.author else True,
        waited=max(0, (moment - thread.created_at).days),
    )  # fmt: skip
    session.add(post)
    session.flush()
    return post


def _count(thread: Thread, post: Post, moment: datetime) -> None:
    thread.replies += 1
    thread.answers += post.kind == Kind.ANSWER
    thread.active_at = max(thread.active_at, moment)


def _note(session: Session, post: Post, author: Member, moment: datetime, answered: Sequence[Post] = ()) -> None:
    if kind := NOTED_AS.get(Kind(post.kind)):
        activities.note(session, kind, author, post=post, at=moment)
    mentions.settle(session, post, author, moment)
    if hearers.is_for_all(post):
        announcements.owe(session, post)
    else:
        hearers.of_post(session, post, author, moment, answered=answered)
