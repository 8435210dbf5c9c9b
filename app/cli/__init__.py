"""The flask commands. Status 0 done, 1 failed, 2 wrong use; an error is one clear line."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import click
import flask_migrate.cli
from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from app import logs, schema
from app.domain.problems import Problem


def install(app: Flask) -> None:
    """Register what the modules of this package define, and word everybody's errors alike."""
    schema.install(app)
    for command in found():
        app.cli.add_command(command)
    logs.word_commands()
    for command in (*app.cli.commands.values(), flask_migrate.cli.db):
        word_errors(command)


def found() -> Iterator[click.Command]:
    """The groups and commands of this package that are not part of a group themselves."""
    for module in pkgutil.iter_modules(__path__):
        holder = importlib.import_module(f"{__name__}.{module.name}")
        commands = [it for it in vars(holder).values() if isinstance(it, click.Command)]
        inner = {id(it) for group in commands if isinstance(group, click.Group) for it in group.commands.values()}
        yield from (it for it in commands if id(it) not in inner)


def word_errors(command: click.Command) -> None:
    """Let what may well go wrong end a command with one line instead of a traceback."""
    if isinstance(command, click.Group):
        for part in command.commands.values():
            word_errors(part)
    elif command.callback and not hasattr(command.callback, "words_errors"):
        command.callback = _worded(command.callback)


def _worded(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except Problem as no:
            raise click.ClickException(str(no)) from no
        except (OperationalError, ProgrammingError) as no:
            raise click.ClickException(_database_trouble(no)) from no
        except (FileNotFoundError, PermissionError) as no:
            raise click.ClickException(f"{no.filename or ''}: {no.strerror or no}".removeprefix(": ")) from no

    wrapper.words_errors = True  # type: ignore[attr-defined]
    return wrapper


def _database_trouble(no: DBAPIError) -> str:
    reason = (str(no.orig).strip() or type(no).__name__).splitlines()[0]
    if "no such table" in reason or "does not exist" in reason:
        return "The database is not migrated. Run: flask db upgrade"
    if isinstance(no, ProgrammingError):
        raise no
    return f"The database does not answer: {reason}. Look with: flask doctor"
