"""`flask members`: make accounts and give roles."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from app.db import transaction
from app.domain.forum import categories
from app.domain.mail import deliveries
from app.domain.membership import accounts, passwords, second_factors, sessions
from app.domain.people.members import Role
from app.domain.problems import Problem
from app.domain.record import audit_log

ROLES = click.Choice([role.value for role in Role])


@click.group()
def members() -> None:
    """Make accounts and give roles."""


@members.command()
@click.argument("username")
@click.argument("email")
@click.option("--role", type=ROLES, default=Role.MEMBER.value, show_default=True, help="What they may do.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@with_appcontext
def create(username: str, email: str, role: str, password_stdin: bool) -> None:
    """Make an account with a confirmed address. Without a password, print a link to choose one."""
    typed = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    try:
        password = None if typed is None else accounts.hashed_password(typed, username, email)
        with transaction() as session:
            member = accounts.create(session, username, email, role=role, password=password)
            accounts.verify_email(session, member)
            categories.begin(session)  # whoever comes first can write, before anybody set up the site
            secret = None if password_stdin else passwords.link_by_hand(session, member)
    except Problem as no:
        raise click.ClickException(str(no)) from None
    click.echo(f"{member.username} can log in as {member.role}.")
    if secret:
        click.echo(f"Choose a password within a day: {current_app.config['SETTINGS'].site_url}/password-reset/{secret}")
    if member.role == Role.ADMINISTRATOR:
        click.echo(f"Then set up the site: {current_app.config['SETTINGS'].site_url}/staff/setup")


@members.command("role")
@click.argument("username")
@click.argument("role", type=ROLES)
@with_appcontext
def give_role(username: str, role: str) -> None:
    """Give a member a role; they are logged out everywhere."""
    with transaction() as session:
        member = accounts.find(session, username)
        if member is None or member.deleted_at is not None:
            raise click.ClickException(f"There is no member {username}.")
        changed = accounts.set_role(session, member, role)
    click.echo(f"{member.username} is {'now' if changed else 'already'} {role}.")


@members.command("forget-second-factor")
@click.argument("username")
@with_appcontext
def forget_second_factor(username: str) -> None:
    """Let a member who lost phone and recovery codes log in with the password alone; make sure it is them."""
    with transaction() as session:
        member = accounts.find(session, username)
        if member is None or member.deleted_at is not None:
            raise click.ClickException(f"There is no member {username}.")
        was_on = second_factors.turn_off(session, member)
        if was_on:
            sessions.end_all(session, member)
            deliveries.owe(session, "second_factor_off", member)
            audit_log.record(session, None, "account", member=member, subject="second factor forgotten")
    click.echo(f"{member.username} {'logs in with the password alone now' if was_on else 'had no second factor'}.")
