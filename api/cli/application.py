"""The commands of `starguild`, gathered."""

import signal

import typer

from api.cli import (
    checks,
    credentials,
    drawing,
    imports,
    moderating,
    programmes,
    schemas,
    serving,
    simulating,
    tokens,
    working,
)

EXIT_CODES = (
    "Exit codes: 0 done; 1 a check found differences, or an import's activity was rejected; "
    "2 wrong usage or input; 3 a server or port can't be had; 130 interrupted."
)

app = typer.Typer(
    name="starguild",
    help="Starguild: gamification over GraphQL. Settings are environment variables; without MONGODB_URL and "
    "REDIS_URL private servers run, with their data in STARGUILD_DATA_DIR (.starguild).",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold secrets
)
imported = typer.Typer(
    name="import", help="Record other systems' data as activity.", epilog=EXIT_CODES, no_args_is_help=True
)
drawn = typer.Typer(
    name="draw", help="Publish draws and check what was published.", epilog=EXIT_CODES, no_args_is_help=True
)
rebuilt = typer.Typer(
    name="rebuild", help="Make what is derived anew.", epilog=EXIT_CODES, no_args_is_help=True
)

for _name, _command in (
    ("serve", serving.serve),
    ("worker", working.worker),
    ("token", tokens.token),
    ("credential-key", credentials.credential_key),
    ("apply", programmes.apply),
    ("verify", checks.verify),
    ("moderation-log", moderating.moderation_log),
    ("simulate", simulating.simulate),
    ("export-schema", schemas.export_schema),
):
    app.command(_name, epilog=EXIT_CODES)(_command)
imported.command("stackexchange", epilog=EXIT_CODES)(imports.stackexchange)
imported.command("purchases", epilog=EXIT_CODES)(imports.purchases)
rebuilt.command("leaderboards", epilog=EXIT_CODES)(checks.rebuild_leaderboards)
rebuilt.command("search", epilog=EXIT_CODES)(checks.rebuild_search)
rebuilt.command("hot", epilog=EXIT_CODES)(checks.rebuild_hot)
drawn.command("verify", epilog=EXIT_CODES)(drawing.verify)
drawn.command("export", epilog=EXIT_CODES)(drawing.export)
app.add_typer(imported)
app.add_typer(drawn)
app.add_typer(rebuilt)


def main() -> None:
    """The console command."""
    # Ended like interrupted: embedded servers are stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()
