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
        feedback,
        feeds,
        flags,
        following,
        guide,
        lists,
        looks,
        members,
        messages,
        moderation,
        passwords,
        pictures,
        posts,
        problems,
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
        feedback,
        feeds,
        flags,
        following,
        guide,
        lists,
        members,
        messages,
        moderation,
        passwords,
        pictures,
        posts,
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
