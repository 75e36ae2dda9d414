"""`runyard users …`: who may sign in, and as what."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from runyard.cli.output import Column, moment, print_json, print_record, print_records
from runyard.cli.target import Target, target_options

ROLES = ("viewer", "operator", "admin")
EVERYWHERE = "*"


def roles(user: Mapping[str, Any]) -> str:
    """Say what a user may do, and where."""
    held = user["roles"].items()
    return ", ".join(role if place == EVERYWHERE else f"{role} in {place}" for place, role in held) or "none"


COLUMNS = (
    Column(title="NAME", show=lambda user: user["name"]),
    Column(title="ROLES", show=roles, wraps=True),
    Column(title="STATE", show=lambda user: "enabled" if user["is_enabled"] else "disabled"),
    Column(title="PASSWORD", show=lambda user: "set" if user["has_password"] or not user["created_at"] else "none"),
    Column(title="CREATED", show=lambda user: moment(user["created_at"] or None)),
)

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
workspace_option = click.option("--workspace", metavar="NAME", help="In this workspace only; otherwise in all.")
stdin_option = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group(epilog="Example: runyard users add ana --role operator")
def users() -> None:
    """List users, add them, and say what they may do.

    A viewer sees jobs, runs and logs; an operator also makes jobs and starts, stops and repairs runs; an admin also
    manages users, tokens, queues and settings.
    """


@users.command("list", epilog="Example: runyard users list --json")
@target_options
@as_json_option
def list_users(*, target: Target, as_json: bool) -> None:
    """List users with their roles."""
    print_records(target.client().users(), COLUMNS, as_json=as_json)


@users.command("add", epilog="Example: runyard users add ana --role viewer --workspace sales")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What the user may do.")
@workspace_option
@stdin_option
@click.option("--no-password", is_flag=True, help="Give none: the user comes by tokens only.")
@target_options
@as_json_option
def add_user(*, target: Target, name: str, as_json: bool, **said: Any) -> None:
    """Add a user; unless you give one, a password is made and printed this once."""
    if said["no_password"] and said["password_stdin"]:
        raise click.UsageError("--no-password and --password-stdin contradict each other; leave one out.")
    words = {"role": said["role"], "workspace": said["workspace"], "has_password": not said["no_password"]}
    password = _read_password() if said["password_stdin"] else None
    _tell(target.client().add_user(name, password=password, **words), as_json=as_json)


@users.command("role", epilog="Example: runyard users role ana operator --workspace sales")
@click.argument("name")
@click.argument("role", type=click.Choice((*ROLES, "none")))
@workspace_option
@target_options
@as_json_option
def give_role(*, target: Target, name: str, role: str, workspace: str | None, as_json: bool) -> None:
    """Give a user a role in all workspaces or in one, or take it (none)."""
    wanted = None if role == "none" else role
    _tell(target.client().change_user(name, "role", role=wanted, workspace=workspace or EVERYWHERE), as_json=as_json)


@users.command("password", epilog="Example: runyard users password ana")
@click.argument("name")
@stdin_option
@target_options
@as_json_option
def set_password(*, target: Target, name: str, password_stdin: bool, as_json: bool) -> None:
    """Give a user another password; unless you give one, it is made and printed this once."""
    words = {"password": _read_password()} if password_stdin else {}
    _tell(target.client().change_user(name, "password", **words), as_json=as_json)


@users.command("disable", epilog="Example: runyard users disable ana")
@click.argument("name")
@target_options
@as_json_option
def disable_user(*, target: Target, name: str, as_json: bool) -> None:
    """Let a user in no longer: tokens and logins count for nothing at once."""
    _tell(target.client().change_user(name, "disable"), as_json=as_json)


@users.command("enable", epilog="Example: runyard users enable ana")
@click.argument("name")
@target_options
@as_json_option
def enable_user(*, target: Target, name: str, as_json: bool) -> None:
    """Let a user in again, with the tokens that were there."""
    _tell(target.client().change_user(name, "enable"), as_json=as_json)


@users.command("remove", epilog="Example: runyard users remove ana")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@target_options
def remove_users(*, target: Target, names: Sequence[str]) -> None:
    """Remove users with all their tokens; their runs stay."""
    client = target.client()
    for name in names:
        client.remove_user(name)
        click.echo(f"removed user {name}")


def _tell(user: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(user)
        return
    state = "enabled" if user["is_enabled"] else "disabled"
    told = user.get("password", "")
    print_record({"name": user["name"], "roles": roles(user), "state": state, "password": told})
    if told:
        click.echo("The password is shown this once.", err=True)


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\n")
