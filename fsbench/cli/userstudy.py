"""`fsbench userstudy`: rating studies."""

from __future__ import annotations

import typer

from fsbench.cli import userstudy_admin, userstudy_analyse, userstudy_create, userstudy_serve, userstudy_simulate

group = typer.Typer(help="Make, serve and analyse a blinded 0-5 rating study.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="userstudy")


userstudy_create.register(group)
userstudy_admin.register(group)
userstudy_analyse.register(group)
userstudy_serve.register(group)
userstudy_simulate.register(group)
