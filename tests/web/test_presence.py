"""What is noted when members look around, after they have their page."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.forum.reads import ThreadRead
from app.domain.forum.threads import Thread
from tests.factories import give_password, make_member, make_thread
from tests.web.test_login import PASSWORD, log_in


def test_a_member_who_opens_a_thread_has_read_it_and_a_stranger_has_not(app, engine):
    with transaction(engine) as session:
        ada, thread = make_member(session, "ada"), make_thread(session)
        give_password(session, ada, PASSWORD)
    address = f"/t/{thread.id}/{thread.slug}"
    stranger, client = app.test_client(), app.test_client()
    stranger.get(address).close()
    log_in(client)
    for _ in range(3):
        client.get(address).close()
    client.get(f"/t/{thread.id + 1}/no-such-thread").close()
    with Session(engine) as session:
        assert session.execute(select(ThreadRead.thread_id, ThreadRead.member_id)).all() == [(thread.id, ada.id)]
        assert session.get(Thread, thread.id).views == 1
