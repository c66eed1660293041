"""`starguild export-schema`."""

import typer

from api.cli.options import JsonOption
from api.cli.report import reporting


def export_schema(as_json: JsonOption = False) -> None:
    """Print the GraphQL schema (SDL); needs no server."""
    with reporting(as_json=as_json) as report:
        from resolvers.schema import schema

        text = schema.as_str()
        if as_json:
            report.result({"schema": text})
        else:
            typer.echo(text)
