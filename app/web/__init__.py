"""The pages: one module an area."""

from flask import Flask

from app.web.paths import Id


def install(app: Flask) -> None:
    """Give an app its pages and their looks."""
    from app.web import (
        accounts,
        appearance,
        badges,
        devices,
        flags,
        guide,
        lists,
        looks,
        members,
        moderation,
        passwords,
        pictures,
        problems,
        second_factor,
        settings,
        site,
        threads,
    )

    app.url_map.converters["int"] = Id
    site.install(app)
    looks.install(app)
    problems.install(app)
    accounts.install(app)
    second_factor.install(app)
    for area in (
        appearance,
        badges,
        devices,
        flags,
        guide,
        lists,
        members,
        moderation,
        passwords,
        pictures,
        settings,
        site,
        threads,
    ):
        app.register_blueprint(area.bp)
