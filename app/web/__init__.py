"""The pages: one module an area. A module with a blueprint `bp` is found by itself."""

import importlib
import pkgutil

from flask import Flask

from app.web.paths import Id


def install(app: Flask) -> None:
    """Give an app its pages and their looks."""
    from app.web import accounts, looks, notices, problems, second_factor, sharing, site

    app.url_map.converters["int"] = Id
    for prepared in (site, looks, sharing, problems, accounts, second_factor, notices):
        prepared.install(app)
    for found in pkgutil.iter_modules(__path__):
        area = importlib.import_module(f"{__name__}.{found.name}")
        if hasattr(area, "bp") and area.bp.name not in app.blueprints:
            app.register_blueprint(area.bp)
