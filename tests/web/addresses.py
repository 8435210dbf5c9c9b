"""Who may use which address: the whole table, in alphabetical order of areas."""

AUDIENCES = {
    "everybody": {
        # threads
        "GET /",
        "GET /c/<slug>",
        "GET /p/<int:post_id>",
        "GET /pictures/<name>.webp",
        "GET /t/<int:thread_id>",
        "GET /t/<int:thread_id>/<slug>",
        # members
        "GET /u/<username>",
        "GET /u/<username>/badges",
        # badges
        "GET /awards/<int:award_id>",
        "GET /badges",
        "GET /badges/<slug>",
        # guide
        "GET /how-to-get-badges",
        "GET /points",
        "GET /ranks",
        # accounts
        "GET /appearance",
        "GET /theme.css",
        "GET /login",
        "GET /login/code",
        "GET /password-reset",
        "GET /password-reset/<secret>",
        "GET /password-reset/sent",
        "GET /register",
        "GET /register/sent",
        "GET /undo-address/<secret>",
        "GET /verify/<secret>",
        "POST /appearance",
        "POST /login",
        "POST /login/code",
        "POST /logout",
        "POST /password-reset",
        "POST /password-reset/<secret>",
        "POST /register",
        "POST /undo-address/<secret>",
        "POST /verify/<secret>",
    },
    "members": {
        # writing
        # finding and following
        # moderation
        "POST /warnings",
        "GET /warnings",
        "GET /flags",
        "POST /p/<int:post_id>/flags",
        "GET /p/<int:post_id>/flags",
        # settings
        "GET /verify",
        "POST /settings/email",
        "POST /settings/email/withdrawal",
        "POST /settings/password",
        "POST /verify",
        "GET /settings",
        "GET /settings/account",
        "GET /settings/profile",
        "GET /settings/second-factor",
        "GET /settings/second-factor/codes",
        "POST /settings/account/devices/<handle>/removal",
        "POST /settings/account/devices/removal",
        "POST /settings/profile",
        "POST /settings/profile/photo",
        "POST /settings/profile/photo/removal",
        "POST /settings/second-factor",
        "POST /settings/second-factor/codes",
        "POST /settings/second-factor/removal",
    },
    "oneself": {
        "GET /u/<username>/points",
    },
    "staff": {
        "POST /moderation/flags/<int:case_id>/restoration",
        "POST /moderation/flags/<int:case_id>/decision",
        "POST /moderation/flags/<int:case_id>/claim",
        "GET /moderation/flags/<int:case_id>",
        "GET /moderation/flags",
        # moderation
    },
    "administrators": set(),
}
# Watched over by the site's own servers, without a view of ours: static files, and what machines ask.
MACHINES = {"GET /static/<path:filename>", "GET /healthz", "GET /readyz", "GET /metrics"}
# What only its owner may open, or only who was given its secret: to other members it does not exist.
OWNED: set[str] = set()
