"""The community's rules. Importing the package makes every table known."""

from app.domain import limits  # noqa: F401
from app.domain.awarding import imported, stumbles  # noqa: F401
from app.domain.badging import badges, totals  # noqa: F401
from app.domain.catalogue import (  # noqa: F401
    chronicle,
    loaded,
    planned,
)
from app.domain.correspondence import inbox  # noqa: F401
from app.domain.forum import bookmarks, drafts, follows, reads, threads  # noqa: F401
from app.domain.leaving import exports  # noqa: F401
from app.domain.mail import deliveries, mailings, preferences  # noqa: F401
from app.domain.membership import blocked_names, links, second_factors, sessions  # noqa: F401
from app.domain.moderation import feedback, flags, reports, suspensions, warnings_given  # noqa: F401
from app.domain.notices import announcements, notifications  # noqa: F401
from app.domain.people import blocks, members, pictures  # noqa: F401
from app.domain.record import activities, audit_log, points, scores  # noqa: F401
from app.domain.rewards import swag  # noqa: F401
from app.domain.site import site_settings, texts  # noqa: F401
from app.domain.ways import events, invitations, lessons, prepared_replies, requests  # noqa: F401
from app.domain.writing import conversations, sendings  # noqa: F401
