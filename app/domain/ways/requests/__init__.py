"""Requests: a member asks for a badge, moderators decide, and all that is said meanwhile stays with it.

    waiting <-> asked        a moderator asks for more, the member answers
       |          |
       +----------+---> approved | declined | withdrawn

Every step names the version it saw: of many at the same moment one is done, and the others hear what it was.
"""

from app.domain.ways.requests.asking import Evidence, answer, reason_not, refuse, send, withdraw
from app.domain.ways.requests.deciding import approve, ask, claim, decide_event, decline, release, remark, undo
from app.domain.ways.requests.keeping import forget, keep, kept
from app.domain.ways.requests.leaving import for_export, forget_member
from app.domain.ways.requests.reading import (
    asked_and_taken_back,
    can_be_undone,
    entries,
    evidence,
    find,
    latest_of,
    may_ask_again,
    mine,
    picture,
    to_decide,
    usual_wait,
    wait_in_words,
)
from app.domain.ways.requests.tables import (
    ASK_AGAIN_AFTER,
    CLAIM_LASTS,
    CLOSED,
    DECIDED,
    EVENT_STATES,
    EVENTS_MOST,
    MESSAGE_MOST,
    NOTE_MOST,
    OPEN,
    PICTURES_MOST,
    PRAISE_MOST,
    STATES,
    UNDO_WITHIN,
    BadgeRequest,
    KeptRequest,
    RequestEntry,
    RequestEvent,
    RequestLink,
    RequestPicture,
)

__all__ = [
    "ASK_AGAIN_AFTER",
    "CLAIM_LASTS",
    "CLOSED",
    "DECIDED",
    "EVENTS_MOST",
    "EVENT_STATES",
    "MESSAGE_MOST",
    "NOTE_MOST",
    "OPEN",
    "PICTURES_MOST",
    "PRAISE_MOST",
    "STATES",
    "UNDO_WITHIN",
    "BadgeRequest",
    "Evidence",
    "KeptRequest",
    "RequestEntry",
    "RequestEvent",
    "RequestLink",
    "RequestPicture",
    "answer",
    "approve",
    "ask",
    "asked_and_taken_back",
    "can_be_undone",
    "claim",
    "decide_event",
    "decline",
    "entries",
    "evidence",
    "find",
    "for_export",
    "forget",
    "forget_member",
    "keep",
    "kept",
    "latest_of",
    "may_ask_again",
    "mine",
    "picture",
    "reason_not",
    "refuse",
    "release",
    "remark",
    "send",
    "to_decide",
    "undo",
    "usual_wait",
    "wait_in_words",
    "withdraw",
]
