"""`starguild export-schema`, `starguild webhook-schemas`."""

import orjson
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


def webhook_schemas(as_json: JsonOption = False) -> None:
    """Print the JSON Schema of every webhook event's payload, by type; needs no server."""
    with reporting(as_json=as_json) as report:
        from community.webhooks.shapes import schema_of
        from community.webhooks.types import TYPES

        schemas = {name: schema_of(stated) for name, stated in TYPES.items()}
        if as_json:
            report.result({"schemas": schemas})
        else:
            typer.echo(orjson.dumps(schemas, option=orjson.OPT_INDENT_2).decode())
