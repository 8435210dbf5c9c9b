"""The pages: one module an area. A module with a blueprint `bp` is found by itself."""

import importlib
import pkgutil

from flask import Flask

from app.web.paths import Id


def install(app: Flask) -> None:
    """Give an app its pages and their looks."""
    from app.web import looks, problems, sharing, site
    from app.web.correspondence import notices
    from app.web.membership import accounts, second_factor

    app.url_map.converters["int"] = Id
    for prepared in (site, looks, sharing, problems, accounts, second_factor, notices):
        prepared.install(app)
    for found in pkgutil.walk_packages(__path__, f"{__name__}."):
        area = importlib.import_module(found.name)
        if hasattr(area, "bp") and area.bp.name not in app.blueprints:
            app.register_blueprint(area.bp)
