"""Static files: served before Flask is asked, for ever under an address that changes with their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

AN_HOUR = 3600


def fingerprint(folder: Path) -> str:
    """A short name for the content of every file in a folder."""
    digest = hashlib.sha256()
    for path in sorted(it for it in folder.rglob("*") if it.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]  # it is in every icon of a page


def install(app: Flask, folder: Path) -> None:
    """Serve `folder` under /static/, and under /static/FINGERPRINT/ for ever.

    The fingerprint stands before the path, so the addresses inside style sheets and scripts,
    which are relative, carry it too.
    """
    versioned = f"static/{fingerprint(folder)}/"
    files = WhiteNoise(
        app.wsgi_app, max_age=AN_HOUR, allow_all_origins=False,
        immutable_file_test=lambda _path, url: url.startswith(f"/{versioned}"),
    )  # fmt: skip
    if folder.is_dir():
        files.add_files(str(folder), prefix="static/")
        files.add_files(str(folder), prefix=versioned)
    app.wsgi_app = files  # type: ignore[method-assign]

    @app.template_global()
    def asset(path: str) -> str:
        """The address of a static file, for as long as its content stays the same."""
        return f"/{versioned}{path}"
