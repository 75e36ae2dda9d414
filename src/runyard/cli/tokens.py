"""`runyard tokens …`: what clients and programs of users prove themselves with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from runyard.cli.output import Column, moment, print_json, print_record, print_records
from runyard.cli.target import Target, target_options
from runyard.cli.users import ROLES, as_json_option

SECONDS: Mapping[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

COLUMNS = (
    Column(title="ID", show=lambda token: str(token["id"])),
    Column(title="USER", show=lambda token: token["user"]),
    Column(title="NAME", show=lambda token: token["name"], wraps=True),
    Column(title="WORKSPACE", show=lambda token: token["workspace"]),
    Column(title="ROLE", show=lambda token: token.get("role", "of its user")),
    Column(title="ACCESS KEY", show=lambda token: token["access_key"]),
    Column(title="LAST USED", show=lambda token: moment(token.get("last_used_at"))),
    Column(title="EXPIRES", show=lambda token: moment(token.get("expires_at")) or "never"),
)


class Span(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.5
    """A length of time: 30d, 12h, 90m."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        """Return seconds."""
        found = re.fullmatch(r"([1-9][0-9]{0,8})([smhdw])", str(value))
        if found is None:
            self.fail(f"{value!r} is no time: write a number and s, m, h, d or w, as 30d.", param, context)
        return int(found[1]) * SECONDS[found[2]]


@click.group(epilog="Example: runyard tokens create --user ana --name ci --expires 30d")
def tokens() -> None:
    """List, make and revoke tokens.

    A token is a bearer token, a pair of AWS keys and a password of the SQL port in one, for one workspace.
    """


@tokens.command("list", epilog="Example: runyard tokens list --user ana")
@click.option("--user", metavar="NAME", help="Only this user's; otherwise all that you may see.")
@target_options
@as_json_option
def list_tokens(*, target: Target, user: str | None, as_json: bool) -> None:
    """List tokens, the newest first; not what they are told by, which is kept nowhere."""
    print_records(target.client().tokens(user), COLUMNS, as_json=as_json)


@tokens.command("create", epilog="Example: runyard tokens create --user ana --name ci --role viewer --expires 30d")
@click.option("--name", default="token", show_default=True, help="What it is for.")
@click.option("--user", metavar="NAME", help="Whose; otherwise your own.")
@click.option("--workspace", metavar="NAME", help="For which workspace; otherwise the one that you are in.")
@click.option("--role", type=click.Choice(ROLES), help="The most it is good for; otherwise what its user is.")
@click.option("--expires", "lifetime_s", type=Span(), help="How long it is good, as 30d; otherwise until revoked.")
@target_options
@as_json_option
def create_token(*, target: Target, name: str, as_json: bool, **words: Any) -> None:
    """Make a token; it is printed this once."""
    made = target.client().create_token(name, **words)
    if as_json:
        print_json(made)
        return
    print_record(
        {
            "id": str(made["id"]),
            "user": made["user"],
            "workspace": made["workspace"],
            "expires": moment(made.get("expires_at")) or "never",
            "token": made["token"],
            "AWS_ACCESS_KEY_ID": made["access_key"],
            "AWS_SECRET_ACCESS_KEY": made["aws_secret_access_key"],
        }
    )
    click.echo("The token and the secret are shown this once.", err=True)


@tokens.command("revoke", epilog="Example: runyard tokens revoke 376391229120512")
@click.argument("ids", metavar="ID...", type=click.IntRange(min=1), nargs=-1, required=True)
@target_options
def revoke_tokens(*, target: Target, ids: Sequence[int]) -> None:
    """Revoke tokens: they count for nothing at once, also in sessions that are open."""
    client = target.client()
    for token_id in ids:
        client.revoke_token(token_id)
        click.echo(f"revoked token {token_id}")
