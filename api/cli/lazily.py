"""Commands whose modules are imported when they are called: whoever wants a token waits for no database driver."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

EXIT_CODES = (
    "Exit codes: 0 done; 1 a check found differences, or an import's activity was rejected; "
    "2 wrong usage or input; 3 a server or port can't be had; 130 interrupted."
)


def lazily(*stated: tuple[str, str]) -> type[TyperGroup]:
    """A group of commands, in this order: (name, the `module:function` of `api.cli` that it runs)."""
    commands = dict(stated)

    # Typer brings a Click of its own, whose types it keeps to itself.
    class LazyGroup(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return [*commands, *super().list_commands(ctx)]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            place = commands.get(cmd_name)
            return _command(cmd_name, place) if place is not None else super().get_command(ctx, cmd_name)

    return LazyGroup


def _command(name: str, place: str) -> Any:
    module, _, function = place.partition(":")
    alone = typer.Typer(add_completion=False)
    alone.command(name, epilog=EXIT_CODES)(getattr(import_module(f"api.cli.{module}"), function))
    command = get_command(alone)
    command.name = name
    return command
