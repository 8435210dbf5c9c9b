"""The flask commands. Status 0 done, 1 failed, 2 wrong use; an error is one clear line."""

from __future__ import annotations

from flask import Flask


def install(app: Flask) -> None:
    """Register every group and command."""
    from app.cli import doctor, serve

    for command in (doctor.doctor, serve.serve):
        app.cli.add_command(command)
