"""The pages: one module an area."""

from flask import Flask

from app.web.paths import Id


def install(app: Flask) -> None:
    """Give an app its pages and their looks."""
    from app.web import (
        accounts,
        appearance,
        badges,
        best,
        departures,
        devices,
        drafts,
        exports,
        fairness,
        feedback,
        feeds,
        flags,
        following,
        guide,
        leaders,
        lists,
        looks,
        members,
        messages,
        moderation,
        passwords,
        pictures,
        points,
        posts,
        problems,
        ranks,
        reactions,
        reports,
        search,
        second_factor,
        settings,
        setup,
        sharing,
        site,
        staff,
        swag,
        texts,
        threads,
        writing,
    )

    app.url_map.converters["int"] = Id
    site.install(app)
    looks.install(app)
    sharing.install(app)
    problems.install(app)
    accounts.install(app)
    second_factor.install(app)
    for area in (
        appearance,
        badges,
        best,
        departures,
        devices,
        drafts,
        exports,
        fairness,
        feedback,
        feeds,
        flags,
        following,
        guide,
        leaders,
        lists,
        members,
        messages,
        moderation,
        passwords,
        pictures,
        points,
        posts,
        ranks,
        reactions,
        reports,
        search,
        settings,
        setup,
        site,
        staff,
        swag,
        texts,
        threads,
        writing,
    ):
        app.register_blueprint(area.bp)
