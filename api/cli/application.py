"""The commands of `starguild`, gathered."""

import signal

import typer

from api.cli.lazily import EXIT_CODES, lazily

app = typer.Typer(
    name="starguild",
    cls=lazily(
        ("serve", "serving:serve"),
        ("worker", "working:worker"),
        ("token", "tokens:token"),
        ("credential-key", "credentials:credential_key"),
        ("push-key", "pushing:push_key"),
        ("apply", "programmes:apply"),
        ("verify", "checks:verify"),
        ("moderation-log", "moderating:moderation_log"),
        ("simulate", "simulating:simulate"),
        ("rehearse", "rehearsing:rehearse"),
        ("screen", "screening:screen"),
        ("export-schema", "schemas:export_schema"),
        ("webhook-schemas", "schemas:webhook_schemas"),
    ),
    help="Starguild: gamification over GraphQL. Settings are environment variables; without MONGODB_URL and "
    "REDIS_URL private servers run, with their data in STARGUILD_DATA_DIR (.starguild).",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold secrets
)
imported = typer.Typer(
    name="import",
    cls=lazily(
        ("stackexchange", "imports:stackexchange"),
        ("purchases", "imports:purchases"),
        ("segment", "segments:segment"),
    ),
    help="Record other systems' data as activity.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
drawn = typer.Typer(
    name="draw",
    cls=lazily(("verify", "drawing:verify"), ("export", "drawing:export")),
    help="Publish draws and check what was published.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
rebuilt = typer.Typer(
    name="rebuild",
    cls=lazily(
        ("leaderboards", "checks:rebuild_leaderboards"),
        ("search", "checks:rebuild_search"),
        ("hot", "checks:rebuild_hot"),
        ("days", "segments:rebuild_days"),
        ("insights", "insights:rebuild_insights"),
    ),
    help="Make what is derived anew.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
app.add_typer(imported)
app.add_typer(drawn)
app.add_typer(rebuilt)


def main() -> None:
    """The console command."""
    # Ended like interrupted: embedded servers are stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()
